/*
 * For the prober's dialogue: ends it with its verdict. One place for every verdict, and the
 * evidence that it leaves.
 */
#include "prober/verdict.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/messages.h"
#include "config/programs.h"
#include "prober/phase.h"
#include "prober/verdict_text.h"

static const int64_t mute_at_least = SECOND; /* who closes sooner did not wait for us to speak */
static const int64_t offer_at_most = 3 * SECOND;

/* The warning that becomes the outcome of a run that would be ok: the first in the order of
 * outcomes.def, then of the plugin; of several slow phases the first. */
static bool
find_decisive(const struct dialogue *dialogue, struct evidence_warning *decisive)
{
	struct pw_bytes list = buffer_view(&dialogue->log.warnings);
	struct evidence_warning warning;
	struct outcome found;
	int best = INT32_MAX;

	while (evidence_next_warning(&list, &warning))
		if (outcome_find(warning.code, dialogue->ops->outcomes, &found)
		    && found.rank < best) {
			best = found.rank;
			*decisive = warning;
		}
	return best != INT32_MAX;
}

static void
settle(struct dialogue *dialogue, enum pw_verdict verdict, const char *outcome,
    struct pw_bytes text)
{
	dialogue->verdict = (uint8_t)verdict;
	snprintf(dialogue->outcome, sizeof dialogue->outcome, "%s", outcome);
	if (text.size > 0)
		dialogue->text = strndup(text.data, text.size);
}

static enum pw_verdict
severity(const struct dialogue *dialogue, const char *outcome)
{
	struct outcome found;

	if (strcmp(outcome, "ok") == 0)
		return PW_OK;
	return outcome_find(outcome, dialogue->ops->outcomes, &found) ? found.severity : PW_UNKNOWN;
}

static void
warn_slow(struct dialogue *dialogue, const char *name, int64_t micros, int64_t slow)
{
	const char *phase = strcmp(name, "leg") == 0 ? "" : name;
	char code[OUTCOME_NAME_MAX], bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	snprintf(code, sizeof code, "slow_%s", name);
	verdict_text_slow(dialogue, name, micros, slow, &text);
	evidence_add_warning(&dialogue->log, code, phase, bytes);
}

/* Warnings for what took too long; `with_whole`: for the dialogue as a whole, too, where none of
 * its phases was slow. */
static void
warn_all_slow(struct dialogue *dialogue, int64_t now, bool with_whole)
{
	const struct policy *policy = dialogue_policy(dialogue);
	int64_t whole = now - dialogue->begun;

	for (uint32_t i = 0; dialogue->slow >> i != 0; i++)
		if ((dialogue->slow >> i & 1) != 0)
			warn_slow(dialogue, policy->phases[i].name, dialogue->micros[i],
			    policy->phases[i].slow);
	/* The name was not part of it; any other slow phase says by itself where the time went. */
	bool explained = (dialogue->slow & ~(1u << phase_find(dialogue, "resolve"))) != 0;
	if (with_whole && !explained && policy->leg.slow > 0
	    && whole - leg_lost(dialogue) > policy->leg.slow)
		warn_slow(dialogue, "leg", whole, policy->leg.slow);
}

/* `answered`: the last phase had its answer, so that how long it took is worth a word. */
static void
decide(struct dialogue *dialogue, int64_t now, const char *outcome, const char *text, bool answered)
{
	enum pw_verdict verdict = severity(dialogue, outcome);
	uint8_t last = dialogue->phase;
	struct evidence_warning warning;

	assert(dialogue->ended == 0 && now >= dialogue->begun);
	if (verdict != PW_OK)
		dialogue_event(dialogue, now, "%s: %s", outcome, text);
	dialogue->failed = verdict == PW_OK ? NO_PHASE : last;
	phase_leave(dialogue, now);
	dialogue->ended = now;
	if (!answered && last != NO_PHASE)
		dialogue->slow &= ~(1u << last); /* what never came was not slow */
	if (dialogue->slow != 0 || answered)
		warn_all_slow(dialogue, now, answered);
	if (verdict == PW_OK && find_decisive(dialogue, &warning))
		settle(dialogue, PW_DEGRADED, warning.code, warning.text);
	else if (verdict == PW_OK && dialogue->undated != NULL)
		settle(dialogue, PW_UNKNOWN, "our_clock", text_view(dialogue->undated));
	else
		settle(dialogue, verdict, outcome, text_view(text));
}

void
dialogue_decide(struct dialogue *dialogue, int64_t now, const char *outcome, const char *text)
{
	decide(dialogue, now, outcome, text, severity(dialogue, outcome) < PW_FAILED);
}

/* A failure of TLS, under the name it has wherever it fails: a warning where TLS is
 * opportunistic, as mail then goes in clear. How long it took is part of that, and no slowness
 * beside it. */
static void
decide_tls(struct dialogue *dialogue, int64_t now, const char *outcome, const char *text)
{
	const struct tls_settings *tls = dialogue_policy(dialogue)->tls;
	uint8_t failed = dialogue->phase;

	if (tls == NULL || tls->mode != PW_TLS_OPPORTUNISTIC) {
		dialogue_decide(dialogue, now, outcome, text);
		return;
	}
	evidence_add_warning(&dialogue->log, outcome, "handshake", text);
	dialogue_event(dialogue, now, "%s: %s", outcome, text);
	decide(dialogue, now, "ok", "", false);
	dialogue->failed = failed;
}

const char *
dialogue_first_text(const struct dialogue *dialogue)
{
	return dialogue->first_text != NULL ? dialogue->first_text : "the TLS handshake failed";
}

/* The second connection was made to explain the first: what failed is told under the name that
 * the first had, with both sentences. */
void
dialogue_decide_tls(struct dialogue *dialogue, int64_t now, const char *outcome, const char *text)
{
	char bytes[EVIDENCE_TEXT_MAX];
	struct text both = TEXT_OVER(bytes);

	if (severity(dialogue, outcome) != PW_FAILED) {
		dialogue_decide(dialogue, now, outcome, text);
		return;
	}
	dialogue->tls_failed = true;
	if (dialogue->look == LOOK_USUAL || dialogue->look == LOOK_LARGE) {
		if (dialogue->first_outcome[0] == '\0') {
			snprintf(dialogue->first_outcome, sizeof dialogue->first_outcome, "%s",
			    outcome);
			dialogue->first_text = strdup(text);
		}
		decide_tls(dialogue, now, outcome, text);
		return;
	}
	text_format(&both, "%s; asked again %s: %s", dialogue_first_text(dialogue),
	    dialogue->look == LOOK_LEGACY ? "for any version" : "with a small ClientHello", text);
	dialogue->look = LOOK_USUAL; /* it has been said */
	decide_tls(dialogue, now, dialogue->first_outcome, bytes);
}

bool
dialogue_heard_nothing(const struct dialogue *dialogue)
{
	const struct tls_settings *tls = dialogue_policy(dialogue)->tls;

	return dialogue->verdict == PW_FAILED && dialogue->failed != NO_PHASE
	    && dialogue->failed == phase_find(dialogue, "banner") && tls != NULL
	    && tls->mode != PW_TLS_IMPLICIT && dialogue->received == 0
	    && dialogue->ended - dialogue->connected_at >= mute_at_least;
}

int64_t
dialogue_offer_limit(const struct dialogue *dialogue)
{
	int64_t limit = phase_limit(dialogue, phase_find(dialogue, "handshake")) / 5;

	return limit < offer_at_most ? limit : offer_at_most;
}

void
dialogue_offered(struct dialogue *dialogue, int64_t now, const char *words)
{
	char bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	dialogue_event(dialogue, now, "%s",
	    words != NULL ? words : "it does not answer an offer of TLS either");
	if (words == NULL)
		return;
	text_format(&text, "%s; %s", dialogue_text(dialogue), words);
	free(dialogue->text);
	dialogue->text = strndup(bytes, text.size);
}

void
dialogue_doubt(struct dialogue *dialogue, const char *outcome)
{
	assert(dialogue->state == OVER);
	if (dialogue->verdict == PW_OK || dialogue->verdict == PW_UNKNOWN)
		return;
	dialogue_event(dialogue, dialogue->ended, "%s: what was found may be due to that", outcome);
	buffer_clear(&dialogue->log.warnings);
	free(dialogue->text);
	dialogue->text = NULL;
	settle(dialogue, PW_UNKNOWN, outcome, (struct pw_bytes){ "", 0 });
}

enum pw_verdict
dialogue_verdict(const struct dialogue *dialogue)
{
	return (enum pw_verdict)dialogue->verdict;
}

const char *
dialogue_outcome(const struct dialogue *dialogue)
{
	return dialogue->outcome;
}

const char *
dialogue_text(const struct dialogue *dialogue)
{
	struct outcome found;

	if (dialogue->text != NULL)
		return dialogue->text;
	return outcome_find(dialogue->outcome, dialogue->ops->outcomes, &found) ? found.text : "";
}

uint16_t
dialogue_report_flags(const struct dialogue *dialogue)
{
	return (uint16_t)(dialogue->flags | (dialogue->heard != 0
	    && !dialogue->silent ? REPORT_SPOKEN : 0));
}

int64_t
dialogue_heard(const struct dialogue *dialogue)
{
	return dialogue->heard;
}

/* Behind the phase that failed nothing counts as reached: a farewell that was said nevertheless
 * stands in the transcript alone. */
static bool
is_reached(const struct dialogue *dialogue, uint32_t phase)
{
	bool farewell = strcmp(dialogue_plan(dialogue, (uint8_t)phase)->name, "quit") == 0;

	return dialogue->micros[phase] >= 0 && !(farewell && dialogue->failed != NO_PHASE);
}

uint32_t
dialogue_reached(const struct dialogue *dialogue)
{
	uint32_t reached = 0;

	for (uint32_t i = 0; i < dialogue_policy(dialogue)->phase_count; i++)
		if (is_reached(dialogue, i) && i != dialogue->failed)
			reached |= 1u << i;
	return reached;
}

int64_t
dialogue_phase_micros(const struct dialogue *dialogue, uint32_t index)
{
	assert(index < dialogue_policy(dialogue)->phase_count);
	return is_reached(dialogue, index) ? dialogue->micros[index] : -1;
}

static enum phase_status
status(const struct dialogue *dialogue, uint32_t phase)
{
	if (!is_reached(dialogue, phase))
		return PHASE_NOT_REACHED;
	if (strcmp(dialogue_plan(dialogue, (uint8_t)phase)->name, "quit") == 0)
		return dialogue->quit_answered ? PHASE_OK : PHASE_FAILED;
	return phase == dialogue->failed ? PHASE_FAILED : PHASE_OK;
}

/* Phases that this dialogue could never have come to are not "not reached": they do not belong to
 * it. */
static bool
belongs(const struct dialogue *dialogue, uint32_t phase)
{
	const struct phase_plan *plan = dialogue_plan(dialogue, (uint8_t)phase);
	const struct tls_settings *tls = dialogue_policy(dialogue)->tls;
	enum pw_tls_mode mode = tls != NULL ? tls->mode : PW_TLS_NONE;

	if (dialogue->micros[phase] >= 0)
		return true;
	if (strcmp(plan->name, "resolve") == 0
	    || (strcmp(plan->name, "connect") == 0
	        && plugin_has_program(dialogue_policy(dialogue)->probe)))
		return false;
	if ((plan->flags & PW_PHASE_TLS) == 0 || mode == PW_TLS_REQUIRE)
		return true;
	if (mode == PW_TLS_OPPORTUNISTIC)
		return dialogue->verdict == PW_FAILED;
	return mode == PW_TLS_IMPLICIT && strcmp(plan->name, "handshake") == 0;
}

static void
add_phase(const struct dialogue *dialogue, struct evidence *evidence, uint32_t index)
{
	assert(evidence->phase_count < sizeof evidence->phases / sizeof *evidence->phases);
	struct evidence_phase *phase = &evidence->phases[evidence->phase_count++];

	snprintf(phase->name, sizeof phase->name, "%s",
	    dialogue_plan(dialogue, (uint8_t)index)->name);
	phase->status = status(dialogue, index);
	phase->micros = phase->status == PHASE_NOT_REACHED ? -1 : dialogue->micros[index];
	phase->limit = phase_limit(dialogue, (uint8_t)index);
}

/* In the order of the dialogue: where TLS is implicit, the handshake comes right after
 * connecting. */
static void
add_phases(const struct dialogue *dialogue, struct evidence *evidence)
{
	const struct policy *policy = dialogue_policy(dialogue);
	bool implicit = policy->tls != NULL && policy->tls->mode == PW_TLS_IMPLICIT;
	uint8_t handshake = implicit ? phase_find(dialogue, "handshake") : NO_PHASE;

	evidence->phase_count = 0;
	for (uint32_t i = 0; i < policy->phase_count
	    && evidence->phase_count < EVIDENCE_PHASES_MAX; i++) {
		if (i != handshake && belongs(dialogue, i))
			add_phase(dialogue, evidence, i);
		if (handshake != NO_PHASE && strcmp(policy->phases[i].name, "connect") == 0)
			add_phase(dialogue, evidence, handshake);
	}
}

static void
add_words(struct evidence_log *log, int64_t at, const struct text *text)
{
	evidence_add_line(log, at, EVIDENCE_EVENT, (struct pw_bytes){ text->bytes, text->size });
}

static void
add_connecting(const struct dialogue *dialogue, struct evidence_log *head)
{
	char bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	if (plugin_has_program(dialogue_policy(dialogue)->probe)) {
		struct pw_program program;

		plugin_program(dialogue_policy(dialogue)->probe, dialogue_policy(dialogue)->values,
		    &program);
		text_add(&text, "running ");
		text_escape(&text, text_view(program.path));
	} else
		text_format(&text, "connecting to %s port %u", dialogue->address,
		    dialogue->target->port);
	add_words(head, dialogue->begun - dialogue->epoch, &text);
	if (dialogue->connected_at < 0)
		return;
	text = TEXT_OVER(bytes);
	text_add(&text, dialogue->local.any.sa_family != 0 ? "connected from " : "connected");
	if (dialogue->local.any.sa_family != 0)
		address_add_port(&text, &dialogue->local);
	add_words(head, dialogue->connected_at - dialogue->epoch, &text);
}

/* The lines that every dialogue begins with are written only where somebody will read them. */
void
dialogue_open_transcript(struct dialogue *dialogue, int64_t at, const char *known)
{
	struct evidence_log head = { .gap = 0 };

	if (dialogue->opened)
		return;
	dialogue->opened = true;
	if (known != NULL && *known != '\0')
		evidence_add_line(&head, at - dialogue->epoch, EVIDENCE_EVENT, text_view(known));
	if (!dialogue->refused)
		add_connecting(dialogue, &head);
	buffer_add(&head.transcript, dialogue->log.transcript.data, dialogue->log.transcript.size,
	    2 * EVIDENCE_TRANSCRIPT_MAX);
	buffer_fini(&dialogue->log.transcript);
	dialogue->log.transcript = head.transcript;
}

const struct address *
dialogue_local(const struct dialogue *dialogue)
{
	return &dialogue->local;
}

/* Everything is lent: the evidence is written out before the run is gone. */
void
dialogue_evidence(struct dialogue *dialogue, struct evidence *evidence)
{
	const char *text = dialogue_text(dialogue);

	assert(dialogue->state == OVER && dialogue->ended >= dialogue->begun);
	dialogue_open_transcript(dialogue, 0, NULL);
	evidence->verdict = dialogue->verdict;
	snprintf(evidence->outcome, sizeof evidence->outcome, "%s", dialogue->outcome);
	evidence->text = (struct pw_bytes){ text, strnlen(text, EVIDENCE_TEXT_MAX - 1) };
	evidence->address = text_view(dialogue->address);
	evidence->helo = text_view(dialogue->helo != NULL ? dialogue->helo : "");
	evidence->micros = dialogue->ended - dialogue->begun;
	add_phases(dialogue, evidence);
	evidence->facts = buffer_view(&dialogue->log.facts);
	evidence->warnings = buffer_view(&dialogue->log.warnings);
	evidence->transcript = buffer_view(&dialogue->log.transcript);
}

uint64_t
dialogue_fingerprint(const struct dialogue *dialogue, uint64_t seed)
{
	struct evidence evidence;

	memcpy(evidence.outcome, dialogue->outcome, sizeof evidence.outcome);
	evidence.facts = buffer_view(&dialogue->log.facts);
	evidence.warnings = buffer_view(&dialogue->log.warnings);
	return evidence_fingerprint(&evidence, seed);
}
