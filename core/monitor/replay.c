/*
 * For `postwatch backtest`: feeds stored attempts of a target to the monitor's rules, under two
 * policies side by side.
 *
 * The configured policy takes every run: its pace is that at which they were made. The other takes
 * the same runs while both go at one pace; where its own pace differs it takes the first run at or
 * behind each instant at which it would have made one.
 */
#include "monitor/replay.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "monitor/apply_run.h"
#include "monitor/attempt.h"
#include "monitor/pace.h"
#include "monitor/observe.h"
#include "monitor/silence.h"

/* What is stored of a begin may be of another clock than the record of the incident. */
static const int64_t same_begin = 2 * (int64_t)SECOND, slack_max = 2 * (int64_t)SECOND;

/* How a machine comes to its next run. */
struct step {
	bool is_retry;
	int64_t span;
};

static struct step
step_of(const struct target_state *state, const struct policy *policy)
{
	if (pace_is_retry(state)) /* without jitter, from 0 on */
		return (struct step){ true, pace_next(state, policy, 0, 0, 0, 0).at };
	return (struct step){ false, pace_interval(state, policy) };
}

/* When the machine would have begun its next run, at the earliest. */
static int64_t
planned(const struct replay_machine *machine, struct step step, int64_t grid)
{
	int64_t ended = machine->state.ended.mono;

	if (step.is_retry)
		return ended + step.span;
	return ended < grid ? grid : grid + ((ended - grid) / step.span + 1) * step.span;
}

/* How early a run may be for what its machine had planned; it may be a tenth later than that, as
 * retries are, and wait for a slot. */
static int64_t
slack_of(struct step step)
{
	return step.span / 4 < slack_max ? step.span / 4 : slack_max;
}

/* Counts the attempts that the machine would have made by then, from the planned one on. */
static void
count_unmade(struct replay_machine *machine, struct step step, int64_t late)
{
	int64_t unmade = late > slack_of(step) + step.span / 10
	    ? (late + step.span / 2) / step.span : 0;

	unmade = unmade > UINT16_MAX ? UINT16_MAX : unmade;
	machine->unmade += (uint64_t)unmade;
	if (machine->state.state == STATE_SUSPECT)
		machine->unmade_in_row += (uint32_t)unmade;
}

/* Whether the settings tried would have made a run then; counts for both what they would have made
 * before, and nobody made. */
static bool
is_taken(struct replay *replay, const struct replay_settings *settings, int64_t started)
{
	struct replay_machine *configured = &replay->machines[REPLAY_CONFIGURED],
	                   *tried = &replay->machines[REPLAY_TRIED];
	const struct policy *const *policies = settings->policies;
	struct step theirs = step_of(&configured->state, policies[REPLAY_CONFIGURED]),
	            ours = step_of(&tried->state, policies[REPLAY_TRIED]);
	int64_t late = started - planned(configured, theirs, configured->grid);

	count_unmade(configured, theirs, late);
	if (theirs.is_retry != ours.is_retry || theirs.span != ours.span) {
		bool one_grid = policies[REPLAY_CONFIGURED]->interval
		    == policies[REPLAY_TRIED]->interval;

		late = started - planned(tried, ours, one_grid ? configured->grid : tried->grid);
		if (late < -slack_of(ours))
			return false;
	}
	count_unmade(tried, ours, late);
	return true;
}

/* Puts the run into the form of a report, as its machine sees it: slowness is judged anew where the
 * limits of that differ. */
static void
take(struct report *report, const struct replay_run *run, const struct policy *policy,
    bool slow_anew)
{
	report->run = run->run;
	report->verdict = (uint8_t)run->verdict;
	report->flags = run->flags;
	text_copy(report->outcome, sizeof report->outcome, run->outcome);
	report->warning_count = 0;
	report->reached = run->phase_count == 0 && run->verdict == PW_OK ? UINT32_MAX : 0;
	for (uint32_t i = 0; i < run->phase_count && i < 32; i++)
		report->reached |= (uint32_t)(run->phases[i] >= 0) << i;
	if (!slow_anew || run->phase_count == 0 || run->verdict > PW_DEGRADED)
		return;
	if (strncmp(run->outcome, "slow_", 5) == 0 && strcmp(run->outcome, "slow_leg") != 0) {
		report->verdict = PW_OK;
		text_copy(report->outcome, sizeof report->outcome, "ok");
	}
	for (uint32_t i = 0; i < run->phase_count && i < policy->phase_count
	    && report->warning_count < REPORT_WARNINGS_MAX; i++) {
		struct report_warning *warning = &report->warnings[report->warning_count];

		if (policy->phases[i].slow == 0 || run->phases[i] <= policy->phases[i].slow)
			continue;
		snprintf(warning->code, sizeof warning->code, "slow_%s", policy->phases[i].name);
		warning->phase[0] = '\0';
		warning->text = (struct pw_bytes){ "", 0 };
		report->warning_count++;
	}
}

static unsigned
doubt_of(const struct replay_machine *machine, const struct run_effects *effects, uint32_t fails,
    uint32_t needed)
{
	if (effects->avoided)
		return machine->unmade_in_row > 0 && fails + machine->unmade_in_row >= needed
		    ? REPLAY_UNMADE : 0;
	if (!state_is_down(effects->to) || state_is_down(effects->from))
		return 0;
	return (machine->unmade_in_row > 0 ? REPLAY_UNMADE : 0) | machine->doubt;
}

static bool
judge(struct replayer *replayer, struct replay_machine *machine, enum replay_which which,
    const struct policy *policy, const struct observation *run, const struct run_context *context)
{
	uint32_t fails = machine->state.fails,
	         needed = attempt_needed(&machine->state, policy, run->ended);
	struct run_effects *effects = &replayer->effects;

	assert(run->started <= run->ended);
	/* That an attempt failed in silence says nothing of what a longer wait would have heard. */
	machine->doubt = !run->patient && run->verdict == PW_FAILED && !run->spoken
	    && pace_is_patient(&machine->state, policy) ? REPLAY_ROUTINE : 0;
	if (!apply_run(&machine->state, run, policy, context, effects))
		return false;
	bool held = machine->state.state == STATE_SUSPECT && machine->state.trouble->held;
	machine->held = held ? run->ended : 0;
	machine->silence = context->silence;
	if (effects->count > 0 || effects->avoided || effects->suspected)
		replayer->told(replayer->arg, which, effects,
		    doubt_of(machine, effects, fails, needed));
	if (machine->state.state != STATE_SUSPECT)
		machine->unmade_in_row = 0;
	return true;
}

bool
replay_run(struct replayer *replayer, struct replay *replay, const struct replay_settings *settings,
    const struct replay_run *run)
{
	/* A run that seems to begin before the last one has ended: the clock was set back. */
	int64_t lasted = run->ended > run->started ? run->ended - run->started : 0,
	        started = run->started > replay->ended ? run->started : replay->ended;
	const struct policy *configured = settings->policies[REPLAY_CONFIGURED];
	struct run_context context = run_context_of_flags(run->flags, replayer->codes);
	struct observation observation;

	if (run->flags & RESULT_BY_HAND)
		return true;
	/* Both machines begin with nothing known at the first run that is kept: what they knew
	 * before is not in the store. */
	for (int i = 0; replay->ended == 0 && i < REPLAY_MACHINES; i++) {
		target_state_init(&replay->machines[i].state, (struct moment){ started, started });
		replay->machines[i].state.ended = (struct moment){ started, started };
		replay->machines[i].grid = started;
	}
	bool unwatched = started - replay->ended
	    > policy_patience(configured, configured->interval);
	replay->ended = started + lasted;
	/* Whatever the clock did, time goes on for the rules. */
	assert(replay->ended >= started);
	for (int i = 0; unwatched && i < REPLAY_MACHINES; i++) {
		struct replay_machine *machine = &replay->machines[i];

		if (!target_state_is_broken(&machine->state, settings->policies[i], started))
			continue;
		target_state_begin_streak(&machine->state);
		machine->held = 0;
		machine->unmade_in_row = 0;
	}
	bool patient = pace_is_patient(&replay->machines[REPLAY_CONFIGURED].state, configured),
	     taken = unwatched || is_taken(replay, settings, started);
	context.blind = run->verdict == PW_UNKNOWN && strcmp(run->outcome, "blind") == 0;
	context.silence |= run->paused ? SILENCE_paused : 0;
	for (int i = 0; i < (taken ? REPLAY_MACHINES : REPLAY_TRIED); i++) {
		const struct policy *policy = settings->policies[i];
		struct replay_machine *machine = &replay->machines[i];

		if (i == REPLAY_CONFIGURED || settings->slow_differs) {
			take(&replayer->report, run, policy, i == REPLAY_TRIED);
			/* A name that nobody knows any more shows nothing. */
			(void)observe_report(replayer->codes, policy, &replayer->report,
			    &observation);
			observation.patient = patient;
			observation.started = observation.started_utc = started;
			observation.ended = observation.ended_utc = replay->ended;
			if (context.blind)
				observation.verdict = PW_FAILED;
		}
		if (!pace_is_retry(&machine->state))
			machine->grid = started;
		if (!judge(replayer, machine, (enum replay_which)i, policy, &observation, &context))
			return false;
	}
	return true;
}

/* What was held is confirmed at the time at which its hold ended, silent for the reasons of its
 * last run and for those of that time. */
static bool
release(struct replayer *replayer, struct replay_machine *machine, enum replay_which which,
    const struct policy *policy, int64_t at, uint32_t silence)
{
	const struct run_context context = { .silence = machine->silence | silence,
		.codes = replayer->codes };

	assert(machine->held != 0 && at >= machine->held);
	machine->held = 0;
	if (!apply_release(&machine->state, policy, &context, (struct moment){ at, at },
	    &replayer->effects))
		return false;
	replayer->told(replayer->arg, which, &replayer->effects,
	    doubt_of(machine, &replayer->effects, 0, 0));
	machine->unmade_in_row = 0;
	return true;
}

bool
replay_confirmed(struct replayer *replayer, struct replay *replay,
    const struct replay_settings *settings, const struct replay_confirmation *it)
{
	const uint32_t from_outside = SILENCE_digest | SILENCE_parent | SILENCE_parent_unplain;
	struct replay_machine *configured = &replay->machines[REPLAY_CONFIGURED];
	int64_t held = configured->held;
	bool done = true;

	if (held == 0 || it->at < held
	    || llabs(configured->state.trouble->began.utc - it->began) > same_begin)
		return true;
	for (int i = 0; done && i < REPLAY_MACHINES; i++)
		if (replay->machines[i].held == held)
			done = release(replayer, &replay->machines[i], (enum replay_which)i,
			    settings->policies[i], it->at, it->silence & from_outside);
	return done;
}

bool
replay_waits(const struct replay *replay)
{
	const struct replay_machine *tried = &replay->machines[REPLAY_TRIED];

	return tried->held != 0 && tried->held != replay->machines[REPLAY_CONFIGURED].held;
}

bool
replay_heard(struct replayer *replayer, struct replay *replay,
    const struct replay_settings *settings, int64_t at)
{
	struct replay_machine *tried = &replay->machines[REPLAY_TRIED];

	return !replay_waits(replay) || at < tried->held
	    || release(replayer, tried, REPLAY_TRIED, settings->policies[REPLAY_TRIED], at, 0);
}

void
replay_fini(struct replay *replay)
{
	for (int i = 0; i < REPLAY_MACHINES; i++)
		target_state_fini(&replay->machines[i].state);
}
