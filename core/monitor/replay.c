/*
 * Feeds attempts that were kept to the rules, under two policies.
 *
 * The configured lane takes every run: its pace is that at which they were made. The other takes
 * the same runs while both go at one pace; where its own pace differs it takes the first run at or
 * behind each instant at which it would have made one.
 */
#include "monitor/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "monitor/apply_run.h"
#include "monitor/attempt.h"
#include "monitor/pace.h"
#include "monitor/sight.h"
#include "monitor/silence.h"

/* What is stored of a begin may be of another clock than the record of the incident. */
static const int64_t same_begin = 2 * (int64_t)SECOND, slack_max = 2 * (int64_t)SECOND;

/* How a lane comes to its next run. */
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

/* When the lane would have begun its next run, at the earliest. */
static int64_t
planned(const struct replay_lane *lane, struct step step, int64_t grid)
{
	int64_t ended = lane->state.ended.mono;

	if (step.is_retry)
		return ended + step.span;
	return ended < grid ? grid : grid + ((ended - grid) / step.span + 1) * step.span;
}

/* How early a run may be for what its lane had planned; it may be a tenth later than that, as
 * retries are, and wait for a slot. */
static int64_t
slack_of(struct step step)
{
	return step.span / 4 < slack_max ? step.span / 4 : slack_max;
}

/* Counts the attempts that the lane would have made by then, from the one that was planned on. */
static void
count_unmade(struct replay_lane *lane, struct step step, int64_t late)
{
	int64_t unmade = late > slack_of(step) + step.span / 10
	    ? (late + step.span / 2) / step.span : 0;

	unmade = unmade > UINT16_MAX ? UINT16_MAX : unmade;
	lane->unmade += (uint64_t)unmade;
	if (lane->state.state == STATE_SUSPECT)
		lane->unmade_in_row += (uint32_t)unmade;
}

/* Whether the settings tried would have made a run then; counts for both what they would have made
 * before, and nobody made. */
static bool
is_taken(struct replay *replay, const struct replay_settings *settings, int64_t started)
{
	struct replay_lane *configured = &replay->lanes[REPLAY_CONFIGURED],
	                   *tried = &replay->lanes[REPLAY_TRIED];
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

/* Puts the run into the form of a report, as its lane sees it: slowness is judged anew where the
 * limits of that differ. */
static void
take(struct report *report, const struct replay_run *run, const struct policy *policy,
    bool slow_anew)
{
	report->run = run->run;
	report->verdict = (uint8_t)run->verdict;
	report->flags = run->flags;
	snprintf(report->outcome, sizeof report->outcome, "%s", run->outcome);
	report->warning_count = 0;
	report->reached = run->phase_count == 0 && run->verdict == PW_OK ? UINT32_MAX : 0;
	for (uint32_t i = 0; i < run->phase_count && i < 32; i++)
		report->reached |= (uint32_t)(run->phases[i] >= 0) << i;
	if (!slow_anew || run->phase_count == 0 || run->verdict > PW_DEGRADED)
		return;
	if (strncmp(run->outcome, "slow_", 5) == 0 && strcmp(run->outcome, "slow_leg") != 0) {
		report->verdict = PW_OK;
		snprintf(report->outcome, sizeof report->outcome, "ok");
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
doubt_of(const struct replay_lane *lane, const struct news *news, uint32_t fails, uint32_t needed)
{
	if (news->avoided)
		return lane->unmade_in_row > 0 && fails + lane->unmade_in_row >= needed
		    ? REPLAY_UNMADE : 0;
	if (!state_is_down(news->to) || state_is_down(news->from))
		return 0;
	return (lane->unmade_in_row > 0 ? REPLAY_UNMADE : 0) | lane->doubt;
}

static bool
judge(struct replayer *replayer, struct replay_lane *lane, enum replay_which which,
    const struct policy *policy, const struct sighting *run, const struct outlook *outlook)
{
	uint32_t fails = lane->state.fails,
	         needed = attempt_needed(&lane->state, policy, run->ended);
	struct news *news = &replayer->news;

	/* That an attempt failed in silence says nothing of what a longer wait would have heard. */
	lane->doubt = !run->patient && run->verdict == PW_FAILED && !run->spoken
	    && pace_is_patient(&lane->state, policy) ? REPLAY_ROUTINE : 0;
	if (!apply_run(&lane->state, run, policy, outlook, news))
		return false;
	bool held = lane->state.state == STATE_SUSPECT && lane->state.trouble->held;
	lane->held = held ? run->ended : 0;
	lane->silence = outlook->silence;
	if (news->count > 0 || news->avoided || news->suspected)
		replayer->told(replayer->arg, which, news, doubt_of(lane, news, fails, needed));
	if (lane->state.state != STATE_SUSPECT)
		lane->unmade_in_row = 0;
	return true;
}

static void
begin(struct replay *replay, int64_t at)
{
	for (int i = 0; i < REPLAY_LANES; i++) {
		target_state_init(&replay->lanes[i].state, (struct moment){ at, at });
		replay->lanes[i].state.ended = (struct moment){ at, at };
		replay->lanes[i].grid = at;
	}
}

bool
replay_run(struct replayer *replayer, struct replay *replay, const struct replay_settings *settings,
    const struct replay_run *run)
{
	/* A run that seems to begin before the last one has ended: the clock was set back. */
	int64_t lasted = run->ended > run->started ? run->ended - run->started : 0,
	        started = run->started > replay->ended ? run->started : replay->ended;
	const struct policy *configured = settings->policies[REPLAY_CONFIGURED];
	struct outlook outlook = outlook_of_flags(run->flags, replayer->codes);

	if (run->flags & RESULT_BY_HAND)
		return true;
	if (replay->ended == 0)
		begin(replay, started);
	bool unwatched = started - replay->ended > policy_patience(configured, configured->interval);
	replay->ended = started + lasted;
	for (int i = 0; unwatched && i < REPLAY_LANES; i++)
		if (target_state_is_broken(&replay->lanes[i].state, settings->policies[i], started))
			target_state_begin_streak(&replay->lanes[i].state);
	bool patient = pace_is_patient(&replay->lanes[REPLAY_CONFIGURED].state, configured),
	     taken = unwatched || is_taken(replay, settings, started);
	outlook.blind = run->verdict == PW_UNKNOWN && strcmp(run->outcome, "blind") == 0;
	outlook.silence |= run->paused ? SILENCE_paused : 0;
	for (int i = 0; i < (taken ? REPLAY_LANES : REPLAY_TRIED); i++) {
		const struct policy *policy = settings->policies[i];
		struct replay_lane *lane = &replay->lanes[i];
		struct sighting sighting;

		take(&replayer->report, run, policy, i == REPLAY_TRIED && settings->slow_differs);
		/* A name that nobody knows any more shows nothing. */
		(void)sight_report(replayer->codes, policy, &replayer->report, &sighting);
		if (outlook.blind)
			sighting.verdict = PW_FAILED;
		sighting.patient = patient;
		sighting.started = sighting.started_utc = started;
		sighting.ended = sighting.ended_utc = replay->ended;
		if (!pace_is_retry(&lane->state))
			lane->grid = started;
		if (!judge(replayer, lane, (enum replay_which)i, policy, &sighting, &outlook))
			return false;
	}
	return true;
}

static bool
release(struct replayer *replayer, struct replay_lane *lane, enum replay_which which,
    const struct policy *policy, int64_t at, uint32_t silence)
{
	const struct outlook outlook = { .silence = lane->silence | silence,
		.codes = replayer->codes };

	lane->held = 0;
	if (!apply_release(&lane->state, policy, &outlook, (struct moment){ at, at },
	    &replayer->news))
		return false;
	replayer->told(replayer->arg, which, &replayer->news,
	    doubt_of(lane, &replayer->news, 0, 0));
	lane->unmade_in_row = 0;
	return true;
}

bool
replay_confirmed(struct replayer *replayer, struct replay *replay,
    const struct replay_settings *settings, const struct replay_confirmation *it)
{
	const uint32_t from_outside = SILENCE_digest | SILENCE_parent | SILENCE_parent_unplain;
	struct replay_lane *configured = &replay->lanes[REPLAY_CONFIGURED];
	int64_t held = configured->held;
	bool done = true;

	if (held == 0 || it->at < held
	    || llabs(configured->state.trouble->began.utc - it->began) > same_begin)
		return true;
	for (int i = 0; done && i < REPLAY_LANES; i++)
		if (replay->lanes[i].held == held)
			done = release(replayer, &replay->lanes[i], (enum replay_which)i,
			    settings->policies[i], it->at, it->silence & from_outside);
	return done;
}

bool
replay_waits(const struct replay *replay)
{
	const struct replay_lane *tried = &replay->lanes[REPLAY_TRIED];

	return tried->held != 0 && tried->held != replay->lanes[REPLAY_CONFIGURED].held;
}

bool
replay_heard(struct replayer *replayer, struct replay *replay,
    const struct replay_settings *settings, int64_t at)
{
	struct replay_lane *tried = &replay->lanes[REPLAY_TRIED];

	return !replay_waits(replay) || at < tried->held
	    || release(replayer, tried, REPLAY_TRIED, settings->policies[REPLAY_TRIED], at,
	    0);
}

void
replay_fini(struct replay *replay)
{
	for (int i = 0; i < REPLAY_LANES; i++)
		target_state_fini(&replay->lanes[i].state);
}
