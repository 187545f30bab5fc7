/*
 * For the monitor: makes of a prober's report on a run the observation that the rules judge. A
 * report with a name that nobody knows, or with a text that could move a cursor, is refused.
 */
#include "monitor/observe.h"

#include <string.h>

#include "monitor/silence.h"
#include "monitor/target_state.h"

static bool
is_line(struct pw_bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
			return false;
	return true;
}

/* A name that is missing is looked at again until that fails the run: it is told once, as down. */
static bool
is_not_yet_plain(const struct observation *run, const char *code)
{
	return run->missing && strcmp(code, "name_unresolvable") == 0;
}

static void
show(struct observation *run, uint16_t code, uint8_t phase, bool blocked)
{
	for (uint32_t i = 0; i < run->shown_count; i++)
		if (run->shown[i].code == code)
			return;
	if (code != CODE_NONE && run->shown_count < REPORT_WARNINGS_MAX + 1)
		run->shown[run->shown_count++] = (struct shown){ code, phase, blocked };
}

/* False: a name that neither the host nor the probe knows. */
static bool
show_warnings(struct codes *codes, struct observation *run, const struct report *report,
    const struct policy *policy)
{
	const struct pw_outcome *own = plugin_probe(policy->probe)->outcomes;
	struct outcome outcome;

	for (uint32_t i = 0; i < report->warning_count; i++) {
		const char *code = report->warnings[i].code, *phase = report->warnings[i].phase;
		if (!outcome_find(code, own, &outcome) || !is_line(report->warnings[i].text))
			return false;
		if (!is_not_yet_plain(run, code))
			show(run, codes_of(codes, code, own),
			    target_phase(policy, phase[0] != '\0' ? phase : outcome.phase), false);
	}
	return true;
}

/*
 * The outcome itself is a condition where it degrades or blocks; and beside the failed attempt
 * where it is so grave that its first sight counts, and the next attempt may not show it. A
 * certificate is the same for every attempt, so `down` tells it.
 */
static bool
show_outcome(struct codes *codes, struct observation *run, const struct report *report,
    const struct policy *policy)
{
	const struct pw_outcome *own = plugin_probe(policy->probe)->outcomes;
	struct outcome outcome;

	run->outcome = codes_of(codes, report->outcome, own);
	if (report->verdict == PW_OK)
		return run->outcome == CODE_OK;
	if (!outcome_find(report->outcome, own, &outcome) || !is_line(report->text))
		return false;
	run->tempfail = report->verdict == PW_DEGRADED && strcmp(report->outcome, "tempfail") == 0;
	run->rate_limited = report->verdict == PW_DEGRADED
	    && strcmp(report->outcome, "rate_limited") == 0;
	if (is_not_yet_plain(run, report->outcome))
		return true;
	if (report->verdict == PW_DEGRADED || report->verdict == PW_BLOCKED
	    || (report->verdict == PW_FAILED && outcome.at_once
	    && strcmp(outcome.phase, "handshake") != 0))
		show(run, run->outcome, target_phase(policy, outcome.phase),
		    report->verdict == PW_BLOCKED);
	return true;
}

bool
observe_report(struct codes *codes, const struct policy *policy, const struct report *report,
    struct observation *run)
{
	uint32_t reached = report->reached;

	/* The phase in which a run failed was reached, and not gone through: what it would have
	 * shown was not to be seen. Nor was the name, the first phase of all, where it is
	 * missing. */
	if (report->flags & REPORT_NAME_MISSING)
		reached &= ~1u;
	if (reached != 0 && (report->verdict == PW_FAILED || report->verdict == PW_UNKNOWN))
		reached &= ~(1u << (31 - __builtin_clz(reached)));
	*run = (struct observation){
		.run = report->run,
		.verdict = (enum pw_verdict)report->verdict,
		.spoken = report->flags & REPORT_SPOKEN,
		.due = true,
		.over_routine = report->flags & REPORT_OVER_ROUTINE,
		.missing = report->flags & REPORT_NAME_MISSING,
		.too_many = report->flags & REPORT_TOO_MANY,
		.policy_code = report->flags & REPORT_POLICY_CODE,
		.undated = report->flags & REPORT_CLOCK_DOUBTED,
		.means_us = report->flags & REPORT_MEANS_US,
		.reached = reached,
	};
	return show_outcome(codes, run, report, policy)
	    && show_warnings(codes, run, report, policy);
}

/* What is kept of a run_context with the result of its run. */
static const struct {
	uint32_t flag;
	enum silence_reason silence; /* 0: it is one of these: */
	size_t offset;
} kept[] = {
	{ RESULT_HELD, 0, offsetof(struct run_context, held) },
	{ RESULT_OURS, 0, offsetof(struct run_context, ours) },
	{ RESULT_ENOUGH, 0, offsetof(struct run_context, enough) },
	{ RESULT_INTERCEPTED, 0, offsetof(struct run_context, intercepted) },
	{ RESULT_APART, 0, offsetof(struct run_context, apart) },
	{ RESULT_EXPLAINED, 0, offsetof(struct run_context, explained) },
	{ RESULT_DIGEST, SILENCE_digest, 0 },
	{ RESULT_PARENT, SILENCE_parent, 0 },
	{ RESULT_PARENT_UNPLAIN, SILENCE_parent_unplain, 0 },
};
enum { KEPT = sizeof kept / sizeof *kept };

uint32_t
run_context_flags(const struct run_context *context)
{
	uint32_t flags = 0;

	for (size_t i = 0; i < KEPT; i++)
		if (kept[i].silence != 0 ? context->silence & kept[i].silence
		    : *(const bool *)((const char *)context + kept[i].offset))
			flags |= kept[i].flag;
	return flags;
}

struct run_context
run_context_of_flags(uint32_t flags, const struct codes *codes)
{
	struct run_context context = { .may_repeat = true, .codes = codes };

	for (size_t i = 0; flags >= REPORT_FLAGS && i < KEPT; i++) {
		if (!(flags & kept[i].flag))
			continue;
		context.silence |= kept[i].silence;
		if (kept[i].silence == 0)
			*(bool *)((char *)&context + kept[i].offset) = true;
	}
	return context;
}
