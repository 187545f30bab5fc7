/*
 * Ends a dialogue of the prober for reasons outside the plugin: the connection broke, a limit was
 * reached, or a resource of our own is missing.
 */
#include "prober/ends.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/messages.h"
#include "prober/input.h"
#include "prober/phase.h"
#include "prober/received.h"
#include "prober/step.h"
#include "prober/verdict.h"
#include "prober/verdict_text.h"

enum { LATE_AT_LEAST = 250 * MILLISECOND, GIVEN_UP_AFTER = 5 * SECOND };

/* Replies were there before what they answer; where nothing more came, they were all that it
 * would ever say. */
static bool
end_out_of_order(struct dialogue *dialogue, int64_t now, const char *sentence,
    struct dialogue_step *step)
{
	char bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	if (!dialogue->early || dialogue->state != LISTENING)
		return false;
	text_format(&text, "out_of_order: replies came before what they answer, then %s", sentence);
	dialogue_end(dialogue, now, "protocol", bytes, step);
	return true;
}

/* One outcome for a broken end, by the step that it broke in. */
static void
end_broken(struct dialogue *dialogue, int64_t now, const char *before, const char *behind,
    const char *sentence, struct dialogue_step *step)
{
	char outcome[OUTCOME_NAME_MAX];

	if (end_out_of_order(dialogue, now, sentence, step))
		return;
	snprintf(outcome, sizeof outcome, "%s%s%s", before,
	    dialogue_plan(dialogue, dialogue->phase)->name, behind);
	if (dialogue->state == SECURING || dialogue->look != LOOK_USUAL)
		dialogue_decide_tls(dialogue, now, outcome, sentence);
	else
		dialogue_decide(dialogue, now, outcome, sentence);
	dialogue_close(dialogue, now, step);
}

/* With TLS 1.3 what a server says of our certificate comes when the handshake is over for us. */
static void
end_named(struct dialogue *dialogue, int64_t now, const char *outcome, const char *sentence,
    struct dialogue_step *step)
{
	if (dialogue->state == SECURING || dialogue->look != LOOK_USUAL
	    || strcmp(outcome, "client_cert_required") == 0)
		dialogue_decide_tls(dialogue, now, outcome, sentence);
	else
		dialogue_decide(dialogue, now, outcome, sentence);
	dialogue_close(dialogue, now, step);
}

/* The plugin has said what it means that no reply comes: only of a close (pw_expect_or), or of
 * any end (pw_or_end). */
static bool
end_otherwise(struct dialogue *dialogue, int64_t now, enum stream_end end, const char *sentence,
    struct dialogue_step *step)
{
	bool closed = end == STREAM_CLOSED || end == STREAM_CLOSED_BARE;
	bool meant = closed || ((end == STREAM_RESET || end == STREAM_TIMED_OUT)
	    && dialogue->or_text != NULL);
	char bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	if (!meant || dialogue->state != LISTENING || dialogue->or_outcome[0] == '\0')
		return false;
	if (dialogue->or_text != NULL)
		text_format(&text, "%s; then ", dialogue->or_text);
	text_add(&text, sentence);
	dialogue_end(dialogue, now, dialogue->or_outcome, bytes, step);
	return true;
}

/* Any server gives up who is silent for long (RFC 5321, section 4.5.3.2.7): where it was us who
 * stood still, that the connection broke says nothing about it. */
static bool
end_given_up(struct dialogue *dialogue, int64_t now, enum stream_end end, struct text *sentence,
    struct dialogue_step *step)
{
	bool broke = end == STREAM_CLOSED || end == STREAM_CLOSED_BARE || end == STREAM_RESET
	    || end == STREAM_TIMED_OUT;

	if (!broke || leg_lost(dialogue) < GIVEN_UP_AFTER)
		return false;
	text_format(
	    sentence, "; but our own loop had stood still for %s", SPAN(leg_lost(dialogue)));
	dialogue_end(dialogue, now, "we_were_late", sentence->bytes, step);
	return true;
}

/*
 * A server that insists on a certificate may say so by going away, once it has seen that none
 * comes. Many ask everybody, and go away for other reasons: where a run has passed after having
 * been asked, it is not that.
 */
static bool
end_for_certificate(struct dialogue *dialogue, int64_t now, const struct close_reason *reason,
    struct text *sentence, struct dialogue_step *step)
{
	bool left = reason->end == STREAM_CLOSED || reason->end == STREAM_CLOSED_BARE
	    || reason->end == STREAM_RESET || (reason->end == STREAM_TLS_FAILED && reason->alert);

	if (!left || !reason->cert_asked || dialogue->heard_inside || dialogue->passed_asked
	    || dialogue->early)
		return false;
	text_add(sentence, "; it had asked for a certificate of ours, and none was sent");
	end_named(dialogue, now, "client_cert_required", sentence->bytes, step);
	return true;
}

static void
end_by_reason(struct dialogue *dialogue, int64_t now, const struct close_reason *reason,
    struct dialogue_step *step)
{
	char bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	verdict_text_end(dialogue, now, reason, &text);
	if (end_given_up(dialogue, now, reason->end, &text, step)
	    || end_for_certificate(dialogue, now, reason, &text, step)
	    || end_otherwise(dialogue, now, reason->end, bytes, step))
		return;
	switch (reason->end) {
	case STREAM_CLOSED:
	case STREAM_CLOSED_BARE:
		end_broken(dialogue, now, "closed_at_", "", bytes, step);
		return;
	case STREAM_RESET:
		end_broken(dialogue, now, "reset_at_", "", bytes, step);
		return;
	case STREAM_TIMED_OUT:
		end_broken(dialogue, now, "", "_timeout", bytes, step);
		return;
	case STREAM_REFUSED:
		end_named(dialogue, now, "refused", bytes, step);
		return;
	case STREAM_UNREACHABLE:
		end_named(dialogue, now, "unreachable", bytes, step);
		return;
	case STREAM_FILTERED:
		end_named(dialogue, now, "filtered", bytes, step);
		return;
	case STREAM_OURS:
		end_named(dialogue, now, reason->outcome != NULL ? reason->outcome : "interrupted",
		    bytes, step);
		return;
	case STREAM_TLS_FAILED:
		end_named(dialogue, now, reason->outcome != NULL ? reason->outcome : "tls_failed",
		    bytes, step);
		return;
	}
}

static bool
is_of_peer(enum stream_end end)
{
	switch (end) {
	case STREAM_CLOSED:
	case STREAM_CLOSED_BARE:
	case STREAM_RESET:
	case STREAM_REFUSED:
	case STREAM_TLS_FAILED:
		return true;
	case STREAM_UNREACHABLE:
	case STREAM_FILTERED:
	case STREAM_TIMED_OUT:
	case STREAM_OURS:
		return false;
	}
	return false;
}

/* What was received of a line that has no end stands in the transcript, too. */
static void
show_unfinished(struct dialogue *dialogue, int64_t now)
{
	struct pw_bytes line = buffer_view(&dialogue->input);
	uint32_t from = dialogue->reader.line;

	if (line.size > from)
		dialogue_line(dialogue, now,
		    dialogue->secured ? EVIDENCE_RECEIVED_TLS : EVIDENCE_RECEIVED,
		    line.data + from, line.size - from);
}

/* A line for each that the server said in clear where TLS should be. */
static void
show_in_clear(struct dialogue *dialogue, int64_t now, struct pw_bytes said)
{
	while (said.size > 0) {
		const char *end = memchr(said.data, '\n', said.size);
		size_t size = end != NULL ? (size_t)(end - said.data) : said.size,
		    taken = end != NULL ? size + 1 : size;

		if (end != NULL && size > 0 && said.data[size - 1] == '\r')
			size--;
		dialogue_line(dialogue, now, EVIDENCE_RECEIVED, said.data, size);
		said = (struct pw_bytes){ said.data + taken, said.size - taken };
	}
}

/* What lies unread is judged first: a server that says 421 and closes has said why, and so has
 * one whose last line has no end. Only where nothing was said does the way in which the
 * connection ended decide. */
void
dialogue_ended(struct dialogue *dialogue, int64_t now, const struct close_reason *reason,
    struct dialogue_step *step)
{
	step->next = DIALOGUE_WAIT;
	if (dialogue->state == OVER)
		return;
	if (is_of_peer(reason->end))
		dialogue->heard = now;
	else
		dialogue->silent = dialogue->ended == 0;
	dialogue->gone = true;
	if (reason->end == STREAM_CLOSED_BARE)
		dialogue_event(dialogue, now, "closed without TLS close_notify, as many do");
	if (dialogue->state == LISTENING && dialogue_salvage(dialogue, now, step)
	    && dialogue->state == OVER)
		return;
	if (dialogue->state == LEAVING) {
		dialogue_event(dialogue, now, "%s without a reply to %s",
		    reason->end == STREAM_RESET ? "reset" : "closed", dialogue->ops->farewell);
		dialogue_close(dialogue, now, step);
		return;
	}
	if (reason->in_clear.size > 0 && dialogue_hear_refusal(dialogue, now, reason->in_clear,
	    step))
		return;
	show_unfinished(dialogue, now);
	show_in_clear(dialogue, now, reason->in_clear);
	end_by_reason(dialogue, now, reason, step);
}

/* Where our own loop was late, by more than a tenth of the limit or 250 ms, whichever is larger,
 * the limit is not the server's failure but our own: unknown. The limit of the leg goes before
 * that of the phase where both are over, as it began earlier. */
static void
end_timeout(struct dialogue *dialogue, int64_t now, bool leg, struct dialogue_step *step)
{
	char bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);
	int64_t limit = leg ? leg_limit(dialogue) : phase_limit(dialogue, dialogue->phase);
	int64_t deadline = leg ? leg_deadline(dialogue) : dialogue->phase_deadline;
	int64_t lost = leg ? leg_lost(dialogue) : phase_lost(dialogue),
	    late = now - deadline > lost ? now - deadline : lost,
	    allowed = limit / 10 > LATE_AT_LEAST ? limit / 10 : LATE_AT_LEAST;

	dialogue->silent = true;
	if (late > allowed) {
		verdict_text_late(dialogue, now, late, limit, &text);
		dialogue_end(dialogue, now, "we_were_late", bytes, step);
	} else if (leg) {
		verdict_text_leg_timeout(dialogue, now, &text);
		dialogue_end(dialogue, now, "leg_timeout", bytes, step);
	} else {
		verdict_text_timeout(dialogue, now, &text);
		if (!end_otherwise(dialogue, now, STREAM_TIMED_OUT, bytes, step))
			end_broken(dialogue, now, "", "_timeout", bytes, step);
	}
}

void
dialogue_expired(struct dialogue *dialogue, int64_t now, struct dialogue_step *step)
{
	struct pw_bytes input = buffer_view(&dialogue->input);

	step->next = DIALOGUE_WAIT;
	if (dialogue->state == OVER || now < dialogue_deadline(dialogue))
		return;
	if (dialogue->state == LEAVING) {
		dialogue_event(dialogue, now, "no reply to %s", dialogue->ops->farewell);
		dialogue_close(dialogue, now, step);
		return;
	}
	if (dialogue->state == LISTENING && dialogue->ops->framing == PW_REPLIES
	    && input.size > dialogue->reader.line && (dialogue_keeps_closing(dialogue)
	        || !reply_may_become(input.data + dialogue->reader.line,
	        input.size - dialogue->reader.line))
	    && dialogue_salvage(dialogue, now, step))
		return;
	show_unfinished(dialogue, now);
	end_timeout(dialogue, now, leg_deadline(dialogue) <= now
	    && leg_deadline(dialogue) <= dialogue->phase_deadline, step);
}

/* An outcome of phase resolve belongs to that phase; any other has none, since nobody was talked
 * to. */
void
dialogue_refuse(struct dialogue *dialogue, int64_t now, const char *outcome, const char *text)
{
	struct outcome found;
	bool at_name = outcome_find(outcome, NULL, &found) && strcmp(found.phase, "resolve") == 0;

	assert(dialogue->state == CONNECTING);
	dialogue->phase = NO_PHASE;
	dialogue->refused = true;
	dialogue->state = OVER;
	dialogue_decide(dialogue, now, outcome, text);
	if (at_name)
		dialogue->failed = phase_find(dialogue, "resolve");
}

void
dialogue_interrupt(struct dialogue *dialogue, int64_t now, const char *outcome, const char *text,
    struct dialogue_step *step)
{
	step->next = DIALOGUE_CLOSE;
	if (dialogue->state == OVER)
		return;
	show_unfinished(dialogue, now);
	if (dialogue->ended == 0)
		dialogue_decide(dialogue, now, outcome, text);
	dialogue_close(dialogue, now, step);
}
