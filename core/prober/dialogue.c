/*
 * The dialogue of the prober's probe plugin with one address: what each event means in each state.
 * Time-outs, ends and malformed input are judged by the host and never reach the plugin; complete
 * replies go to the plugin.
 */
#include "prober/dialogue.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/messages.h"
#include "prober/input.h"
#include "prober/phase.h"
#include "prober/step.h"
#include "prober/verdict.h"

enum { ALIGNMENT = 16 };

/* One block of memory holds the dialogue, its phases and the session of the plugin, aligned for
 * anything that a plugin may put there. */
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
	uint8_t resolve = phase_find(dialogue, "resolve"),
	    connect = phase_find(dialogue, "connect");
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

/* RFC 5321, section 4.1.3: who has no name says its address. */
static void
make_helo(struct dialogue *dialogue, const struct address *local)
{
	char bytes[ADDRESS_TEXT_MAX + 8];
	struct text text = TEXT_OVER(bytes);

	text_format(&text, "[%s%s]", local != NULL && !address_is_ipv4(local) ? "IPv6:" : "",
	    local != NULL ? ADDRESS(local) : "127.0.0.1");
	dialogue->helo = dialogue->own_helo = strdup(bytes);
	if (dialogue->helo == NULL)
		dialogue->helo = "localhost";
}

void
dialogue_connected(struct dialogue *dialogue, int64_t now, const struct address *local,
    struct dialogue_step *step)
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
		dialogue_secure(dialogue, now, step);
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

	text_format(&text, "%s %s, certificate %sverified", judgement->version, judgement->cipher,
	    judgement->verified ? "" : "not ");
	if (judgement->text[0] != '\0')
		text_format(&text, ": %s", judgement->text);
	else if (judgement->doubt != CLOCK_BELIEVED)
		text_add(&text, ", but for its dates: our own clock cannot be believed");
	dialogue_line(dialogue, now, EVIDENCE_EVENT, bytes, text.size);
	if (judgement->renewal[0] != '\0')
		dialogue_event(dialogue, now, "renewal_missed: %s", judgement->renewal);
	dialogue->cert_asked = judgement->client_cert_asked;
	if (judgement->client_cert_asked)
		dialogue_event(dialogue, now,
		    "the server asked for a client certificate; none was sent");
}

/* What is outdated degrades: mail flows to such a server. On another connection there is always
 * something to tell: what it has found explains the first, and where it found nothing, the first
 * stays as it was. */
static void
warn_of_looks(struct dialogue *dialogue, const struct tls_judgement *judgement)
{
	char bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	if (judgement->outdated[0] != '\0') {
		text_format(&text, "%s (%s)", judgement->outdated_text, dialogue->address);
		evidence_add_warning(&dialogue->log, judgement->outdated, "handshake", bytes);
	} else if (dialogue->look == LOOK_LEGACY) {
		text_format(&text, "%s; asked again for any version: %s",
		    dialogue_first_text(dialogue), judgement->version);
		evidence_add_warning(&dialogue->log, dialogue->first_outcome, "handshake", bytes);
	}
	if (dialogue->look == LOOK_LAST) {
		text = TEXT_OVER(bytes);
		text_format(&text,
		    "%s; twice so after a ClientHello of more than one segment, while a smaller "
		    "one is answered", dialogue_first_text(dialogue));
		evidence_add_warning(&dialogue->log, "tls_large_hello", "handshake", bytes);
	}
	dialogue->look = LOOK_USUAL;
}

/* The order matters: what is outdated is a warning also where the handshake passed; a failed
 * judgement ends the dialogue with a farewell, for TLS itself stands (RFC 5321, section
 * 4.1.1.10); and after STARTTLS what was said in clear is void (RFC 3207, section 4.2), so that
 * the plugin begins anew with EHLO. */
void
dialogue_secured(struct dialogue *dialogue, int64_t now, const struct tls_judgement *judgement,
    struct pw_bytes early, struct dialogue_step *step)
{
	const struct pw_tls tls = { judgement->version, judgement->cipher, judgement->verified };
	struct turn turn;

	assert(dialogue->state == SECURING);
	tell_tls(dialogue, now, judgement);
	dialogue->secured = true;
	if (dialogue_policy(dialogue)->tls->mode == PW_TLS_IMPLICIT)
		dialogue->flags |= REPORT_HAS_STARTTLS;
	if (judgement->doubt != CLOCK_BELIEVED)
		dialogue->flags |= (uint16_t)(judgement->doubt == CLOCK_NOT_KNOWN
		        ? REPORT_CLOCK_DOUBTED
		        : REPORT_CLOCK_DOUBTED | REPORT_CLOCK_WRONG);
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

bool
dialogue_failed_tls(const struct dialogue *dialogue)
{
	return dialogue->tls_failed;
}

void
dialogue_as_usual(struct dialogue *dialogue)
{
	dialogue->look = LOOK_USUAL;
}

void
dialogue_again(struct dialogue *dialogue, int64_t now, enum dialogue_look look)
{
	static const char *const why[] = {
		[LOOK_LEGACY] = "connecting once more, to see which version of TLS it speaks",
		[LOOK_SMALL] =
		    "connecting once more, to see whether a ClientHello of one segment is answered",
		[LOOK_LARGE] =
		    "connecting once more, to see whether a ClientHello of more than one segment "
		    "is answered this time",
		[LOOK_LAST] = "connecting a last time, with a ClientHello of one segment",
	};
	uint8_t resolve = phase_find(dialogue, "resolve");

	assert(dialogue->state == OVER && look != LOOK_USUAL && dialogue->first_outcome[0] != '\0');
	free(dialogue->text);
	dialogue->text = NULL;
	dialogue->ended = 0;
	dialogue->outcome[0] = dialogue->or_outcome[0] = '\0';
	dialogue->phase = dialogue->failed = NO_PHASE;
	dialogue->slow &= 1u << resolve;
	buffer_clear(&dialogue->log.warnings); /* of the first connection; what still holds will
	                                        * show again */
	dialogue->polite = dialogue->early = dialogue->secured = false;
	dialogue->gone = dialogue->silent = false;
	dialogue->cert_asked = dialogue->heard_inside = dialogue->closing = false;
	dialogue->tls_failed = false;
	dialogue->look = (uint8_t)look;
	dialogue->state = CONNECTING;
	for (uint32_t i = 0; i < dialogue_policy(dialogue)->phase_count; i++)
		if (i != resolve)
			dialogue->micros[i] = -1;
	memset(dialogue->session, 0, dialogue->ops->session_size);
	dialogue_event(dialogue, now, "%s", why[look]);
	phase_enter(dialogue, phase_find(dialogue, "connect"), now);
}

void
dialogue_running(struct dialogue *dialogue, int64_t now)
{
	uint8_t connect = phase_find(dialogue, "connect");

	assert(dialogue->state == CONNECTING && dialogue->phase == connect);
	dialogue->phase = NO_PHASE;
	dialogue->state = LISTENING;
	dialogue->helo = NULL;
	phase_enter(dialogue, (uint8_t)(connect + 1), now);
}

/* A line of the transcript for each that was written, NUL and all. */
static void
show_output(struct dialogue *dialogue, int64_t now, struct pw_bytes output)
{
	for (size_t size; output.size > 0; output.data += size, output.size -= size) {
		const char *end = memchr(output.data, '\n', output.size);

		size = end != NULL ? (size_t)(end - output.data) + 1 : output.size;
		dialogue_line(dialogue, now, EVIDENCE_RECEIVED, output.data, size - (end != NULL));
	}
}

static void
show_errors(struct dialogue *dialogue, int64_t now, struct pw_bytes errors)
{
	const char *end = memchr(errors.data, '\n', errors.size);
	struct text line = TEXT_ROOM(EVIDENCE_TEXT_MAX);

	text_escape(&line,
	    (struct pw_bytes){ errors.data, end != NULL ? (size_t)(end - errors.data)
	    : errors.size });
	if (line.size > 0)
		dialogue_event(dialogue, now, "on stderr: %s", line.bytes);
}

static void
show_exit(struct dialogue *dialogue, int64_t now, const struct pw_exit *exit)
{
	if (exit->cut)
		dialogue_event(dialogue, now, "more than %d bytes: the rest was dropped",
		    PW_OUTPUT_MAX);
	if (exit->how == PW_EXITED)
		dialogue_event(dialogue, now, "exit status %d", exit->status);
	else if (exit->how == PW_TIMED_OUT)
		dialogue_event(dialogue, now, "killed at the limit");
}

/* It is no word of the target: whether the way to the target is broken shows at others. */
void
dialogue_ran(struct dialogue *dialogue, int64_t now, const struct pw_exit *exit,
    struct dialogue_step *step)
{
	struct turn turn;

	step->next = DIALOGUE_WAIT;
	if (dialogue->state == OVER)
		return;
	show_output(dialogue, now, exit->output);
	show_errors(dialogue, now, exit->errors);
	show_exit(dialogue, now, exit);
	turn_begin(&turn, dialogue, now, step);
	dialogue->ops->on_exit(dialogue->session, &turn.open, exit);
	turn_end(&turn);
	dialogue_follow(dialogue, &turn);
}
