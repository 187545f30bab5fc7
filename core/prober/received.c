/*
 * For the prober's dialogue: keeps received bytes until they are a complete reply, puts lines into
 * the transcript, and drops what came unasked.
 */
#include "prober/received.h"

#include <assert.h>
#include <string.h>

#include "prober/phase.h"

enum evidence_dir
received_dir(const struct dialogue *dialogue)
{
	return dialogue->secured ? EVIDENCE_RECEIVED_TLS : EVIDENCE_RECEIVED;
}

void
received_log_lines(struct dialogue *dialogue, int64_t now, const char *bytes, uint32_t upto)
{
	while (dialogue->logged < upto) {
		const char *line = bytes + dialogue->logged;
		const char *lf = memchr(line, '\n', upto - dialogue->logged);
		size_t size = lf != NULL ? (size_t)(lf - line) : upto - dialogue->logged;

		dialogue_line(dialogue, now, received_dir(dialogue), line,
		    reply_line_trim(line, size));
		dialogue->logged += (uint32_t)(lf != NULL ? size + 1 : size);
	}
}

/* The size of the reply at the front, or of the lines up to one that belongs to none; 0: its end
 * is yet to come. */
static size_t
early_size(const struct dialogue *dialogue, const char *bytes, size_t size)
{
	struct reply_reader reader = { .code = 0 };
	size_t used = size;
	enum reply_status status = reply_read(&reader, dialogue->ops->framing, bytes, &used);

	if (status == REPLY_COMPLETE || status == REPLY_INCOMPLETE)
		return status == REPLY_COMPLETE ? used : 0;
	assert(reader.line <= size);
	const char *lf = memchr(bytes + reader.line, '\n', size - reader.line);
	return lf != NULL ? (size_t)(lf + 1 - bytes) : reader.line;
}

void
received_drop_early(struct dialogue *dialogue, int64_t now, const char *bytes, size_t size)
{
	size_t used;

	dialogue->early = true;
	while (size > 0 && (used = early_size(dialogue, bytes, size)) > 0) {
		dialogue->logged = 0;
		received_log_lines(dialogue, now, bytes, (uint32_t)used);
		bytes += used, size -= used;
	}
	dialogue->logged = 0;
	if (size > 0) {
		dialogue->stale = buffer_add(&dialogue->input, bytes, size, DIALOGUE_RECEIVED_MAX);
		dialogue->reader = (struct reply_reader){ .code = 0 };
	}
	dialogue_note_once(dialogue, now, NOTED_EARLY, "replies came unasked and were discarded");
}

/* Only where nothing is under way: a 421 in the midst of another reply is a line of that reply. */
bool
received_keep_closing(struct dialogue *dialogue, const char *bytes, size_t size)
{
	struct reply_reader reader = { .code = 0 };
	size_t used = size;

	if (dialogue->ops->framing != PW_REPLIES || dialogue->input.size > 0 || dialogue->stale
	    || reply_read(&reader, PW_REPLIES, bytes, &used) != REPLY_COMPLETE || used != size
	    || reader.code != 421)
		return false;
	dialogue->logged = 0;
	dialogue->reader = (struct reply_reader){ .code = 0 };
	return buffer_add(&dialogue->input, bytes, size, DIALOGUE_RECEIVED_MAX);
}

size_t
received_skip_empty(struct dialogue *dialogue, int64_t now, const char *bytes, size_t size)
{
	size_t empty = dialogue->ops->framing == PW_REPLIES ? reply_skip_empty(bytes, size) : 0;

	if (empty > 0)
		dialogue_note_once(dialogue, now, NOTED_EMPTY, "empty lines came between replies");
	return empty;
}

void
received_pass_empty(struct dialogue *dialogue, int64_t now, struct portion *portion)
{
	size_t empty = dialogue->reader.lines == 0 && !dialogue->stale
	    ? received_skip_empty(dialogue, now, portion->bytes, portion->size) : 0;

	if (empty == 0)
		return;
	assert(empty <= portion->size);
	dialogue->reader.scanned = 0;
	portion->bytes += empty;
	portion->size -= empty;
}

bool
received_keep(struct dialogue *dialogue, struct portion *portion)
{
	if (portion->bytes != portion->held.data)
		return buffer_add(&dialogue->input, portion->bytes, portion->size,
		    DIALOGUE_RECEIVED_MAX);
	dialogue->input = portion->held;
	portion->held = (struct buffer){ .data = NULL };
	return true;
}

bool
received_take(struct dialogue *dialogue, const char *bytes, size_t size, struct portion *portion)
{
	*portion = (struct portion){ .bytes = bytes, .size = size, .held = dialogue->input };
	dialogue->input = (struct buffer){ .data = NULL };
	if (portion->held.size == 0)
		return true;
	if (!buffer_add(&portion->held, bytes, size, 2 * DIALOGUE_RECEIVED_MAX))
		return false;
	portion->bytes = portion->held.data;
	portion->size = portion->held.size;
	assert(portion->size >= size && dialogue->input.data == NULL);
	return true;
}

bool
dialogue_keeps_closing(const struct dialogue *dialogue)
{
	struct pw_bytes input = buffer_view(&dialogue->input);

	return input.size > dialogue->reader.line && input.data[input.size - 1] == '\n';
}
