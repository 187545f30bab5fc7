/* One run: what the rules make of it, and all that follows for the log, the keeper, the schedule and the family. */
#include "monitor/monitor.h"

#include <stdio.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/random.h"
#include "monitor/keeper_link.h"
#include "monitor/pace.h"
#include "monitor/silence.h"

static void
count(struct monitor *monitor, const struct report *report)
{
	const struct news *news = &monitor->news;

	monitor->counts.runs++;
	monitor->counts.runs_ever++;
	monitor->health.runs++;
	monitor->counts.verdicts[report->verdict]++;
	monitor->counts.avoided += news->avoided;
}

/*
 * The series holds the runs whose evidence belongs to what may be told next: all failing attempts of a suspicion; while
 * down, the last failing one and the passing ones behind it.
 */
static void
keep_series(struct watched *watched, const struct report *report, enum state from, enum signal signal)
{
	bool failed = signal == SIGNAL_FAILED || signal == SIGNAL_FAILED_ENOUGH || signal == SIGNAL_FAILED_OTHERWISE;
	enum state state = (enum state)watched->state.state;

	if (signal == SIGNAL_NONE)
		return;
	if (!failed && (report->flags & REPORT_NAME_MISSING) && !state_is_down(state))
		series_add(&watched->series, report->run); /* the first attempts at a name that is gone */
	if (failed && state_is_down(from))
		series_restart(watched->series);
	if (failed)
		series_say(&watched->series, report->text);
	if (failed && state == STATE_SUSPECT && watched->state.trouble->repeating)
		return; /* it is made again, and stands for both */
	if (failed || state_is_down(from) || state_is_down(state))
		series_add(&watched->series, report->run);
}

/* After the changes were told: what was told needs no telling again. */
static void
end_series(struct watched *watched, enum state from)
{
	enum state state = (enum state)watched->state.state;

	if (state_is_down(state) && !state_is_down(from))
		series_keep_last(watched->series);
	if ((state == STATE_UP || state == STATE_PENDING) && watched->state.missing == 0)
		series_destroy(&watched->series);
}

static void
keep_facts(struct watched *watched, const struct report *report)
{
	struct target_state *state = &watched->state;

	state->fingerprint = report->fingerprint;
	if (report->flags & REPORT_HAS_STARTTLS)
		state->flags |= TARGET_HAD_STARTTLS;
	else if (report->verdict == PW_OK && (report->flags & REPORT_REACHED_EHLO))
		state->flags &= (uint8_t)~TARGET_HAD_STARTTLS;
	if (report->flags & REPORT_PASSED_ASKED)
		state->flags |= TARGET_PASSED_ASKED;
	else if (report->verdict == PW_OK)
		state->flags &= (uint8_t)~TARGET_PASSED_ASKED;
}

static void
say_pace(struct monitor *monitor, uint32_t target)
{
	const struct news *news = &monitor->news;
	const struct target *configured = &monitor->config->targets[target];
	char bytes[64];
	struct text span = TEXT_OVER(bytes);

	if (news->slow)
		duty_log(monitor->duty, LOG_INFO, 0, "%s is slow: it gets the patient limits in every run", configured->name);
	if (news->swift)
		duty_log(monitor->duty, LOG_INFO, 0, "%s is within the routine limits again", configured->name);
	text_add_span(&span, pace_interval(&monitor->targets[target].state, configured->policy));
	if (news->backed_off)
		duty_log(monitor->duty, LOG_NOTICE, 0, "%s says that we connect too often: it is run every %s for now",
		    configured->name, bytes);
}

/* A run that says what our own side lacks is repeated soon, for all that lack the same. */
static void
plan_next(struct monitor *monitor, uint32_t target, int64_t ended)
{
	struct watched *watched = &monitor->targets[target];
	const struct target *configured = &monitor->config->targets[target];
	struct pace_next next = pace_next(&watched->state, configured->policy, configured->hash, watched->due, ended,
	    random_next(&monitor->random));

	monitor->counts.passed_over += next.passed_over;
	monitor->health.passed_over += next.passed_over;
	int64_t soon = ended + configured->policy->retry_interval;
	bool repeat = watched->state.verdict == PW_UNKNOWN && blind_asks_for(&monitor->blind, target) && soon < next.at;
	watch_plan(monitor, target, repeat ? soon : next.at);
}

static void
tell_news(struct monitor *monitor, uint32_t target, const struct report *report, uint32_t silence_was)
{
	const struct watched *watched = &monitor->targets[target];

	for (uint32_t i = 0; i < monitor->news.count; i++)
		herald_change(monitor, target, &monitor->news.changes[i], report);
	/* Before the state is written down: who recovers from it must not tell these runs again. */
	end_series(&monitor->targets[target], monitor->news.from);
	if (watched->state.silence != silence_was)
		herald_silence(monitor, target, silence_was);
	if (monitor->news.durable || watched->state.silence != silence_was)
		keeper_link_mark(monitor, target);
}

static void
tell_facts(struct monitor *monitor, const struct report *report)
{
	const struct lately *lately = &monitor->lately[report->run % LATELY];

	if (lately->run == report->run && lately->facts != NULL)
		herald_facts(monitor, report, lately->facts);
}

/* What was not theirs is not passed on as theirs. */
static void
put_result(struct monitor *monitor, struct report *report, const struct outlook *outlook)
{
	if (outlook->blind && report->verdict == PW_FAILED) {
		report->verdict = PW_UNKNOWN;
		snprintf(report->outcome, sizeof report->outcome, "blind");
	}
	keeper_link_add_result(monitor, report);
}

void
judge_run(struct monitor *monitor, struct sighting *run, struct report *report)
{
	uint32_t target = report->target;
	struct watched *watched = &monitor->targets[target];
	const struct policy *policy = monitor->config->targets[target].policy;
	uint32_t silence_was = watched->state.silence;

	ourselves_before(monitor, run, report);
	struct outlook outlook = ourselves_outlook(monitor, run, report);
	if (run->verdict == PW_FAILED && !outlook.blind
	    && (watched->state.state == STATE_PENDING || watched->state.state == STATE_UP))
		kin_suspected(monitor, target, run->started);
	outlook.silence |= watch_silence(monitor, target);
	if (!learn_run(&watched->state, run, policy, &outlook, &monitor->news)) {
		duty_log(monitor->duty, LOG_ERR, 0, "out of memory: a run of %s was dropped",
		    monitor->config->targets[target].name);
		watch_plan(monitor, target, monitor->now + policy->interval);
		return;
	}
	count(monitor, report);
	keep_facts(watched, report);
	keep_series(watched, report, monitor->news.from, monitor->news.signal);
	if (monitor->news.suspected)
		kin_suspected(monitor, target, run->started);
	herald_attempt(monitor, target, report);
	tell_news(monitor, target, report, silence_was);
	tell_facts(monitor, report);
	say_pace(monitor, target);
	put_result(monitor, report, &outlook);
	bool moved = monitor->news.from != monitor->news.to;
	plan_next(monitor, target, run->ended);
	kin_learnt(monitor, target, run->started, moved);
	ourselves_after(monitor, run, report, &outlook);
}

void
judge_confirm(struct monitor *monitor, uint32_t target, uint32_t silence, bool alone)
{
	struct watched *watched = &monitor->targets[target];
	uint32_t silence_was = watched->state.silence;

	if (watched->state.trouble == NULL || !watched->state.trouble->held)
		return;
	struct outlook outlook = { .silence = watch_silence(monitor, target) | silence, .alone = alone, .codes = monitor->codes };
	if (!learn_release(&watched->state, monitor->config->targets[target].policy, &outlook, clocks_now(monitor), &monitor->news))
		return;
	bool moved = monitor->news.from != monitor->news.to;
	tell_news(monitor, target, NULL, silence_was);
	if (watched->run == 0)
		plan_next(monitor, target, monitor->now);
	if (moved)
		kin_moved(monitor, target);
}
