/*
 * Applies the monitor's rules to one run of one target, in their order: attempts counted, state,
 * flapping, conditions, and the interval to the next run. Each change that results is stamped with
 * the reasons for which nobody is told of it now. Also used by `postwatch backtest`.
 *
 * All memory that a run may need is taken first, so that a run either counts whole or not at all.
 */
#include "monitor/apply_run.h"

#include <assert.h>
#include <stdlib.h>

#include "monitor/attempt.h"
#include "monitor/pace.h"
#include "monitor/silence.h"

enum { APART_RUNS = 2 };

struct learning {
	struct target_state *target;
	const struct policy *policy;
	const struct run_context *context;
	struct run_effects *effects;
	struct moment now;
};

static bool
reserve_flapping(struct target_state *target)
{
	if (target->flapping == NULL
	    && (target->flapping = malloc(sizeof *target->flapping)) != NULL)
		*target->flapping = (struct flapping){ .flap = FLAP_STEADY };
	return target->flapping != NULL;
}

/* Takes all memory that the run may need. */
static bool
reserve(struct target_state *target, const struct observation *run, const struct policy *policy,
    const struct run_context *context)
{
	bool may_fail = run->verdict == PW_FAILED || run->tempfail || run->rate_limited;
	uint32_t fails = target->fails + (run->missing ? target->missing : 0u) + 1;

	if ((may_fail || run->verdict == PW_UNKNOWN) && target->trouble == NULL
	    && (target->trouble = calloc(1, sizeof *target->trouble)) == NULL)
		return false;
	if (may_fail && target->failure_rate == NULL && !state_is_down((enum state)target->state)) {
		target->failure_rate = malloc(sizeof *target->failure_rate);
		if (target->failure_rate == NULL)
			return false;
		failure_rate_begin(target->failure_rate, target->since.mono, policy->interval,
		    observation_ended(run));
	}
	bool may_go_down = may_fail && (fails >= policy->tries || context->enough);

	return (!may_go_down || reserve_flapping(target))
	    && conditions_reserve(&target->conditions, run->shown_count + 1);
}

/* Gives back what is no longer needed. */
static void
release(struct target_state *target, const struct policy *policy, int64_t now)
{
	const struct trouble *trouble = target->trouble;

	if (trouble != NULL && !moment_is_set(trouble->began) && !moment_is_set(trouble->tempfail)
	    && !moment_is_set(trouble->unknown)) {
		free(target->trouble);
		target->trouble = NULL;
	}
	if (target->flapping != NULL && flapping_is_over(target->flapping, policy, now)) {
		free(target->flapping);
		target->flapping = NULL;
	}
	if (target->failure_rate != NULL && target->fails == 0
	    && failure_rate_is_over(target->failure_rate)
	    && conditions_find(target->conditions, CODE_UNSTABLE) == NULL) {
		free(target->failure_rate);
		target->failure_rate = NULL;
	}
	if (target->conditions != NULL && target->conditions->count == 0) {
		free(target->conditions);
		target->conditions = NULL;
	}
}

static uint32_t
reasons_inside(const struct target_state *target)
{
	return target->flapping != NULL && target->flapping->flap == FLAP_FLAPPING
	    ? SILENCE_flapping : 0;
}

/*
 * Reasons for silence are those in force at this moment of the run: what ends an episode is not
 * silenced by it, what came before is. A condition waits while its target is down; and what was
 * told in a digest ends in one.
 */
static struct change *
tell(const struct learning *it, enum notice_kind kind, uint16_t code, struct moment detected)
{
	struct run_effects *effects = it->effects;
	struct target_state *target = it->target;
	uint32_t reasons = it->context->silence | reasons_inside(target)
	    | (state_is_down((enum state)target->state) ? SILENCE_down : 0)
	    | (target->trouble != NULL && target->trouble->together ? SILENCE_digest : 0);

	assert(effects->count < RUN_EFFECTS_MAX);
	effects->durable = true;
	struct change *change = &effects->changes[effects->count++];
	*change = (struct change){
		.kind = kind,
		.code = code,
		.number = ++target->number,
		.incident = target->trouble != NULL ? target->trouble->incident : 0,
		.silence = silence_of(reasons, kind),
		.detected = detected,
		.confirmed = it->now,
	};
	return change;
}

static void
go_down(const struct learning *it, enum state from)
{
	struct target_state *target = it->target;
	struct trouble *trouble = target->trouble;
	enum notice_kind kind = flapping_down(target->flapping, it->policy, trouble->began,
	    it->now);

	trouble->held = false;
	trouble->other_runs = 0;
	trouble->changed = (struct moment){ 0, 0 };
	trouble->incident = target->number + 1;
	target->since = it->now;
	free(target->failure_rate); /* what failed has been confirmed */
	target->failure_rate = NULL;
	struct change *change = tell(it, kind, trouble->told, trouble->began);
	change->attempts = target->fails;
	change->alone = it->context->alone;
	change->from = from;
	change->to = STATE_DOWN;
	trouble->together = change->silence & SILENCE_digest;
	trouble->apart = 0;
}

/*
 * Told together with others, it still fails when the reason for that is over: it is told by itself.
 */
static void
learn_apart(const struct learning *it, enum state from, bool failed)
{
	struct trouble *trouble = it->target->trouble;

	if (!state_is_down(from) || trouble == NULL || !trouble->together)
		return;
	if (!failed || !it->context->apart)
		trouble->apart = 0;
	else if (++trouble->apart >= APART_RUNS) {
		trouble->together = false;
		struct change *change = tell(it, NOTICE_down, trouble->told, trouble->began);
		change->attempts = it->target->fails;
		change->apart = true;
		change->from = change->to = STATE_DOWN;
	}
}

/* What the new state means, beside its name. */
static void
enter(const struct learning *it, enum state from, struct state_move move,
    const struct observation *run)
{
	struct target_state *target = it->target;
	struct trouble *trouble = target->trouble;
	enum signal signal = it->effects->signal;

	target->state = (uint8_t)move.to;
	if (from == STATE_PENDING && move.to == STATE_UP)
		target->since = it->now;
	if ((move.to == STATE_SUSPECT || move.to == STATE_DOWN) && !moment_is_set(trouble->began)) {
		trouble->began = observation_started(run);
		it->effects->suspected = true;
	}
	if (signal == SIGNAL_PASSED || signal == SIGNAL_PASSED_ENOUGH) {
		if (state_is_down(from) && !moment_is_set(trouble->recovered))
			trouble->recovered = observation_started(run);
	} else if (signal != SIGNAL_NONE)
		trouble->recovered = (struct moment){ 0, 0 };
	if (move.tell == NOTICE_down)
		go_down(it, from);
	else if (move.tell == NOTICE_up) {
		target->flapping->outages[FLAP_DOWNS - 1].ended = trouble->recovered;
		target->since = it->now;
		struct change *change = tell(it, NOTICE_up, run->outcome, trouble->recovered);
		change->attempts = target->passes;
		change->from = from;
		change->to = STATE_UP;
	} else if (move.tell == NOTICE_changed) {
		trouble->told = run->outcome;
		trouble->changed = it->now;
		trouble->other_runs = 0;
		tell(it, NOTICE_changed, run->outcome, observation_started(run));
	}
	if (move.to != STATE_UP || trouble == NULL)
		return;
	trouble->began = trouble->recovered = (struct moment){ 0, 0 };
	trouble->incident = 0;
	trouble->held = trouble->together = trouble->offered = false;
}

static void
learn_state(const struct learning *it, const struct observation *run)
{
	enum state from = (enum state)it->target->state;

	it->effects->signal = attempt_count(it->target, run, it->policy, it->context);
	struct state_move move = state_move(from, it->effects->signal);
	it->effects->avoided = move.avoided;
	it->effects->from = from;
	it->effects->to = move.to;
	enter(it, from, move, run);
	learn_apart(it, from, it->effects->signal == SIGNAL_FAILED
	    || it->effects->signal == SIGNAL_FAILED_ENOUGH
	        || it->effects->signal == SIGNAL_FAILED_OTHERWISE);
	if (attempt_is_stale(it->target, it->policy, it->now.mono))
		tell(it, NOTICE_impaired, run->outcome, it->target->trouble->unknown);
}

/* A run that tells nothing of the target neither steadies it nor ends its episode. */
static void
learn_flapping(const struct learning *it, bool failed)
{
	struct target_state *target = it->target;

	if (target->flapping == NULL || it->effects->signal == SIGNAL_NONE)
		return;
	struct moment began = target->flapping->began;
	enum notice_kind kind = flapping_run(target->flapping, pace_interval(target, it->policy),
	    (enum state)target->state, failed, it->now);
	if (kind == NOTICE_none)
		return;
	struct change *change = tell(it, kind, target->outcome, began);
	if (kind == NOTICE_down) {
		change->code = target->trouble->told;
		change->from = change->to = STATE_DOWN;
	}
}

/* Adds `unstable` to what the run shows: it begins with a failure in hand, which may be told.
 * `fails`: the failures in a row before the run. */
static void
learn_steadiness(const struct learning *it, struct observation *run, bool failed, uint16_t fails)
{
	struct target_state *target = it->target;
	const struct trouble *trouble = target->trouble;

	/* Whether something of our own was in the way of this run, or may have been. */
	bool ours = it->context->ours || (run->verdict == PW_UNKNOWN
	    ? it->effects->from == STATE_SUSPECT : it->context->blind);
	if (target->trouble != NULL && ours)
		target->trouble->ours = true;
	if (target->failure_rate == NULL || it->effects->signal == SIGNAL_NONE)
		return;
	if (!failed)
		failure_rate_passed(target->failure_rate, run->ended);
	/* A row of failures counts when it has ended by a pass: only then it is known that they
	 * failed alone. A pass that took longer than the routine limit shows what the failures
	 * were: slowness, not chance. */
	if (!failed && it->effects->from == STATE_SUSPECT && fails > 0 && trouble != NULL
	    && !trouble->ours && !run->over_routine)
		failure_rate_failed(target->failure_rate, fails, trouble->last, run->ended);
	const struct failure_rate_hour hour = failure_rate_hour(target->failure_rate, run->ended);
	bool stands = conditions_find(target->conditions, CODE_UNSTABLE) != NULL;
	bool begins = failed && !target->trouble->ours
	    && failure_rate_shows(hour, target->fails, false);
	if (((stands && failure_rate_shows(hour, 0, true)) || begins)
	    && run->shown_count < SHOWN_MAX)
		run->shown[run->shown_count++] = (struct shown){ .code = CODE_UNSTABLE,
		    .phase = PHASE_ANY };
}

static void
on_condition(void *arg, const struct condition *condition, enum condition_tell what)
{
	const struct learning *it = arg;

	tell(it, what == CONDITION_TELL_CLEARED ? NOTICE_cleared : condition->blocked
	    ? NOTICE_blocked : NOTICE_degraded, condition->code, condition->since);
}

/* Not by an initialiser: that would clear the long list of changes for every run. */
static void
begin(struct run_effects *effects, const struct target_state *target)
{
	effects->signal = SIGNAL_NONE;
	effects->from = effects->to = (enum state)target->state;
	effects->durable = effects->avoided = effects->suspected = effects->slow = effects->swift =
	    effects->backed_off = false;
	effects->count = 0;
}

bool
apply_run(struct target_state *target, const struct observation *given, const struct policy *policy,
    const struct run_context *context, struct run_effects *effects)
{
	struct observation run = *given;
	struct learning it = { target, policy, context, effects, observation_ended(given) };
	bool slow = target->slow;
	uint8_t doubled = target->doubled, missing = target->missing;
	uint16_t fails = target->fails, passes = target->passes, outcome = target->outcome;
	bool troubled = target->trouble != NULL;

	begin(effects, target);
	if (!run.due)
		return true;
	if (!reserve(target, &run, policy, context)) {
		release(target, policy, run.ended);
		return false;
	}
	learn_state(&it, &run);
	bool passed = effects->signal == SIGNAL_PASSED || effects->signal == SIGNAL_PASSED_ENOUGH;
	bool failed = effects->signal != SIGNAL_NONE && !passed;
	target->outcome = run.outcome;
	target->verdict = (uint8_t)run.verdict;
	target->ended = observation_ended(&run);
	/* Whether the name is missing is learnt also from a run that could say nothing else. */
	if (run.missing && target->missing < UINT8_MAX)
		target->missing++;
	else if (!run.missing && run.verdict != PW_UNKNOWN)
		target->missing = 0;
	learn_flapping(&it, failed);
	learn_steadiness(&it, &run, failed, fails);
	/* While we are blind even what a failed run seems to show is not theirs, nor is what
	 * somebody says in their place. */
	if (!context->intercepted && !(context->blind && run.verdict == PW_FAILED))
		effects->durable |= conditions_learn(&target->conditions, &run, passed, policy,
		    context->codes, on_condition, &it);
	pace_learn(target, policy, &run, passed, effects);
	apply_silence(target, context->silence);
	release(target, policy, run.ended);
	bool counted = target->state == STATE_RECOVERING && passes != target->passes;
	effects->durable |= failed || effects->from != effects->to || counted
	    || outcome != target->outcome
	    || slow != target->slow || doubled != target->doubled || missing != target->missing
	    || troubled != (target->trouble != NULL);
	return true;
}

/* What was held is confirmed without a run of its own, so only what a confirmation means is
 * learnt here: no pace, no condition. */
bool
apply_release(struct target_state *target, const struct policy *policy,
    const struct run_context *context, struct moment now, struct run_effects *effects)
{
	struct learning it = { target, policy, context, effects, now };
	enum state from = (enum state)target->state;

	begin(effects, target);
	if (from != STATE_SUSPECT || !target->trouble->held)
		return true;
	if (!reserve_flapping(target))
		return false;
	effects->signal = SIGNAL_FAILED_ENOUGH;
	struct state_move move = state_move(from, effects->signal);
	effects->to = move.to;
	target->state = (uint8_t)move.to;
	go_down(&it, from);
	learn_flapping(&it, true);
	apply_silence(target, context->silence);
	return true;
}

bool
apply_silence(struct target_state *target, uint32_t outside)
{
	uint32_t was = target->silence;

	target->silence = (outside & ~(uint32_t)SILENCE_digest) | reasons_inside(target);
	return target->silence != was;
}
