/*
 * For the prober's dialogue: turns the choice of a probe plugin, or a verdict of the prober's own,
 * into the dialogue's next state and the step (send, wait, TLS, close) that its owner carries out.
 */
#include "prober/step.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "prober/phase.h"
#include "prober/verdict.h"

/* Drops what is left of the input. */
static void
forget_input(struct dialogue *dialogue)
{
	buffer_fini(&dialogue->input);
	dialogue->reader = (struct reply_reader){ .code = 0 };
	dialogue->logged = 0;
	dialogue->stale = false;
}

void
dialogue_close(struct dialogue *dialogue, int64_t now, struct dialogue_step *step)
{
	if (dialogue->state == LEAVING)
		phase_leave(dialogue, now);
	dialogue->state = OVER;
	forget_input(dialogue);
	step->next = DIALOGUE_CLOSE;
}

/* RFC 5321, section 4.1.1.10: a client says QUIT and waits for the reply; but not after 421,
 * which closes, and not to who has said nothing. */
void
dialogue_leave(struct dialogue *dialogue, int64_t now, struct dialogue_step *step)
{
	const char *farewell = dialogue->ops->farewell;
	uint8_t quit = phase_find(dialogue, "quit");

	forget_input(dialogue);
	if (farewell == NULL || quit == NO_PHASE || !dialogue->polite || dialogue->closing
	    || dialogue->gone) {
		dialogue_close(dialogue, now, step);
		return;
	}
	dialogue->state = LEAVING;
	phase_enter(dialogue, quit, now);
	step->next = DIALOGUE_SEND;
	step->size = strnlen(farewell, DIALOGUE_LINE_MAX);
	assert(step->size + 3 <= sizeof step->bytes);
	memcpy(step->bytes, farewell, step->size);
	dialogue_line(dialogue, now, dialogue->secured ? EVIDENCE_SENT_TLS : EVIDENCE_SENT,
	    step->bytes, step->size);
	memcpy(step->bytes + step->size, "\r\n", 3);
	step->size += 2;
}

void
dialogue_end(struct dialogue *dialogue, int64_t now, const char *outcome, const char *text,
    struct dialogue_step *step)
{
	dialogue_decide(dialogue, now, outcome, text);
	dialogue_close(dialogue, now, step);
}

/* What an end of the connection in place of the reply means. */
static void
set_otherwise(struct dialogue *dialogue, const struct turn *turn)
{
	memcpy(dialogue->or_outcome, turn->or_outcome, sizeof dialogue->or_outcome);
	free(dialogue->or_text);
	dialogue->or_text = turn->or_text[0] != '\0' ? strdup(turn->or_text) : NULL;
}

static void
do_say(struct dialogue *dialogue, struct turn *turn)
{
	static const char hidden[] = "(not shown)";
	struct dialogue_step *step = turn->step;
	size_t verb = 0;
	enum evidence_dir dir = dialogue->secured ? EVIDENCE_SENT_TLS : EVIDENCE_SENT;

	phase_enter(dialogue, turn->phase, turn->now);
	/* The first word of what is said, for "no reply to EHLO"; nothing of a secret. */
	while (!turn->secret && verb < step->size && verb < VERB_MAX - 1 && step->bytes[verb] > ' '
	    && step->bytes[verb] < 0x7f)
		verb++;
	memcpy(dialogue->said, step->bytes, verb);
	dialogue->said[verb] = '\0';
	if (turn->secret)
		dialogue_line(dialogue, turn->now, dir, hidden, sizeof hidden - 1);
	else
		dialogue_line(dialogue, turn->now, dir, step->bytes, step->size);
	memcpy(step->bytes + step->size, "\r\n", 3);
	step->size += 2;
	step->next = DIALOGUE_SEND;
	dialogue->state = LISTENING;
	set_otherwise(dialogue, turn);
}

void
dialogue_secure(struct dialogue *dialogue, int64_t now, struct dialogue_step *step)
{
	phase_enter(dialogue, phase_find(dialogue, "handshake"), now);
	dialogue->state = SECURING;
	step->next = DIALOGUE_SECURE;
}

void
dialogue_follow(struct dialogue *dialogue, struct turn *turn)
{
	assert(turn->dialogue == dialogue
	    && (turn->phase == NO_PHASE || turn->phase < dialogue_policy(dialogue)->phase_count));
	switch (turn->choice) {
	case TURN_EXPECT:
		phase_enter(dialogue, turn->phase, turn->now);
		dialogue->said[0] = '\0';
		set_otherwise(dialogue, turn);
		dialogue->state = LISTENING;
		turn->step->next = DIALOGUE_WAIT;
		return;
	case TURN_SAY:
		do_say(dialogue, turn);
		return;
	case TURN_SECURE:
		dialogue_secure(dialogue, turn->now, turn->step);
		return;
	case TURN_LOOK_UP:
		phase_enter(dialogue, turn->phase, turn->now);
		dialogue->state = LOOKING_UP;
		turn->step->next = DIALOGUE_LOOK_UP;
		return;
	case TURN_DONE:
		dialogue_decide(dialogue, turn->now, turn->outcome, turn->text);
		dialogue_leave(dialogue, turn->now, turn->step);
		return;
	case TURN_NONE:
	case TURN_FAULT:
		dialogue_decide(dialogue, turn->now, "plugin", turn->text);
		dialogue_leave(dialogue, turn->now, turn->step);
		return;
	}
}

void
dialogue_begin(struct dialogue *dialogue, int64_t now, struct dialogue_step *step)
{
	struct turn turn;

	turn_begin(&turn, dialogue, now, step);
	dialogue->ops->begin(dialogue->session, &turn.open);
	turn_end(&turn);
	dialogue_follow(dialogue, &turn);
}
