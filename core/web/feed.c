/*
 * For the web process: answers /feed.atom (the newest incidents) and /badge/NAME.svg (the state of
 * a target as a picture), also below the secret address of a customer's page, for its targets
 * alone.
 *
 * Ids of a feed and of its entries never change and are nobody else's (RFC 4287, 4.2.6): UUIDs (RFC
 * 9562, version 8) of the bytes that each store drew at random when it was made, and of the number
 * of the incident.
 */
#include "web/feed.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/list.h"

enum { ENTRIES = 50, WALKED_MAX = 2000, INSTANCE = 16, UUID_ROOM = 37 };

/* --- the feed --- */

static void
put_id(struct emit *emit, const unsigned char instance[INSTANCE], uint64_t number)
{
	unsigned char id[INSTANCE];
	char text[UUID_ROOM];
	size_t size = 0;

	memcpy(id, instance, INSTANCE);
	for (int i = 0; i < 7; i++)
		id[INSTANCE - 1 - i] ^= (unsigned char)(number >> 8 * i);
	id[6] = (unsigned char)((id[6] & 0x0f) | 0x80);
	id[8] = (unsigned char)((id[8] & 0x3f) | 0x80);
	for (int i = 0; i < INSTANCE; i++)
		size += (size_t)snprintf(text + size, sizeof text - size, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", id[i]);
	EMIT(emit, "<id>urn:uuid:{}</id>", AS_STRING(text));
}

/* The address of a page, whole where it is known how people reach us. */
static const char *
base_of(const struct view *view)
{
	const char *url = view->config->web.page_url;

	return url != NULL && view->request->tag == NULL ? url : view->request->prefix;
}

static int64_t
updated_at(const struct store_outage *outage)
{
	return outage->end_confirmed != 0 ? outage->end_confirmed : outage->ended != 0 ? outage->ended : outage->confirmed;
}

static void
put_entry(struct view *view, const unsigned char instance[INSTANCE], const struct store_outage *outage)
{
	PUT(view, "<entry>");
	put_id(&view->emit, instance, outage->number);
	PUT(view, "<title>");
	PUT(view, "{}", AS_STRING(outage->name[0] == '\0' ? "a target that is not known any more"
	    : outage->name));
	if (outage->ended == 0)
		PUT(view, " is down: {}", AS_STRING(outage->outcome));
	else
		PUT(view, " was down for {}: {}",
		    AS_AGE(outage->ended - outage->began), AS_STRING(outage->outcome));
	PUT(view, "</title><published>{}</published><updated>{}</updated>",
	    AS_INSTANT(outage->confirmed), AS_INSTANT(updated_at(outage)));
	if (view->request->tag == NULL)
		PUT(view, "<link rel=\"alternate\" type=\"text/html\" href=\"{}/incidents/{}\"/>",
		    AS_STRING(base_of(view)), AS_U64(outage->number));
	PUT(view, "<content>First sign at {}", AS_INSTANT(outage->began));
	if (outage->ended != 0)
		PUT(view, ", over at {}", AS_INSTANT(outage->ended));
	PUT(view, ".");
	if (view->request->tag == NULL) {
		PUT(view, " {}", AS_TEXT(outage->text));
		if (outage->end_text.size > 0)
			PUT(view, "; {}", AS_TEXT(outage->end_text));
	}
	PUT(view, "</content></entry>\n");
}

/* Into a view of its own. Returns when the newest of them changed; 0: there is none. */
static int64_t
put_entries(struct view *view, struct store_reader *reader, const unsigned char instance[INSTANCE])
{
	struct store_outage outage;
	int64_t changed = 0;
	struct store_list list;
	uint32_t count = 0;

	store_list_open(&list, reader, STORE_LIST_INCIDENTS, 0);
	for (uint32_t walked = 0; count < ENTRIES && walked < WALKED_MAX && store_list_next(&list, &outage); walked++) {
		const struct board_row *row = view->request->tag == NULL ? NULL
		    : board_named(view->board, outage.name);

		/* Of a share those alone whose target is watched now and has its tag. */
		if (view->request->tag != NULL && (row == NULL || row->number != outage.target
		    || !board_row_has_tag(row, view->request->tag)))
			continue;
		put_entry(view, instance, &outage);
		changed = updated_at(&outage) > changed ? updated_at(&outage) : changed;
		count++;
	}
	if (store_list_close(&list) == STORE_READ_BROKEN)
		view->answer->status = 503;
	return changed;
}

void
feed_answer(struct view *view)
{
	unsigned char instance[INSTANCE] = { 0 };
	struct buffer entries = { .data = NULL };
	struct view inner = *view;
	int64_t changed;

	if (store_read_meta(view->reader, "instance", instance, sizeof instance) < 0) {
		view_problem(view, 503, "the store cannot be read now");
		return;
	}
	inner.emit = (struct emit){ .to = &entries };
	changed = put_entries(&inner, view->reader, instance);
	view->answer->type = "application/atom+xml; charset=utf-8";
	PUT(view, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">");
	put_id(&view->emit, instance, 0);
	PUT(view, "<title>Incidents");
	if (view->request->tag != NULL)
		PUT(view, " of {}", AS_STRING(view->request->tag));
	PUT(view, "</title><updated>{}</updated><author><name>Postwatch</name></author><link rel=\"self\" type=\"application/atom+xml\" href=\"{}/feed.atom\"/>"
	    "<link rel=\"alternate\" type=\"text/html\" href=\"{}{}\"/>\n{}</feed>\n", AS_INSTANT(changed != 0 ? changed : view->site->started),
	    AS_STRING(base_of(view)), AS_STRING(base_of(view)), AS_STRING(view->request->tag == NULL ? "/incidents" : "/"),
	    AS_MADE(buffer_view(&entries)));
	view->emit.failed |= inner.emit.failed;
	buffer_fini(&entries);
	if (view->answer->status == 503)
		view_problem(view, 503, "incidents cannot be read now");
}

/* --- badges --- */

enum { CHARACTER = 7, PADDING = 6 };

/* Characters of UTF-8, by which the width goes. */
static int
length_of(const char *text)
{
	int length = 0;

	for (; *text != '\0'; text++)
		length += ((unsigned char)*text & 0xc0) != 0x80;
	return length > 200 ? 200 : length;
}

static void
put_half(struct emit *emit, const char *colour, int at, const char *words)
{
	int width = CHARACTER * length_of(words);

	EMIT(emit, "<rect x=\"{}\" width=\"{}\" height=\"20\" fill=\"{}\"/><text y=\"14\" "
	    "x=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\">{}</text>", AS_I64(at),
	    AS_I64(width + 2 * PADDING), AS_STRING(colour), AS_I64(at + PADDING), AS_I64(width),
	    AS_STRING(words));
}

void
badge_answer(struct view *view)
{
	/* White words stand on these. */
	static const char *const colours[RANKS] = { "#b3261e", "#5b6470", "#a85700", "#6b4fa0", "#8a6100", "#5b6470", "#1d7a46" };
	const struct board_row *row = view_named(view, ".svg");
	const char *word;
	int left;

	if (row == NULL || !board_row_has_tag(row, view->request->tag)) {
		view_problem(view, 404, "no target that is watched has this name");
		return;
	}
	word = row->rank == RANK_DOWN ? row->state : rank_name(row->rank);
	left = CHARACTER * length_of(row->name) + 2 * PADDING;
	view->answer->type = "image/svg+xml";
	view->answer->is_embedded = true;
	PUT(view, "<svg xmlns=\"http://www.w3.org/2000/svg\" height=\"20\" role=\"img\" "
	    "width=\"{}\"><title>{}: {}</title><g fill=\"#fff\" font-family=\"Verdana,DejaVu "
	    "Sans,sans-serif\" font-size=\"11\">",
	    AS_I64(left + CHARACTER * length_of(word) + 2 * PADDING), AS_STRING(row->name),
	    AS_STRING(word));
	put_half(&view->emit, "#3b4148", 0, row->name);
	put_half(&view->emit, colours[row->rank], left, word);
	PUT(view, "</g></svg>\n");
}
