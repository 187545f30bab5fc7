/*
 * The phases of a dialogue of the prober (connect, banner, ehlo, ...) and their time limits: each
 * limit is fixed when its phase begins, and no byte that the server sends renews it.
 */
#include "prober/phase.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/messages.h"
#include "base/units.h"

uint8_t
phase_find(const struct dialogue *dialogue, const char *name)
{
	const struct policy *policy = dialogue_policy(dialogue);

	for (uint32_t i = 0; i < policy->phase_count; i++)
		if (policy->phases[i].name == name || strcmp(policy->phases[i].name, name) == 0)
			return (uint8_t)i;
	return NO_PHASE;
}

int64_t
phase_limit(const struct dialogue *dialogue, uint8_t phase)
{
	const struct phase_plan *plan = dialogue_plan(dialogue, phase);

	assert(phase < dialogue_policy(dialogue)->phase_count);
	return dialogue->patient ? plan->patient : plan->routine;
}

int64_t
leg_limit(const struct dialogue *dialogue)
{
	const struct phase_plan *leg = &dialogue_policy(dialogue)->leg;

	return dialogue->patient ? leg->patient : leg->routine;
}

int64_t
leg_deadline(const struct dialogue *dialogue)
{
	return dialogue->begun + leg_limit(dialogue);
}

static int64_t
stalled(const struct dialogue *dialogue)
{
	return dialogue->stalled == NULL ? 0 : *dialogue->stalled;
}

int64_t
phase_lost(const struct dialogue *dialogue)
{
	assert(stalled(dialogue) >= dialogue->phase_stalled);
	return stalled(dialogue) - dialogue->phase_stalled;
}

int64_t
leg_lost(const struct dialogue *dialogue)
{
	assert(stalled(dialogue) >= dialogue->leg_stalled);
	return stalled(dialogue) - dialogue->leg_stalled;
}

void
phase_leave(struct dialogue *dialogue, int64_t now)
{
	if (dialogue->phase == NO_PHASE)
		return;
	int64_t *micros = &dialogue->micros[dialogue->phase];
	int64_t spent = now > dialogue->phase_begun ? now - dialogue->phase_begun : 0;

	*micros = (*micros < 0 ? 0 : *micros) + spent;
	if (dialogue->state != LEAVING) {
		/* A server is not slow for the time that we lost ourselves. */
		const struct phase_plan *plan = dialogue_plan(dialogue, dialogue->phase);
		int64_t theirs = *micros - phase_lost(dialogue);
		if (plan->slow > 0 && theirs > plan->slow)
			dialogue->slow |= 1u << dialogue->phase;
		if (theirs > plan->routine)
			dialogue->flags |= REPORT_OVER_ROUTINE;
	}
	dialogue->phase = NO_PHASE;
}

void
phase_enter(struct dialogue *dialogue, uint8_t phase, int64_t now)
{
	if (phase == dialogue->phase)
		return;
	phase_leave(dialogue, now);
	int64_t before = dialogue->micros[phase] < 0 ? 0 : dialogue->micros[phase];

	dialogue->phase = phase;
	dialogue->phase_begun = now;
	dialogue->phase_deadline = now + phase_limit(dialogue, phase) - before;
	dialogue->phase_stalled = stalled(dialogue);
	dialogue->phase_received = 0;
	dialogue->said[0] = '\0';
}

void
dialogue_describe(const struct dialogue *dialogue, int64_t now, struct text *text)
{
	if (dialogue->phase == NO_PHASE)
		return;
	text_format(text, "%s, %lld s of ", dialogue_plan(dialogue, dialogue->phase)->name,
	    (long long)((now - dialogue->phase_begun) / SECOND));
	units_add_duration(text, phase_limit(dialogue, dialogue->phase));
}

/* The transcript */

void
dialogue_line(struct dialogue *dialogue, int64_t now, enum evidence_dir dir, const char *bytes,
    size_t size)
{
	evidence_add_line(&dialogue->log, now - dialogue->epoch, dir,
	    (struct pw_bytes){ bytes, size });
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
