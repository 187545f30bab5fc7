/*
 * For `postwatch status --watch`: reads a line of text at the foot of the page, and makes of it the
 * words of an acknowledgement, a pause or a resume. The commands are those of the command line:
 * what is asked here is asked there.
 */
#include "command/watch_ask.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "command/screen.h"

enum { KEY_EMPTIES = 'U' & 0x1f };

/* Returns its size. */
static size_t
encode(uint32_t character, char bytes[5])
{
	size_t size = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
	static const unsigned char heads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = size; i-- > 1; character >>= 6)
		bytes[i] = (char)(0x80 | (character & 0x3f));
	bytes[0] = (char)(heads[size] | character);
	bytes[size] = '\0';
	return size;
}

bool
watch_input_key(struct watch_input *input, uint32_t key)
{
	char bytes[5];
	size_t size;

	if (key == SCREEN_BACKSPACE && input->size > 0)
		do
			input->size--;
		while (input->size > 0 && (input->bytes[input->size] & 0xc0) == 0x80);
	else if (key == KEY_EMPTIES)
		input->size = 0;
	else if (key < ' ' || key >= SCREEN_KEY_UP)
		return key == SCREEN_BACKSPACE;
	else {
		size = encode(key, bytes);
		/* No more than what can be shown again is taken. */
		if (input->size + size < sizeof input->bytes
		    && text_printable(bytes, size) == size) {
			memcpy(input->bytes + input->size, bytes, size);
			input->size += size;
		}
	}
	assert(input->size < sizeof input->bytes);
	input->bytes[input->size] = '\0';
	return true;
}

const char *
watch_ask_begin(struct watch_ask *ask, enum watch_verb verb, const struct status_row *row)
{
	if (row == NULL)
		return "no target is selected";
	if (verb == WATCH_ACK && row->incident == 0)
		return "there is no open incident of this target";
	if (verb == WATCH_RESUME && row->pauses == NULL && !row->flags[STATUS_QUARANTINED])
		return "this target is not paused";
	*ask = (struct watch_ask){ .verb = verb, .step = verb == WATCH_ACK ? ASK_WHY
		: verb == WATCH_PAUSE ? ASK_SPAN : ASK_WHETHER };
	text_copy(ask->target, sizeof ask->target, row->target->identity);
	/* A pause of a tag ends as it was begun. */
	if (verb == WATCH_RESUME && row->pauses != NULL && row->pauses->tag[0] != '\0')
		snprintf(ask->target, sizeof ask->target, "tag:%s", row->pauses->tag);
	text_copy(ask->name, sizeof ask->name,
	    verb == WATCH_RESUME ? ask->target : row->target->name);
	snprintf(ask->incident, sizeof ask->incident, "%llu", (unsigned long long)row->incident);
	return NULL;
}

enum watch_answer
watch_ask_key(struct watch_ask *ask, uint32_t key)
{
	struct reason why;
	int64_t span;

	if (key == SCREEN_ESCAPE)
		return WATCH_GIVEN_UP;
	if (ask->step == ASK_WHETHER)
		return key == 'y' || key == 'Y' ? WATCH_DECIDED
		    : key == 'n' || key == 'N'  ? WATCH_GIVEN_UP
		                                : WATCH_GOES_ON;
	if (key != SCREEN_ENTER)
		watch_input_key(ask->step == ASK_SPAN ? &ask->span : &ask->why, key);
	else if (ask->step == ASK_SPAN && units_parse_duration(ask->span.bytes, &span, &why))
		ask->step = ASK_WHY;
	else if (ask->step == ASK_WHY && ask->why.bytes[strspn(ask->why.bytes, " ")] != '\0')
		ask->step = ASK_WHETHER;
	return WATCH_GOES_ON;
}

void
watch_ask_add(struct text *text, const struct watch_ask *ask)
{
	static const char *const verbs[] = { [WATCH_ACK] = "Acknowledge incident",
		[WATCH_PAUSE] = "Pause", [WATCH_RESUME] = "Resume" };

	text_format(text, "%s ", verbs[ask->verb]);
	if (ask->verb == WATCH_ACK)
		text_format(text, "%s of ", ask->incident);
	text_add_shown(text, text_view(ask->name));
	if (ask->step == ASK_SPAN)
		text_format(text, " for how long (30m, 2h, 1d)? %s", ask->span.bytes);
	else if (ask->verb == WATCH_PAUSE)
		text_format(text, " for %s", ask->span.bytes);
	if (ask->step == ASK_WHY)
		text_format(text, ", why? %s", ask->why.bytes);
	else if (ask->step == ASK_WHETHER && ask->verb != WATCH_RESUME)
		text_format(text, ": %s", ask->why.bytes);
	if (ask->step == ASK_WHETHER)
		text_add(text, "  (y/n)");
}

size_t
watch_ask_words(const struct watch_ask *ask, const char *words[WATCH_JOB_WORDS])
{
	size_t count = 0;

	words[count++] = ask->verb == WATCH_ACK ? "ack"
	    : ask->verb == WATCH_PAUSE          ? "pause"
	                                        : "resume";
	if (ask->verb == WATCH_PAUSE) {
		words[count++] = "--for";
		words[count++] = ask->span.bytes;
	}
	if (ask->verb != WATCH_RESUME) {
		words[count++] = "--why";
		words[count++] = ask->why.bytes;
	}
	words[count++] = "--";
	words[count++] = ask->verb == WATCH_ACK ? ask->incident : ask->target;
	words[count] = NULL;
	return count;
}
