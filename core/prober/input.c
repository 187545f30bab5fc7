/*
 * For the prober's dialogue: turns the bytes that it receives into lines and replies. Each reply is
 * handed to the probe plugin when it answers a command, and not before.
 */
#include "prober/input.h"

#include <assert.h>
#include <string.h>

#include "base/messages.h"
#include "prober/phase.h"
#include "prober/received.h"
#include "prober/step.h"
#include "prober/verdict.h"
#include "prober/verdict_text.h"

enum { SHOWN_MAX = STREAM_CLEAR_MAX }; /* bytes of a line at fault in the transcript */

static void
note_odd(struct dialogue *dialogue, int64_t now, uint8_t odd)
{
	if ((odd & REPLY_BARE_LF) != 0)
		dialogue_note_once(dialogue, now, REPLY_BARE_LF,
		    "lines end with a bare LF in place of CR LF");
	if ((odd & REPLY_BARE_CR) != 0)
		dialogue_note_once(dialogue, now, REPLY_BARE_CR, "a bare CR stands within a line");
	if ((odd & REPLY_MORE_CR) != 0)
		dialogue_note_once(dialogue, now, REPLY_MORE_CR,
		    "lines end with CR CR LF in place of CR LF");
	if ((odd & REPLY_NUL) != 0)
		dialogue_note_once(dialogue, now, REPLY_NUL, "a NUL byte stands within a line");
}

/* What a reply says to the host itself. A server that says 421 closes (RFC 5321, section 3.8). */
static void
note_reply(struct dialogue *dialogue, const struct pw_reply *reply)
{
	struct refusal_session session;

	dialogue->closing = reply->code == 421;
	dialogue->heard_inside = dialogue->secured;
	if (reply->code < 400) {
		dialogue->flags |= dialogue->cert_asked ? REPORT_PASSED_ASKED : 0;
		return;
	}
	turn_session(dialogue, &session);
	struct refusal_marks marks = refusal_mark(reply, &session);
	dialogue->flags |= (uint16_t)((marks.too_many ? REPORT_TOO_MANY : 0) | (marks.policy_code
	    ? REPORT_POLICY_CODE : 0) | (marks.means_us ? REPORT_MEANS_US : 0));
}

static void
warn_early(struct dialogue *dialogue, size_t size)
{
	char bytes[EVIDENCE_TEXT_MAX], awaited[64];
	struct text text = TEXT_OVER(bytes), words = TEXT_OVER(awaited);

	verdict_text_awaited(dialogue, &words);
	text_format(&text, "%zu bytes came unasked behind the %s (%s)", size, awaited,
	    dialogue->address);
	evidence_add_warning(&dialogue->log, "early_data", "", bytes);
}

static void
end_injection(struct dialogue *dialogue, int64_t now, size_t size, const char *with,
    struct dialogue_step *step)
{
	char bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	text_format(&text,
	    "%zu bytes in clear came together with the %s; they were not interpreted (%s)", size,
	    with, dialogue->address);
	evidence_add_warning(&dialogue->log, "starttls_injection", "starttls", bytes);
	dialogue_end(dialogue, now, "starttls_injection", bytes, step);
}

/* Bytes stand behind the reply that was just answered by `turn`. True: that ended the dialogue. */
static bool
judge_rest(struct dialogue *dialogue, struct turn *turn, const char *rest, size_t size)
{
	bool starttls = turn->choice == TURN_SAY
	    && strcmp(dialogue_plan(dialogue, turn->phase)->name, "starttls") == 0;

	if (turn->choice != TURN_SECURE) {
		size_t empty = received_skip_empty(dialogue, turn->now, rest, size);

		rest += empty, size -= empty;
		if (size == 0 || (size == 1 && rest[0] == '\r'))
			return false;
	}
	if (turn->choice == TURN_SECURE || starttls) {
		dialogue->logged = 0;
		received_log_lines(dialogue, turn->now, rest,
		    (uint32_t)(size < REPLY_LINE_MAX ? size : REPLY_LINE_MAX));
		end_injection(dialogue, turn->now, size,
		    starttls ? "reply to EHLO, before STARTTLS" : "consent to STARTTLS",
		    turn->step);
		return true;
	}
	if (received_keep_closing(dialogue, rest, size))
		return false;
	warn_early(dialogue, size);
	received_drop_early(dialogue, turn->now, rest, size);
	return false;
}

/* Calls the plugin with the complete reply at the front of `portion`. */
static void
ask_plugin(struct dialogue *dialogue, struct turn *turn, const struct portion *portion, size_t used)
{
	struct reply_lines lines;

	assert(used <= portion->size && turn->dialogue == dialogue);
	reply_take(&dialogue->reader, dialogue->ops->framing, portion->bytes, used, &lines);
	note_odd(dialogue, turn->now, dialogue->reader.odd);
	dialogue->polite = true;
	dialogue->early = false;
	dialogue->reader = (struct reply_reader){ .code = 0 };
	dialogue->logged = 0;

	struct pw_reply reply = { .code = lines.code, .count = lines.count, .lines = lines.text };
	for (size_t i = 0; i < lines.count && reply.enhanced[0] == 0; i++)
		reply_enhanced(lines.text[i], reply.enhanced);
	note_reply(dialogue, &reply);
	dialogue->ops->on_reply(dialogue->session, &turn->open, &reply);
	turn_end(turn);
}

/* Follows the plugin's step, `size` bytes standing behind what it was about. True: they are to be
 * read on. */
static bool
follow_before(struct dialogue *dialogue, struct turn *turn, const char *rest, size_t size)
{
	bool read_on = turn->choice == TURN_EXPECT;

	if (size > 0 && turn->choice == TURN_LOOK_UP)
		buffer_add(&dialogue->input, rest, size, DIALOGUE_RECEIVED_MAX);
	else if (size > 0 && !read_on && judge_rest(dialogue, turn, rest, size))
		return false;
	dialogue_follow(dialogue, turn);
	return read_on;
}

/* Passes over the reply that began before we had spoken. */
static size_t
pass_stale(struct dialogue *dialogue, enum reply_status status, const struct portion *portion,
    size_t used)
{
	if (status != REPLY_COMPLETE) {
		const char *lf = memchr(portion->bytes, '\n', portion->size);
		used = lf != NULL ? (size_t)(lf + 1 - portion->bytes) : portion->size;
	}
	dialogue->stale = portion->bytes[used - 1] != '\n';
	dialogue->reader = (struct reply_reader){ .code = 0 };
	dialogue->logged = 0;
	return used;
}

/* The line at fault stands in the transcript as it came, cut; whoever speaks another protocol
 * from its first line has most likely the wrong port configured, which is worth an outcome of
 * its own. */
static void
end_protocol(struct dialogue *dialogue, int64_t now, enum reply_status status,
    const struct portion *portion, struct dialogue_step *step)
{
	const char *line = portion->bytes + dialogue->reader.line;
	size_t size = portion->size - dialogue->reader.line;
	const char *lf = memchr(line, '\n', size);
	char bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	size = reply_line_trim(line, lf != NULL ? (size_t)(lf - line) : size);
	if (size > 0)
		dialogue_line(dialogue, now, received_dir(dialogue), line,
		    size < SHOWN_MAX ? size : SHOWN_MAX);
	const char *other = status == REPLY_NOT_SMTP && !dialogue->polite
	    && dialogue->reader.lines == 0
	    ? reply_other_protocol((struct pw_bytes){ line, size }) : NULL;
	if (other != NULL)
		verdict_text_other_protocol(dialogue, other, (struct pw_bytes){ line, size },
		    &text);
	else
		verdict_text_protocol(dialogue, status, (struct pw_bytes){ line, size }, &text);
	dialogue_end(dialogue, now, other != NULL ? "other_protocol" : "protocol", bytes, step);
}

/* Reads replies, as many as the dialogue asks for. The portion begins where the unfinished reply
 * does. */
static void
read_replies(struct dialogue *dialogue, int64_t now, struct portion *portion,
    struct dialogue_step *step)
{
	while (portion->size > 0) {
		received_pass_empty(dialogue, now, portion);
		if (portion->size == 0)
			return;
		size_t used = portion->size;
		enum reply_status status = reply_read(&dialogue->reader, dialogue->ops->framing,
		    portion->bytes, &used);

		received_log_lines(dialogue, now, portion->bytes, dialogue->reader.line);
		if (status == REPLY_INCOMPLETE) {
			if (!received_keep(dialogue, portion))
				dialogue_end(dialogue, now, "no_memory", "", step);
			return;
		}
		if (dialogue->stale) {
			used = pass_stale(dialogue, status, portion, used);
		} else if (status != REPLY_COMPLETE) {
			end_protocol(dialogue, now, status, portion, step);
			return;
		} else {
			struct turn turn;

			turn_begin(&turn, dialogue, now, step);
			ask_plugin(dialogue, &turn, portion, used);
			if (!follow_before(dialogue, &turn, portion->bytes + used,
			    portion->size - used))
				return;
		}
		assert(used <= portion->size);
		portion->bytes += used;
		portion->size -= used;
	}
}

/* CVE-2011-0411 and its like: what came before our first line inside TLS answers nothing that
 * was said there, and may be what somebody put into the clear part of the connection. */
void
dialogue_hear_early(struct dialogue *dialogue, int64_t now, struct pw_bytes said)
{
	char bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);
	struct portion portion;

	if (received_keep_closing(dialogue, said.data, said.size))
		return;
	text_format(&text, "%zu bytes came inside TLS before EHLO was said there (%s)", said.size,
	    dialogue->address);
	evidence_add_warning(&dialogue->log, "early_data", "", bytes);
	if (received_take(dialogue, said.data, said.size, &portion)) {
		dialogue->stale = false;
		received_drop_early(dialogue, now, portion.bytes, portion.size);
	}
	buffer_fini(&portion.held);
}

static void
listen_to(struct dialogue *dialogue, int64_t now, const char *bytes, size_t size,
    struct dialogue_step *step)
{
	struct portion portion;

	if (!received_take(dialogue, bytes, size, &portion))
		dialogue_end(dialogue, now, "no_memory", "", step);
	else
		read_replies(dialogue, now, &portion, step);
	buffer_fini(&portion.held);
}

/* The reply to the farewell, whatever it says, is the end; it is no part of the verdict. */
static void
hear_farewell(struct dialogue *dialogue, int64_t now, const char *bytes, size_t size,
    struct dialogue_step *step)
{
	struct portion portion;
	size_t used;
	enum reply_status status = REPLY_INCOMPLETE;

	if (received_take(dialogue, bytes, size, &portion)) {
		received_pass_empty(dialogue, now, &portion);
		used = portion.size;
		status = reply_read(&dialogue->reader, dialogue->ops->framing, portion.bytes,
		    &used);
		received_log_lines(dialogue, now, portion.bytes, dialogue->reader.line);
	}
	if (status == REPLY_INCOMPLETE && dialogue->received <= DIALOGUE_RECEIVED_MAX
	    && received_keep(dialogue, &portion)) {
		buffer_fini(&portion.held);
		return;
	}
	if (status == REPLY_COMPLETE && dialogue->reader.code == 250)
		dialogue_event(dialogue, now, "%s was answered with 250: replies may be one behind",
		    dialogue->ops->farewell);
	dialogue->quit_answered = status == REPLY_COMPLETE;
	if (!dialogue->quit_answered)
		dialogue_event(dialogue, now, "what came in reply to %s is no reply",
		    dialogue->ops->farewell);
	buffer_fini(&portion.held);
	dialogue_close(dialogue, now, step);
}

static void
end_too_much(struct dialogue *dialogue, int64_t now, struct dialogue_step *step)
{
	char bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	text_add(&text, "too_many_bytes: more than 256 KiB in one dialogue (");
	verdict_text_where(dialogue, &text);
	dialogue_end(dialogue, now, "protocol", bytes, step);
}

/* Whether the bytes are one whole reply that refuses. A last line without an end is one where
 * nothing can follow it. */
static bool
is_whole_refusal(struct pw_bytes said, bool is_over)
{
	char bytes[STREAM_CLEAR_MAX + 1];
	struct reply_reader reader = { .code = 0 };
	size_t used = said.size;

	assert(said.size <= STREAM_CLEAR_MAX);
	if (said.size == 0)
		return false;
	memcpy(bytes, said.data, said.size);
	if (is_over && said.data[said.size - 1] != '\n')
		bytes[used++] = '\n';
	size_t size = used;
	return reply_read(&reader, PW_REPLIES, bytes, &used) == REPLY_COMPLETE && reader.code >= 400
	    && used == size;
}

bool
dialogue_hear_refusal(struct dialogue *dialogue, int64_t now, struct pw_bytes said,
    struct dialogue_step *step)
{
	if (dialogue->state != SECURING || dialogue->polite || dialogue->look != LOOK_USUAL
	    || dialogue->ops->framing != PW_REPLIES || !is_whole_refusal(said, dialogue->gone))
		return false;
	dialogue_event(dialogue, now, "the server speaks in clear, and TLS has not begun");
	dialogue->gone = true;       /* nothing is said in clear to whoever was offered TLS */
	dialogue->phase = NO_PHASE;  /* there was no handshake */
	dialogue_begin(dialogue, now, step);
	dialogue->phase_begun = dialogue->connected_at;
	if (dialogue->state == LISTENING)
		dialogue_received(dialogue, now, said.data, said.size, step);
	if (dialogue->state == LISTENING)
		dialogue_salvage(dialogue, now, step);
	if (dialogue->state != OVER) {
		char bytes[EVIDENCE_TEXT_MAX];
		struct text text = TEXT_OVER(bytes);

		verdict_text_in_clear(dialogue, said, &text);
		dialogue_end(dialogue, now, "tls_protocol", bytes, step);
	}
	return true;
}

/* Nothing may come between the consent to TLS and our first message of the handshake. */
static void
refuse_clear_bytes(struct dialogue *dialogue, int64_t now, const char *bytes, size_t size,
    struct dialogue_step *step)
{
	struct portion portion = { .bytes = bytes, .size = size < SHOWN_MAX ? size : SHOWN_MAX };
	char words[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(words);

	if (dialogue_hear_refusal(dialogue, now, (struct pw_bytes){ portion.bytes, portion.size },
	    step))
		return;
	dialogue->logged = 0;
	received_log_lines(dialogue, now, bytes, (uint32_t)portion.size);
	if (dialogue->polite) {
		end_injection(dialogue, now, size, "consent to STARTTLS", step);
		return;
	}
	verdict_text_in_clear(dialogue, (struct pw_bytes){ portion.bytes, portion.size }, &text);
	dialogue_decide_tls(dialogue, now, "tls_protocol", words);
	dialogue_close(dialogue, now, step);
}

void
dialogue_received(struct dialogue *dialogue, int64_t now, const char *bytes, size_t size,
    struct dialogue_step *step)
{
	step->next = DIALOGUE_WAIT;
	dialogue->heard = now;
	dialogue->received += (uint32_t)size;
	dialogue->phase_received += (uint32_t)size;
	assert(dialogue->phase_received <= dialogue->received);
	if (size == 0)
		return;
	switch ((enum dialogue_state)dialogue->state) {
	case LISTENING:
		if (dialogue->received > DIALOGUE_RECEIVED_MAX)
			end_too_much(dialogue, now, step);
		else
			listen_to(dialogue, now, bytes, size, step);
		return;
	case LEAVING:
		hear_farewell(dialogue, now, bytes, size, step);
		return;
	case SECURING:
		refuse_clear_bytes(dialogue, now, bytes, size, step);
		return;
	case LOOKING_UP:
		if (!buffer_add(&dialogue->input, bytes, size, DIALOGUE_RECEIVED_MAX))
			end_too_much(dialogue, now, step);
		return;
	case CONNECTING:
	case OVER:
		return;
	}
}

bool
dialogue_may_be_early(const struct dialogue *dialogue)
{
	const struct tls_settings *tls = dialogue_policy(dialogue)->tls;

	return dialogue->state == LISTENING && dialogue->secured && !dialogue->heard_inside
	    && tls->mode != PW_TLS_IMPLICIT;
}

void
dialogue_received_early(struct dialogue *dialogue, int64_t now, const char *bytes, size_t size,
    struct dialogue_step *step)
{
	step->next = DIALOGUE_WAIT;
	dialogue->received += (uint32_t)size;
	dialogue->phase_received += (uint32_t)size;
	if (dialogue->received > DIALOGUE_RECEIVED_MAX) {
		end_too_much(dialogue, now, step);
	} else if (received_keep_closing(dialogue, bytes, size)) {
		dialogue->heard = now;
		listen_to(dialogue, now, "", 0, step);
	} else {
		dialogue_hear_early(dialogue, now, (struct pw_bytes){ bytes, size });
	}
}

/* What the server said meanwhile was kept, and is read as if it came now. */
void
dialogue_answered(struct dialogue *dialogue, int64_t now, const struct pw_answer *answer,
    struct dialogue_step *step)
{
	struct portion portion;
	struct turn turn;

	step->next = DIALOGUE_WAIT;
	if (dialogue->state != LOOKING_UP)
		return;
	received_take(dialogue, "", 0, &portion);
	turn_begin(&turn, dialogue, now, step);
	dialogue->ops->on_answer(dialogue->session, &turn.open, answer);
	turn_end(&turn);
	if (follow_before(dialogue, &turn, portion.bytes, portion.size))
		read_replies(dialogue, now, &portion, step);
	buffer_fini(&portion.held);
}

bool
dialogue_salvage(struct dialogue *dialogue, int64_t now, struct dialogue_step *step)
{
	struct pw_bytes line = buffer_view(&dialogue->input);

	if (dialogue->state != LISTENING || dialogue->stale || line.size <= dialogue->reader.line)
		return false;
	line.data += dialogue->reader.line;
	line.size -= dialogue->reader.line;
	if (dialogue_keeps_closing(dialogue)) {
		listen_to(dialogue, now, "", 0, step);
		return true;
	}
	if (reply_may_become(line.data, line.size)
	    && !(line.size >= 3 && line.data[0] >= '4' && (line.size == 3 || line.data[3] != '-')))
		return false;
	dialogue_note_once(dialogue, now, NOTED_NO_END, "the last line had no line end");
	listen_to(dialogue, now, "\n", 1, step);
	return true;
}
