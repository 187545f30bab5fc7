/*
 * Counts failed and passed attempts of a target in a row, and makes of a run the signal (passed,
 * failed, confirmed and so on) that moves its state (state.h).
 *
 * A server that asks to come back later (tempfail) has passed at first; once it has said nothing
 * better for its grace and in five runs, it fails; so does one that says for long enough that we
 * come too often, where that cannot be about us. Only a better answer breaks that series: neither a
 * run that failed altogether nor one that told us nothing is one. Nor does such an answer end an
 * outage.
 */
#include "monitor/attempt.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"

enum { NEW_RUNS = 12, REPEATS = 3, TEMPFAIL_RUNS = 5, OTHERWISE_RUNS = 2, POLICY_GRACES = 3,
    CROWDED_ENOUGH = 3 };
/* `changed` is told at most once in that time */
static const int64_t changed_pause = 30 * 60 * (int64_t)SECOND,
    /* failures in a row, tries of them at least, that confirm in any case */
    crowded_apart = 10 * 60 * (int64_t)SECOND, row_max = 10 * 60 * (int64_t)SECOND,
    repeat_max = 2 * 60 * (int64_t)SECOND; /* a row so long is repeated no more */

/* Who limits our rate hears from us less and less often. Whoever does so still when that has become
 * rare does it to everybody, unless the words are about us. */
static bool
is_full_for_all(struct trouble *trouble, const struct observation *run)
{
	if (!moment_is_set(trouble->crowded_at)
	    || run->started - trouble->crowded_at.mono >= crowded_apart) {
		trouble->crowded_at = observation_started(run);
		if (trouble->crowded < UINT8_MAX)
			trouble->crowded++;
	}
	return trouble->crowded >= CROWDED_ENOUGH;
}

static enum bearing
bear_tempfail(const struct target_state *target, const struct observation *run,
    const struct policy *policy)
{
	struct trouble *trouble = target->trouble;
	/* Security or policy (RFC 3463, x.7.x) may be about us for longer than a full disk
	 * lasts. */
	int64_t grace = (run->policy_code ? POLICY_GRACES : 1) * policy->tempfail_grace;

	if (!moment_is_set(trouble->tempfail))
		trouble->tempfail = observation_started(run);
	if (trouble->tempfail_runs < UINT8_MAX)
		trouble->tempfail_runs++;
	if ((!run->rate_limited || is_full_for_all(trouble, run))
	    && trouble->tempfail_runs >= TEMPFAIL_RUNS
	    && run->ended - trouble->tempfail.mono >= grace)
		return BEARING_FAILED;
	return run->tempfail && state_is_down((enum state)target->state) ? BEARING_NEITHER
	    : BEARING_PASSED;
}

static enum bearing
bear(const struct target_state *target, const struct observation *run, const struct policy *policy,
    bool blind)
{
	switch (run->verdict) {
	case PW_UNKNOWN:
		return BEARING_NONE;
	case PW_FAILED:
		return blind ? BEARING_NONE : BEARING_FAILED;
	case PW_DEGRADED:
		if (run->tempfail || (run->rate_limited && !run->means_us))
			return bear_tempfail(target, run, policy);
		break;
	case PW_OK:
	case PW_BLOCKED:
		break;
	}
	if (target->trouble != NULL) {
		target->trouble->tempfail = target->trouble->crowded_at = (struct moment){ 0, 0 };
		target->trouble->tempfail_runs = target->trouble->crowded = 0;
	}
	return BEARING_PASSED;
}

/* Whether what is down fails steadily in another way than was told. */
static bool
fails_otherwise(struct trouble *trouble, const struct observation *run)
{
	if (run->outcome == trouble->told) {
		trouble->other_runs = 0;
		return false;
	}
	if (run->outcome != trouble->other)
		trouble->other_runs = 0;
	trouble->other = run->outcome;
	if (trouble->other_runs < OTHERWISE_RUNS)
		trouble->other_runs++;
	return trouble->other_runs >= OTHERWISE_RUNS
	    && (!moment_is_set(trouble->changed)
	    || run->ended - trouble->changed.mono >= changed_pause);
}

uint32_t
attempt_needed(const struct target_state *target, const struct policy *policy, int64_t now)
{
	if (target->fails > 0 && target->trouble != NULL)
		return target->trouble->needed > policy->tries ? target->trouble->needed
		    : policy->tries;
	if (target->failure_rate == NULL)
		return policy->tries;
	return failure_rate_tries(failure_rate_hour(target->failure_rate, now), policy->tries,
	    policy->interval);
}

/* A suspicion begins: what is known by now decides how long it takes. */
static void
begin_row(struct target_state *target, const struct observation *run, const struct policy *policy)
{
	struct trouble *trouble = target->trouble;
	/* It has been seen for so short a time that single failures would not have shown yet, and
	 * no outage of it is known. */
	bool is_new = target->flapping == NULL && (target->state == STATE_PENDING
	    || run->started - target->since.mono < NEW_RUNS * policy->interval)
	    && (target->failure_rate == NULL || failure_rate_is_over(target->failure_rate));

	trouble->needed = (uint8_t)attempt_needed(target, policy, run->ended);
	trouble->repeats = policy->tries > 1 && is_new ? REPEATS : 0;
	trouble->ours = false;
	memset(trouble->last, 0, sizeof trouble->last);
}

static enum signal
count_failed(struct target_state *target, const struct observation *run,
    const struct policy *policy,
    const struct run_context *context)
{
	struct trouble *trouble = target->trouble;

	if (target->fails == 0 && !state_is_down((enum state)target->state))
		begin_row(target, run, policy);
	target->passes = 0;
	/* The runs before that found no such name either were attempts, too, though a last known
	 * address answered. */
	if (target->fails == 0 && run->missing && !state_is_down((enum state)target->state))
		target->fails = target->missing;
	if (target->fails < UINT16_MAX)
		target->fails++;
	if (state_is_down((enum state)target->state))
		return fails_otherwise(trouble, run) ? SIGNAL_FAILED_OTHERWISE
		    : target->fails >= policy->tries ? SIGNAL_FAILED_ENOUGH : SIGNAL_FAILED;
	memmove(trouble->last, trouble->last + 1, sizeof trouble->last - sizeof trouble->last[0]);
	trouble->last[FAILURE_RATE_LAST - 1] = run->run;
	trouble->told = run->outcome;
	bool enough = context->enough || target->fails >= attempt_needed(target, policy, run->ended)
	    || (target->fails >= policy->tries && run->ended - trouble->began.mono >= row_max);
	trouble->repeating = enough && context->may_repeat && !context->enough
	    && trouble->repeats > 0 && !run->tempfail && !run->rate_limited && !run->missing
	    && run->ended - trouble->began.mono < repeat_max;
	if (trouble->repeating) { /* it is the same attempt again */
		trouble->repeats--;
		trouble->offered = false; /* what is told is what the last of them saw */
		target->fails--;
		enough = false;
	}
	/* A repeated attempt decides nothing, and only one that would have confirmed is
	 * repeated. */
	assert(!trouble->repeating || (!enough && context->may_repeat));
	trouble->held = context->held && enough;
	return enough && !context->held ? SIGNAL_FAILED_ENOUGH : SIGNAL_FAILED;
}

/* Passes are counted up to what confirms a recovery and no further: a target that is up for a
 * year is no more up than one that has just been confirmed. */
static enum signal
count_passed(struct target_state *target, const struct policy *policy)
{
	target->fails = 0;
	if (target->trouble != NULL)
		target->trouble->repeating = false;
	if (target->passes < policy->recover_tries)
		target->passes++;
	if (target->trouble != NULL)
		target->trouble->other_runs = 0;
	return target->passes >= policy->recover_tries ? SIGNAL_PASSED_ENOUGH : SIGNAL_PASSED;
}

enum signal
attempt_count(struct target_state *target, const struct observation *run,
    const struct policy *policy,
    const struct run_context *context)
{
	struct trouble *trouble = target->trouble;
	enum bearing bearing = context->intercepted ? BEARING_NONE
	    : bear(target, run, policy, context->blind);

	/* That we are blind, or what we lack, is told for itself: the time does not count as one in
	 * which this target told us nothing. Only a series of runs that told nothing is worth a
	 * word, so the time goes from the first of them. */
	bool nothing_learnt = bearing == BEARING_NONE && !context->blind && !context->explained
	    && !context->intercepted;
	if (trouble != NULL && !nothing_learnt) {
		trouble->unknown = (struct moment){ 0, 0 };
		trouble->stale = false;
	} else if (trouble != NULL && !moment_is_set(trouble->unknown))
		trouble->unknown = observation_started(run);
	switch (bearing) {
	case BEARING_NONE:
	case BEARING_NEITHER:
		return SIGNAL_NONE;
	case BEARING_PASSED:
		return count_passed(target, policy);
	case BEARING_FAILED:
		return count_failed(target, run, policy, context);
	}
	assert(false);
	return SIGNAL_NONE;
}

bool
attempt_is_stale(struct target_state *target, const struct policy *policy, int64_t now)
{
	struct trouble *trouble = target->trouble;

	/*
	 * One run alone may have taken that long because we stood still: it is no series of them.
	 */
	if (target->verdict != PW_UNKNOWN || trouble == NULL || !moment_is_set(trouble->unknown)
	    || trouble->stale
	    || now - trouble->unknown.mono <= policy->stale_after)
		return false;
	trouble->stale = true;
	return true;
}

static const char *const heads[] = { "verdict", "signal" };
static const char *const cells[][2] = {
	{ "ok", "passed" },
	{ "degraded", "passed" },
	{ "degraded(tempfail)",
	    "passed; failed once the unbroken series is tempfail_grace old (thrice that with "
	    "x.7.x) and 5 runs "
	  "long; neither, before that, of a target that is down" },
	{ "degraded(rate_limited)",
	    "passed; as tempfail where 3 runs at least 10 min apart hear it, none of them in words "
	    "about us" },
	{ "blocked", "passed" },
	{ "failed",
	    "failed; nothing learnt where it ended in silence and we were known to be blind in its "
	    "time" },
	{ "unknown", "nothing learnt; longer than stale_after of it is one `impaired`" },
	{ "by hand and not due", "does not count" },
	{ "the failure number tries in a row",
	    "failed for the tries-th time; where less than half of the attempts of the hour before "
	  "the row, or fewer than 20, failed alone, so many more are needed that chance would "
	      "bring a row of them about once a year; at most 10, "
	  "or 10 min" },
	{ "the tries-th failure of a target that is new",
	    "failed; that attempt is repeated at once, up to 3 times in the first 2 min of "
	  "the row: one of several servers behind an address may be dead, which 12 intervals would "
	      "have shown" },
	{ "the tries-th failure while held", "failed, again and again, until the hold ends" },
	{ "the tries-th failure, in silence",
	    "held until anybody beyond this host is heard after it; others are asked at once" },
	{ "the tries-th failure, in the dark",
	    "confirms nothing, and the next one may: nobody else was heard for 12 s of it (25 s, "
	  "where it had connected), though somebody was asked; or others in 2 networks (1, where "
	      "less than 5 targets are watched "
	  "or 3 networks came back in 10 min) fell silent in its time and came back" },
	{ "the tries-th failure, before a dialogue",
	    "held until a target passes on its port, 10 s at most; others there are asked at "
	    "once" },
	{ "blocked, or tempfail, at the greeting",
	    "nothing learnt while its port is held, or was told as perhaps shut, for those "
	  "that are turned away in the same words" },
	{ "failures in blind spells for 10 min",
	    "failed for the tries-th time, where others were heard between them" },
};

static const char *
cell(size_t row, size_t column)
{
	assert(row < sizeof cells / sizeof *cells && column < sizeof heads / sizeof *heads);
	return cells[row][column];
}

const struct rule_table attempt_table = {
	.name = "signals",
	.title = "From a run's verdict to a signal",
	.heads = heads,
	.columns = 2,
	.rows = sizeof cells / sizeof *cells,
	.cell = cell,
	.note = "Failed and passed runs are counted in a row; a run that tells nothing breaks "
	"neither row. A target that is down "
	        "fails in another way when two runs in a row end with the same other outcome; that "
	            "is told once in 30 min at most.",
};
