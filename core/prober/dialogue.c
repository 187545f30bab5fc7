/*
 * The dialogue of a probe plugin with one address: what each event means in each state. Time-outs,
 * ends and malformed input are judged by the host and never reach the plugin; complete replies go
 * to the plugin.
 */
#include "prober/dialogue_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/messages.h"

enum { ALIGNMENT = 16 };

void
dialogue_line(struct dialogue *dialogue, int64_t now, enum evidence_dir dir, const char *bytes, size_t size)
{
	evidence_add_line(&dialogue->log, now - dialogue->epoch, dir, (struct pw_bytes){ bytes, size });
}

void
dialogue_event(struct dialogue *dialogue, int64_t now, const char *format, ...)
{
	char bytes[EVIDENCE_TEXT_MAX + OUTCOME_NAME_MAX];
	struct text text = TEXT_OVER(bytes);
	va_list arguments;

	va_start(arguments, format);
	text_format_v(&text, format, arguments);
	va_end(arguments);
	dialogue_line(dialogue, now, EVIDENCE_EVENT, bytes, text.size);
}

void
dialogue_note_once(struct dialogue *dialogue, int64_t now, uint8_t bit, const char *words)
{
	if ((dialogue->noted & bit) != 0)
		return;
	dialogue->noted |= bit;
	dialogue_line(dialogue, now, EVIDENCE_EVENT, words, strlen(words));
}

void
dialogue_forget_input(struct dialogue *dialogue)
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
	dialogue_forget_input(dialogue);
	step->next = DIALOGUE_CLOSE;
}

void
dialogue_leave(struct dialogue *dialogue, int64_t now, struct dialogue_step *step)
{
	const char *farewell = dialogue->ops->farewell;
	uint8_t quit = phase_find(dialogue, "quit");

	dialogue_forget_input(dialogue);
	if (farewell == NULL || quit == NO_PHASE || !dialogue->polite || dialogue->closing || dialogue->gone) {
		dialogue_close(dialogue, now, step);
		return;
	}
	dialogue->state = LEAVING;
	phase_enter(dialogue, quit, now);
	step->next = DIALOGUE_SEND;
	step->size = strnlen(farewell, DIALOGUE_LINE_MAX);
	memcpy(step->bytes, farewell, step->size);
	dialogue_line(dialogue, now, dialogue->secured ? EVIDENCE_SENT_TLS : EVIDENCE_SENT, step->bytes, step->size);
	memcpy(step->bytes + step->size, "\r\n", 3);
	step->size += 2;
}

struct dialogue *
dialogue_create(const struct dialogue_setup *setup, int64_t now)
{
	const struct policy *policy = setup->target->policy;
	const struct pw_probe_ops *ops = plugin_probe(policy->probe);
	size_t own = sizeof(struct dialogue) + policy->phase_count * sizeof(int64_t);
	size_t session = (own + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	struct dialogue *dialogue = calloc(1, session + ops->session_size);

	if (dialogue == NULL)
		return NULL;
	dialogue->target = setup->target;
	dialogue->ops = ops;
	dialogue->stalled = setup->stalled;
	dialogue->epoch = setup->epoch;
	dialogue->begun = now;
	dialogue->leg_stalled = setup->stalled != NULL ? *setup->stalled : 0;
	dialogue->state = CONNECTING;
	dialogue->phase = dialogue->failed = NO_PHASE;
	dialogue->patient = setup->patient;
	dialogue->had_starttls = setup->had_starttls;
	dialogue->passed_asked = setup->passed_asked;
	dialogue->connected_at = -1;
	dialogue->helo = setup->helo;
	dialogue->session = (char *)dialogue + session;
	snprintf(dialogue->address, sizeof dialogue->address, "%s", setup->address);
	for (uint32_t i = 0; i < policy->phase_count; i++)
		dialogue->micros[i] = -1;
	uint8_t resolve = phase_find(dialogue, "resolve"), connect = phase_find(dialogue, "connect");
	assert(resolve != NO_PHASE && connect != NO_PHASE);
	dialogue->micros[resolve] = setup->resolve;
	int64_t slow = dialogue_plan(dialogue, resolve)->slow;
	if (setup->resolved && slow > 0 && setup->resolve > slow)
		dialogue->slow |= 1u << resolve;
	phase_enter(dialogue, connect, now);
	return dialogue;
}

void
dialogue_destroy(struct dialogue **held)
{
	struct dialogue *dialogue = *held;

	if (dialogue == NULL)
		return;
	evidence_log_fini(&dialogue->log);
	buffer_fini(&dialogue->input);
	free(dialogue->or_text);
	free(dialogue->text);
	free(dialogue->first_text);
	free(dialogue->undated);
	free(dialogue->own_helo);
	free(dialogue);
	*held = NULL;
}

struct evidence_log *
dialogue_log(struct dialogue *dialogue)
{
	return &dialogue->log;
}

int64_t
dialogue_deadline(const struct dialogue *dialogue)
{
	int64_t leg = leg_deadline(dialogue);

	if (dialogue->state == OVER)
		return INT64_MAX;
	if (dialogue->state == LEAVING)
		return dialogue->phase_deadline;
	return leg < dialogue->phase_deadline ? leg : dialogue->phase_deadline;
}

/* The first word of what is said, for "no reply to EHLO". */
static void
remember_verb(struct dialogue *dialogue, const char *line, size_t size)
{
	size_t verb = 0;

	while (verb < size && verb < VERB_MAX - 1 && line[verb] > ' ' && line[verb] < 0x7f)
		verb++;
	memcpy(dialogue->said, line, verb);
	dialogue->said[verb] = '\0';
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
	enum evidence_dir dir = dialogue->secured ? EVIDENCE_SENT_TLS : EVIDENCE_SENT;

	phase_enter(dialogue, turn->phase, turn->now);
	remember_verb(dialogue, turn->secret ? "" : step->bytes, turn->secret ? 0 : step->size);
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

static void
do_expect(struct dialogue *dialogue, const struct turn *turn)
{
	phase_enter(dialogue, turn->phase, turn->now);
	dialogue->said[0] = '\0';
	set_otherwise(dialogue, turn);
	dialogue->state = LISTENING;
	turn->step->next = DIALOGUE_WAIT;
}

static void
do_secure(struct dialogue *dialogue, int64_t now, struct dialogue_step *step)
{
	phase_enter(dialogue, phase_find(dialogue, "handshake"), now);
	dialogue->state = SECURING;
	step->next = DIALOGUE_SECURE;
}

void
dialogue_follow(struct dialogue *dialogue, struct turn *turn)
{
	switch (turn->choice) {
	case TURN_EXPECT:
		do_expect(dialogue, turn);
		return;
	case TURN_SAY:
		do_say(dialogue, turn);
		return;
	case TURN_SECURE:
		do_secure(dialogue, turn->now, turn->step);
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

/* RFC 5321, section 4.1.3: who has no name says its address. */
static void
make_helo(struct dialogue *dialogue, const struct address *local)
{
	char bytes[ADDRESS_TEXT_MAX + 8];
	struct text text = TEXT_OVER(bytes);

	text_add(&text, local != NULL && !address_is_ipv4(local) ? "[IPv6:" : "[");
	if (local != NULL)
		address_add(&text, local);
	else
		text_add(&text, "127.0.0.1");
	text_add(&text, "]");
	dialogue->helo = dialogue->own_helo = strdup(bytes);
	if (dialogue->helo == NULL)
		dialogue->helo = "localhost";
}

void
dialogue_connected(struct dialogue *dialogue, int64_t now, const struct address *local, struct dialogue_step *step)
{
	const struct tls_settings *tls = dialogue_policy(dialogue)->tls;

	assert(dialogue->state == CONNECTING);
	dialogue->heard = now;
	if (dialogue->look != LOOK_USUAL)
		dialogue_event(dialogue, now, "connected again");
	else
		dialogue->connected_at = now;
	if (local != NULL)
		dialogue->local = *local;
	if (dialogue->helo == NULL)
		make_helo(dialogue, local);
	if (tls != NULL && tls->mode == PW_TLS_IMPLICIT) {
		do_secure(dialogue, now, step);
		return;
	}
	phase_leave(dialogue, now);
	dialogue_begin(dialogue, now, step);
}

/* "TLSv1.3 TLS_AES_256_GCM_SHA384, certificate verified" */
static void
tell_tls(struct dialogue *dialogue, int64_t now, const struct tls_judgement *judgement)
{
	char bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	text_add(&text, judgement->version);
	text_add(&text, " ");
	text_add(&text, judgement->cipher);
	text_add(&text, judgement->verified ? ", certificate verified" : ", certificate not verified");
	if (judgement->text[0] != '\0') {
		text_add(&text, ": ");
		text_add(&text, judgement->text);
	} else if (judgement->doubt != CLOCK_BELIEVED) {
		text_add(&text, ", but for its dates: our own clock cannot be believed");
	}
	dialogue_line(dialogue, now, EVIDENCE_EVENT, bytes, text.size);
	if (judgement->renewal[0] != '\0')
		dialogue_event(dialogue, now, "renewal_missed: %s", judgement->renewal);
	dialogue->cert_asked = judgement->client_cert_asked;
	if (judgement->client_cert_asked)
		dialogue_event(dialogue, now, "the server asked for a client certificate; none was sent");
}

/* What is outdated degrades: mail flows to such a server. On another connection there is always something to tell: what it
 * has found explains the first, and where it found nothing, the first stays as it was. */
static void
warn_of_looks(struct dialogue *dialogue, const struct tls_judgement *judgement)
{
	char bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	if (judgement->outdated[0] != '\0') {
		text_format(&text, "%s (%s)", judgement->outdated_text, dialogue->address);
		evidence_add_warning(&dialogue->log, judgement->outdated, "handshake", bytes);
	} else if (dialogue->look == LOOK_LEGACY) {
		text_format(&text, "%s; asked again for any version: %s", dialogue_first_text(dialogue), judgement->version);
		evidence_add_warning(&dialogue->log, dialogue->first_outcome, "handshake", bytes);
	}
	if (dialogue->look == LOOK_LAST) {
		text = TEXT_OVER(bytes);
		text_format(&text, "%s; twice so after a ClientHello of more than one segment, while a smaller one is answered",
		    dialogue_first_text(dialogue));
		evidence_add_warning(&dialogue->log, "tls_large_hello", "handshake", bytes);
	}
	dialogue->look = LOOK_USUAL;
}

void
dialogue_secured(struct dialogue *dialogue, int64_t now, const struct tls_judgement *judgement, struct pw_bytes early,
    struct dialogue_step *step)
{
	const struct pw_tls tls = { judgement->version, judgement->cipher, judgement->verified };
	struct turn turn;

	assert(dialogue->state == SECURING);
	tell_tls(dialogue, now, judgement);
	dialogue->secured = true;
	if (dialogue_policy(dialogue)->tls->mode == PW_TLS_IMPLICIT)
		dialogue->flags |= REPORT_HAS_STARTTLS;
	if (judgement->doubt != CLOCK_BELIEVED)
		dialogue->flags |= (uint16_t)(REPORT_CLOCK_DOUBTED | (judgement->doubt == CLOCK_NOT_KNOWN ? 0 : REPORT_CLOCK_WRONG));
	if (judgement->undated[0] != '\0' && dialogue->undated == NULL)
		dialogue->undated = strdup(judgement->undated);
	if (dialogue->look == LOOK_SMALL && !judgement->failed) {
		dialogue_event(dialogue, now, "a small ClientHello is answered");
		dialogue_close(dialogue, now, step);
		return;
	}
	if (!judgement->failed || dialogue->look != LOOK_USUAL)
		warn_of_looks(dialogue, judgement);
	if (judgement->failed) {
		dialogue_decide(dialogue, now, judgement->outcome, judgement->text);
		dialogue_leave(dialogue, now, step);
		return;
	}
	phase_leave(dialogue, now);
	if (!dialogue->polite) {
		dialogue_begin(dialogue, now, step);
		return;
	}
	if (early.size > 0)
		dialogue_hear_early(dialogue, now, early);
	turn_begin(&turn, dialogue, now, step);
	dialogue->ops->on_secured(dialogue->session, &turn.open, &tls);
	turn_end(&turn);
	dialogue_follow(dialogue, &turn);
}

void
dialogue_end(struct dialogue *dialogue, int64_t now, const char *outcome, const char *text, struct dialogue_step *step)
{
	dialogue_decide(dialogue, now, outcome, text);
	dialogue_close(dialogue, now, step);
}

