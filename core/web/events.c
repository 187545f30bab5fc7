/*
 * For the web process: sends server-sent events on changes of targets' ranks (down, up ...) to
 * browsers and programs.
 *
 * Each change of a rank is an event "change" with a number of its own, by which a client that comes
 * back with Last-Event-ID gets what it has missed. One that has missed more than is kept, or that
 * followed another process, gets "anew" first. As the page's figures go on without a change of a
 * rank, "figures" says every few seconds that they did.
 */
#include "web/events.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"

enum { PART = 32 * 1024 };

static const int64_t figures_every = 5 * (int64_t)SECOND, lives = 600 * (int64_t)SECOND;

struct events {
	const struct site *site;
	uint64_t told;           /* the last change */
	int64_t figures_at, end; /* clock_mono() */
	bool is_anew;
};

/* Where the processes that number events differ, so do their ids. */
static struct json
begin_event(struct emit *emit, const struct events *events, const char *event)
{
	struct json json = json_to_buffer(emit->to, EMIT_MAX);

	EMIT(emit, "event: {}\nid: {}-{}\ndata: ",
	    AS_STRING(event), AS_I64(events->site->started), AS_U64(events->told));
	json_begin_object(&json, NULL);
	return json;
}

static void
put_data(struct emit *emit, struct json *json)
{
	json_end(json);
	if (!json_finish_line(json))
		emit->failed = true;
	EMIT(emit, "\n");
}

static void
put_change(struct emit *emit, const struct events *events, const struct change *change)
{
	const struct board_row *row = board_after(events->site->board, change->target - 1);
	struct json json;

	if (row == NULL || row->number != change->target)
		return;
	json = begin_event(emit, events, "change");
	json_string(&json, "target", row->name);
	json_string(&json, "from", rank_name((enum board_rank)change->from));
	json_string(&json, "to", rank_name((enum board_rank)change->to));
	json_time(&json, "since", change->since);
	put_data(emit, &json);
}

static void
put_figures(struct emit *emit, const struct events *events, const char *event)
{
	const struct board *board = events->site->board;
	struct json json = begin_event(emit, events, event);

	json_time(&json, "as_of", board_time(board));
	json_int(&json, "targets", board_count(board));
	for (enum board_rank rank = 0; rank < RANKS; rank++)
		json_int(&json, rank_name(rank), board_tally(board, rank));
	put_data(emit, &json);
}

/* A client that lags by more than is kept cannot be given what it missed: it is told to read all
 * anew. */
static enum parts_next
next_part(void *state, struct buffer *part)
{
	struct events *events = state;
	const struct changes *changes = &board_known(events->site->board)->ranking.changes;
	struct emit emit = { .to = part };
	int64_t now = clock_mono();

	if (events->told < changes->count && changes_get(changes, events->told + 1) == NULL)
		events->is_anew = true;
	if (events->is_anew)
		events->told = changes->count;
	if (events->is_anew)
		put_figures(&emit, events, "anew");
	while (events->told < changes->count && part->size < PART)
		put_change(&emit, events, changes_get(changes, ++events->told));
	if (!events->is_anew && now >= events->figures_at)
		put_figures(&emit, events, "figures");
	if (events->is_anew || now >= events->figures_at)
		events->figures_at = now + figures_every;
	events->is_anew = false;
	assert(events->told <= changes->count);
	if (emit.failed)
		return PARTS_BROKEN;
	if (now >= events->end)
		return PARTS_LAST; /* it comes back, where it is still there */
	return events->told < changes->count ? PARTS_MORE : PARTS_WAIT;
}

void
events_answer(struct view *view)
{
	const char *last = server_header(view->request, "Last-Event-ID");
	const struct changes *changes = &board_known(view->board)->ranking.changes;
	struct events *events = calloc(1, sizeof *events);
	long long started = 0;
	unsigned long long number = 0;

	if (events == NULL) {
		view->emit.failed = true;
		return;
	}
	*events = (struct events){ .site = view->site, .told = changes->count, .end = clock_mono() + lives, .is_anew = true };
	if (last != NULL && sscanf(last, "%lld-%llu", &started, &number) == 2 && started == view->site->started && number <= changes->count) {
		events->told = number;
		events->is_anew = false;
	}
	view->answer->type = "text/event-stream";
	view->answer->parts = (struct parts_source){ .next = next_part, .end = free, .state = events, .is_live = true };
}
