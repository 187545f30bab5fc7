/*
 * Applies the rules to one run of one target.
 *
 * One run, judged: signal, state, flapping, conditions, pace; each change stamped with the reasons
 * for silence. All memory that a run may need is taken first, so that a run either counts whole or
 * not at all.
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
	const struct outlook *outlook;
	struct news *news;
	struct moment now;
};

static bool
reserve_flapping(struct target_state *target)
{
	if (target->flapping != NULL)
		return true;
	target->flapping = malloc(sizeof *target->flapping);
	if (target->flapping != NULL)
		flapping_init(target->flapping);
	return target->flapping != NULL;
}

/* Takes all memory that the run may need. */
static bool
reserve(struct target_state *target, const struct sighting *run, const struct policy *policy,
    const struct outlook *outlook)
{
	bool may_fail = run->verdict == PW_FAILED || run->tempfail || run->rate_limited;
	uint32_t fails = target->fails + (run->missing ? target->missing : 0u) + 1;

	if ((may_fail || run->verdict == PW_UNKNOWN) && target->trouble == NULL
	    && (target->trouble = calloc(1, sizeof *target->trouble)) == NULL)
		return false;
	if (may_fail && target->unsteady == NULL && !state_is_down((enum state)target->state)) {
		target->unsteady = malloc(sizeof *target->unsteady);
		if (target->unsteady == NULL)
			return false;
		unsteady_begin(target->unsteady, target->since.mono, policy->interval,
		    sighting_ended(run));
	}
	bool may_go_down = may_fail && (fails >= policy->tries || outlook->enough);

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
	if (target->unsteady != NULL && target->fails == 0 && unsteady_is_over(target->unsteady)
	    && conditions_find(target->conditions, CODE_UNSTABLE) == NULL) {
		free(target->unsteady);
		target->unsteady = NULL;
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
	struct news *news = it->news;
	struct target_state *target = it->target;
	uint32_t reasons = it->outlook->silence | reasons_inside(target)
	    | (state_is_down((enum state)target->state) ? SILENCE_down : 0)
	    | (target->trouble != NULL && target->trouble->together ? SILENCE_digest : 0);

	assert(news->count < NEWS_MAX);
	news->durable = true;
	struct change *change = &news->changes[news->count++];
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
	free(target->unsteady); /* what failed has been confirmed */
	target->unsteady = NULL;
	struct change *change = tell(it, kind, trouble->told, trouble->began);
	change->attempts = target->fails;
	change->alone = it->outlook->alone;
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
	if (!failed || !it->outlook->apart)
		trouble->apart = 0;
	else if (++trouble->apart >= APART_RUNS) {
		trouble->together = false;
		struct change *change = tell(it, NOTICE_down, trouble->told, trouble->began);
		change->attempts = it->target->fails;
		change->apart = true;
		change->from = change->to = STATE_DOWN;
	}
}

static void
go_up(const struct learning *it, enum state from, struct moment ended, uint16_t outcome)
{
	struct target_state *target = it->target;

	flapping_up(target->flapping, ended);
	target->since = it->now;
	struct change *change = tell(it, NOTICE_up, outcome, ended);
	change->attempts = target->passes;
	change->from = from;
	change->to = STATE_UP;
}

/* What the new state means, beside its name. */
static void
enter(const struct learning *it, enum state from, struct state_move move,
    const struct sighting *run)
{
	struct target_state *target = it->target;
	struct trouble *trouble = target->trouble;
	enum signal signal = it->news->signal;

	target->state = (uint8_t)move.to;
	if (from == STATE_PENDING && move.to == STATE_UP)
		target->since = it->now;
	if ((move.to == STATE_SUSPECT || move.to == STATE_DOWN) && !moment_is_set(trouble->began)) {
		trouble->began = sighting_started(run);
		it->news->suspected = true;
	}
	if (signal == SIGNAL_PASSED || signal == SIGNAL_PASSED_ENOUGH) {
		if (state_is_down(from) && !moment_is_set(trouble->recovered))
			trouble->recovered = sighting_started(run);
	} else if (signal != SIGNAL_NONE)
		trouble->recovered = (struct moment){ 0, 0 };
	if (move.tell == NOTICE_down)
		go_down(it, from);
	else if (move.tell == NOTICE_up)
		go_up(it, from, trouble->recovered, run->outcome);
	else if (move.tell == NOTICE_changed) {
		trouble->told = run->outcome;
		trouble->changed = it->now;
		trouble->other_runs = 0;
		tell(it, NOTICE_changed, run->outcome, sighting_started(run));
	}
	if (move.to != STATE_UP || trouble == NULL)
		return;
	trouble->began = trouble->recovered = (struct moment){ 0, 0 };
	trouble->incident = 0;
	trouble->held = trouble->together = trouble->offered = false;
}

static void
learn_state(const struct learning *it, const struct sighting *run)
{
	enum state from = (enum state)it->target->state;

	it->news->signal = attempt_count(it->target, run, it->policy, it->outlook);
	struct state_move move = state_move(from, it->news->signal);
	it->news->avoided = move.avoided;
	it->news->from = from;
	it->news->to = move.to;
	enter(it, from, move, run);
	learn_apart(it, from, it->news->signal == SIGNAL_FAILED
	    || it->news->signal == SIGNAL_FAILED_ENOUGH
	        || it->news->signal == SIGNAL_FAILED_OTHERWISE);
	if (attempt_is_stale(it->target, it->policy, it->now.mono))
		tell(it, NOTICE_impaired, run->outcome, it->target->trouble->unknown);
}

/* A run that tells nothing of the target neither steadies it nor ends its episode. */
static void
learn_flapping(const struct learning *it, bool failed)
{
	struct target_state *target = it->target;

	if (target->flapping == NULL || it->news->signal == SIGNAL_NONE)
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

/* A row of failures counts when it has ended by a pass: only then it is known that they failed
 * alone. */
static void
count_row(const struct learning *it, const struct sighting *run, uint16_t fails)
{
	const struct trouble *trouble = it->target->trouble;
	struct unsteady *unsteady = it->target->unsteady;

	unsteady_passed(unsteady, run->ended);
	/* A pass that took longer than the routine limit shows what the failures were: slowness,
	 * not chance. */
	if (it->news->from == STATE_SUSPECT && fails > 0 && trouble != NULL && !trouble->ours
	    && !run->over_routine)
		unsteady_failed(unsteady, fails, trouble->last, run->ended);
}

/* Adds `unstable` to what the run shows: it begins with a failure in hand, which may be told.
 * `fails`: the failures in a row before the run. */
static void
learn_steadiness(const struct learning *it, struct sighting *run, bool failed, uint16_t fails)
{
	struct target_state *target = it->target;

	/* Whether something of our own was in the way of this run, or may have been. */
	bool ours = it->outlook->ours || (run->verdict == PW_UNKNOWN
	    ? it->news->from == STATE_SUSPECT : it->outlook->blind);
	if (target->trouble != NULL && ours)
		target->trouble->ours = true;
	if (target->unsteady == NULL || it->news->signal == SIGNAL_NONE)
		return;
	if (!failed)
		count_row(it, run, fails);
	const struct unsteady_hour hour = unsteady_hour(target->unsteady, run->ended);
	bool stands = conditions_find(target->conditions, CODE_UNSTABLE) != NULL;
	bool begins = failed && !target->trouble->ours
	    && unsteady_shows(hour, target->fails, false);
	if (((stands && unsteady_shows(hour, 0, true)) || begins) && run->shown_count < SHOWN_MAX)
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
begin(struct news *news, const struct target_state *target)
{
	news->signal = SIGNAL_NONE;
	news->from = news->to = (enum state)target->state;
	news->durable = news->avoided = news->suspected = news->slow = news->swift =
	    news->backed_off = false;
	news->count = 0;
}

bool
apply_run(struct target_state *target, const struct sighting *given, const struct policy *policy,
    const struct outlook *outlook, struct news *news)
{
	struct sighting run = *given;
	struct learning it = { target, policy, outlook, news, sighting_ended(given) };
	bool slow = target->slow;
	uint8_t doubled = target->doubled, missing = target->missing;
	uint16_t fails = target->fails, passes = target->passes, outcome = target->outcome;
	bool troubled = target->trouble != NULL;

	begin(news, target);
	if (!run.due)
		return true;
	if (!reserve(target, &run, policy, outlook)) {
		release(target, policy, run.ended);
		return false;
	}
	learn_state(&it, &run);
	bool passed = news->signal == SIGNAL_PASSED || news->signal == SIGNAL_PASSED_ENOUGH;
	bool failed = news->signal != SIGNAL_NONE && !passed;
	target->outcome = run.outcome;
	target->verdict = (uint8_t)run.verdict;
	target->ended = sighting_ended(&run);
	/* Whether the name is missing is learnt also from a run that could say nothing else. */
	if (run.missing && target->missing < UINT8_MAX)
		target->missing++;
	else if (!run.missing && run.verdict != PW_UNKNOWN)
		target->missing = 0;
	learn_flapping(&it, failed);
	learn_steadiness(&it, &run, failed, fails);
	/* While we are blind even what a failed run seems to show is not theirs, nor is what
	 * somebody says in their place. */
	if (!outlook->intercepted && !(outlook->blind && run.verdict == PW_FAILED))
		news->durable |= conditions_learn(&target->conditions, &run, passed, policy,
		    outlook->codes, on_condition, &it);
	pace_learn(target, policy, &run, passed, news);
	apply_silence(target, outlook->silence);
	release(target, policy, run.ended);
	bool counted = target->state == STATE_RECOVERING && passes != target->passes;
	news->durable |= failed || news->from != news->to || counted || outcome != target->outcome
	    || slow != target->slow || doubled != target->doubled || missing != target->missing
	    || troubled != (target->trouble != NULL);
	return true;
}

/* What was held is confirmed without a run of its own, so only what a confirmation means is
 * learnt here: no pace, no condition. */
bool
apply_release(struct target_state *target, const struct policy *policy,
    const struct outlook *outlook, struct moment now, struct news *news)
{
	struct learning it = { target, policy, outlook, news, now };
	enum state from = (enum state)target->state;

	begin(news, target);
	if (from != STATE_SUSPECT || !target->trouble->held)
		return true;
	if (!reserve_flapping(target))
		return false;
	news->signal = SIGNAL_FAILED_ENOUGH;
	struct state_move move = state_move(from, news->signal);
	news->to = move.to;
	target->state = (uint8_t)move.to;
	go_down(&it, from);
	learn_flapping(&it, true);
	apply_silence(target, outlook->silence);
	return true;
}

bool
apply_silence(struct target_state *target, uint32_t outside)
{
	uint32_t was = target->silence;

	target->silence = (outside & ~(uint32_t)SILENCE_digest) | reasons_inside(target);
	return target->silence != was;
}
