/*
 * Writes the one-line sentence on a change of a target's state, which the mail's subject, the log
 * and `postwatch incidents` show.
 *
 * A sentence is read alone, in a mail's subject or a log: so it says what failed in the last
 * failing run's own words, and how sure that is. What the words are about is the target as it is
 * while they are made.
 */
#include "monitor/change_text.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "monitor/attempt.h"
#include "monitor/own_faults.h"

/* What a code means where nobody said more. */
static void
add_meaning(struct text *text, const struct watch *watch, uint32_t target, const char *code)
{
	const struct pw_outcome *own = plugin_probe(watch_target(watch,
	    target)->policy->probe)->outcomes;
	struct outcome outcome;

	text_add(text, outcome_find(code, own, &outcome)
	    && outcome.text[0] != '\0' ? outcome.text : code);
}

void
change_text_add_report(struct text *text, const struct watch *watch, const struct report *report)
{
	if (report->text.size > 0)
		text_add_bytes(text, report->text.data, report->text.size);
	else
		add_meaning(text, watch, report->target, report->outcome);
}

static void
add_last_failure(struct text *text, const struct watch *watch, uint32_t target, const char *code)
{
	const struct attempts *attempts = watch->targets[target].attempts;

	if (attempts != NULL && attempts->text != NULL)
		text_add(text, attempts->text);
	else
		add_meaning(text, watch, target, code);
}

static void
add_down(struct text *text, const struct watch *watch, const struct told *told, const char *code)
{
	const struct change *change = told->change;
	const struct policy *policy = watch_target(watch, told->target)->policy;
	uint32_t attempts = change->attempts,
	    needed = attempt_needed(&watch->targets[told->target].state, policy, watch->now);

	text_add(text, " down: ");
	add_last_failure(text, watch, told->target, code);
	if (attempts == needed)
		text_format(text, ", %" PRIu32 " of %" PRIu32 " attempts", attempts, needed);
	else if (attempts > 0)
		text_format(text, ", %" PRIu32 " attempts", attempts);
	/* Who reads the sentence sees why it is more than `tries` of the policy. */
	if (needed > policy->tries)
		text_add(text, " in a row, after single ones had failed in the hour before");
	if (change->apart)
		text_add(text, "; it was told together with others before");
	else if (change->from == STATE_DOWN) /* an episode of flapping has ended in it */
		text_format(text, "; it went down and up before, for %s",
		    SPAN(change->confirmed.mono - change->detected.mono));
	if (change->alone)
		text_add(text, "; nobody else could be asked: it may be our own network");
	if (told->behind > 0)
		text_format(text, "; %" PRIu32 " target%s behind it", told->behind,
		    told->behind == 1 ? " lies" : "s lie");
}

/* How long it was down counts to the first attempt that passed, not to the one that confirmed
 * it. */
static void
add_up(struct text *text, const struct watch *watch, const struct told *told)
{
	const struct attempts *attempts = watch->targets[told->target].attempts;
	const struct flapping *flapping = watch->targets[told->target].state.flapping;

	text_add(text, " up");
	if (flapping != NULL)
		text_format(text, " after %s", SPAN(told->change->detected.mono
		    - flapping->outages[FLAP_DOWNS - 1].began.mono));
	if (told->report != NULL) {
		text_add(text, ": ");
		change_text_add_report(text, watch, told->report);
	}
	if (attempts != NULL && attempts->text != NULL)
		text_format(text, "; before: %s", attempts->text);
}

/* Each outage of the episode with its length: three of a second are another matter than three of
 * an hour. */
static void
add_flapping(struct text *text, const struct watch *watch, const struct told *told,
    const char *code)
{
	const struct flapping *flapping = watch->targets[told->target].state.flapping;
	const struct moment now = told->change->confirmed;

	text_format(text, " flapping: down for the %s time within %s",
	    FLAP_DOWNS == 3 ? "third" : "last", SPAN(now.mono - flapping->outages[0].began.mono));
	for (unsigned i = 0; i < FLAP_DOWNS; i++) {
		const struct outage *outage = &flapping->outages[i];
		assert(outage->began.mono <= now.mono);
		text_format(text, "%s%s", i == 0 ? " (for " : ", ",
		    SPAN((moment_is_set(outage->ended) ? outage->ended : now).mono
		        - outage->began.mono));
	}
	text_add(text, " and lasting): ");
	add_last_failure(text, watch, told->target, code);
}

/* "single attempts fail …: 7 of 24 attempts in the last hour; the last: connection refused" */
static void
add_unstable(struct text *text, const struct watch *watch, const struct report *report)
{
	const struct target_state *state = &watch->targets[report->target].state;
	struct failure_rate_hour hour = { 0 };

	if (state->failure_rate != NULL)
		hour = failure_rate_hour(state->failure_rate, watch->now);
	add_meaning(text, watch, report->target, "unstable");
	text_format(text, ": %" PRIu32 " of %" PRIu32 " attempts in the last hour; the last: ",
	    hour.failed + state->fails, hour.runs + state->fails);
	change_text_add_report(text, watch, report);
}

/* In the words of the warning that raised it. */
static void
add_condition(struct text *text, const struct watch *watch, const struct told *told,
    const char *code)
{
	const struct report *report = told->report;

	for (uint32_t i = 0; report != NULL && i < report->warning_count; i++)
		if (strcmp(report->warnings[i].code, code) == 0
		    && report->warnings[i].text.size > 0) {
			text_add_bytes(text, report->warnings[i].text.data,
			    report->warnings[i].text.size);
			return;
		}
	if (report != NULL && strcmp(code, "unstable") == 0)
		add_unstable(text, watch, report);
	else if (report != NULL && strcmp(report->outcome, code) == 0)
		change_text_add_report(text, watch, report);
	else
		add_meaning(text, watch, told->target, code);
}

/*
 * Whether nobody in another network is watched over IPv6: then it cannot be told whose fault it is.
 */
static bool
is_alone_over_ipv6(const struct watch *watch, uint32_t target)
{
	for (uint32_t i = 0; i < watch->config->target_count; i++)
		if (i != target && watch->targets[i].ipv6 != IPV6_UNSEEN
		    && watch->targets[i].network != watch->targets[target].network)
			return false;
	return true;
}

void
change_text_add(struct text *text, const struct watch *watch, const struct told *told)
{
	const struct change *change = told->change;
	const struct report *report = told->report;
	const char *code = codes_get(watch->codes, change->code)->name;
	int64_t lasted = change->confirmed.mono - change->detected.mono;

	text_add(text, watch_target(watch, told->target)->name);
	switch (change->kind) {
	case NOTICE_down:
		add_down(text, watch, told, code);
		return;
	case NOTICE_up:
		add_up(text, watch, told);
		return;
	case NOTICE_changed:
		text_add(text, " is still down, in another way: ");
		add_last_failure(text, watch, told->target, code);
		return;
	case NOTICE_flapping:
		add_flapping(text, watch, told, code);
		return;
	case NOTICE_settled:
		text_format(text, " settled: it is up and steady; it went down and up for %s",
		    SPAN(lasted));
		return;
	case NOTICE_degraded:
	case NOTICE_blocked:
		text_format(text, " %s(%s): ", notice_name(change->kind), code);
		add_condition(text, watch, told, code);
		if (report != NULL && (report->ways & WAY_IPV6_SILENT)
		    && strcmp(code, "some_addresses") == 0
		    && is_alone_over_ipv6(watch, told->target))
			text_add(text,
			    "; no other target is watched over IPv6: it may be our own way");
		return;
	case NOTICE_cleared:
		text_format(text, " cleared(%s): no longer seen, after %s", code, SPAN(lasted));
		return;
	case NOTICE_impaired:
		text_add(text, ": our own trouble: ");
		if (lasted > 0)
			text_format(text, "nothing was learnt for %s: ", SPAN(lasted));
		if (report != NULL)
			change_text_add_report(text, watch, report);
		return;
	case NOTICE_fact:
		text_add(text, " is not as it was: ");
		if (report != NULL)
			change_text_add_report(text, watch, report);
		return;
	default:
		break;
	}
	text_format(text, " %s", notice_name(change->kind));
}
