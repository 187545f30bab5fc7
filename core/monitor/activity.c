/*
 * For the monitor: writes lines on single attempts to the log, no more of them than a reader can
 * bear, and counts runs: for a line in the log every hour, and for the heartbeat, a URL that the
 * keeper has asked while all is well, every 10 s.
 *
 * There are two counts of the same things, since the hour and the ten seconds do not end together.
 */
#include "monitor/activity.h"

#include <assert.h>
#include <inttypes.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/messages_outbox.h"
#include "monitor/attempt.h"
#include "monitor/change_text.h"
#include "monitor/monitor.h"

/* When very much happens at once, the log gets 200 lines in 10 s and the count of the rest. */

enum { SENTENCE_MAX = 4096, LINES_MAX = 200, FEW_TARGETS = 100 };
static const int64_t lines_every = 10 * (int64_t)SECOND;

/* A line that is to be said. */
struct line {
	int level;
	const char *what;
	uint32_t attempt, of; /* 0: none of a row */
};

/* A line too much is counted, and the count said with the next budget: the log then shows that
 * it is not whole. */
static void
say(struct attempt_log *log, const struct watch *watch, const struct line *line,
    const struct report *report)
{
	struct text sentence = TEXT_ROOM(SENTENCE_MAX);

	if (line->level > watch->config->log_level)
		return;
	if (watch->now - log->since >= lines_every) {
		if (log->withheld > 0)
			duty_log(watch->duty, LOG_NOTICE, 0,
			    "%" PRIu64 " lines about single attempts were left out", log->withheld);
		*log = (struct attempt_log){ .since = watch->now };
	}
	if (log->lines++ >= LINES_MAX) {
		assert(log->lines > LINES_MAX);
		log->withheld++;
		return;
	}
	change_text_add_report(&sentence, watch, report);
	if (line->attempt > 0)
		text_format(&sentence,
		    line->attempt <= line->of ? ", attempt %" PRIu32 " of %" PRIu32
		                              : ", attempt %" PRIu32, line->attempt, line->of);
	else
		text_format(&sentence, ", in %s", SPAN(report->micros));
	duty_log(watch->duty, line->level, 0, "%s %s: %s",
	    watch_target(watch, report->target)->name, line->what, sentence.bytes);
}

void
attempt_log_add(struct attempt_log *log, const struct watch *watch, const struct own_side *own,
    const struct run_effects *effects, const struct report *report)
{
	const struct watched *watched = &watch->targets[report->target];
	const struct policy *policy = watch_target(watch, report->target)->policy;
	const struct trouble *trouble = watched->state.trouble;
	enum pw_verdict verdict = (enum pw_verdict)report->verdict;
	struct line line = { .what = NULL };
	/* The word of somebody else that would confirm it is on its way: the line would stand right
	 * before that of the outage. */
	bool is_about_to_be_told = trouble != NULL && trouble->held
	    && !own_side_holds(own, watch, report->target);

	if (effects->signal == SIGNAL_NONE && watch->stopping)
		return; /* it was interrupted, and everybody knows why */
	if (effects->signal == SIGNAL_NONE)
		line = (struct line){ verdict == PW_UNKNOWN ? LOG_INFO : LOG_DEBUG, "unknown", 0,
		    0 };
	else if (effects->to == STATE_SUSPECT && !is_about_to_be_told)
		line = (struct line){ LOG_NOTICE, trouble->repeating
		    ? "suspect, and asked again at once" : "suspect",
			watched->state.fails + trouble->repeating,
			attempt_needed(&watched->state, policy, watch->now) };
	else if (effects->avoided)
		line = (struct line){ LOG_NOTICE, "up, a false alarm avoided", 0, 0 };
	else if (effects->from == STATE_PENDING && effects->to == STATE_UP)
		line = (struct line){ watch->config->target_count <= FEW_TARGETS ? LOG_INFO
		    : LOG_DEBUG,
			verdict == PW_OK ? "up" : verdict_name(verdict), 0, 0 };
	else if (effects->to == STATE_RECOVERING)
		line = (struct line){ LOG_INFO, "recovering", watched->state.passes,
			policy->recover_tries };
	else if (effects->from == STATE_RECOVERING && effects->to == STATE_DOWN)
		line = (struct line){ LOG_INFO, "still down", 0, 0 };
	if (line.what != NULL)
		say(log, watch, &line, report);
}

static const int64_t hourly = 3600 * (int64_t)SECOND, health_every = 10 * (int64_t)SECOND;

void
activity_add_report(struct activity *activity, int64_t late)
{
	histogram_add(&activity->counts.late, late);
	histogram_add(&activity->health.late, late);
}

void
activity_add_run(struct activity *activity, const struct run_effects *effects, uint8_t verdict)
{
	assert(effects->count <= RUN_EFFECTS_MAX && verdict <= PW_UNKNOWN);
	activity->runs_ever++;
	activity->counts.runs++;
	activity->health.runs++;
	activity->counts.verdicts[verdict]++;
	activity->counts.avoided += effects->avoided;
}

void
activity_add_passed_over(struct activity *activity, uint32_t runs)
{
	activity->counts.passed_over += runs;
	activity->health.passed_over += runs;
}

static double
late_ms(const struct counts *counts, unsigned permille)
{
	return (double)histogram_at(&counts->late, permille) / MILLISECOND;
}

/* Lateness by percentiles: a mean would hide the few runs that began late. */
void
activity_log(struct monitor *monitor)
{
	const struct watch *watch = &monitor->watch;
	struct counts *counts = &monitor->activity.counts;
	uint32_t states[STATES] = { 0 };

	for (uint32_t i = 0; i < watch->config->target_count; i++)
		states[watch->targets[i].state.state]++;
	duty_log(watch->duty, LOG_INFO, 0,
	    "%" PRIu32 " up, %" PRIu32 " suspect, %" PRIu32 " down, %" PRIu32
	    " not yet known; %" PRIu64 " runs, %" PRIu64 " unknown, %" PRIu64 " passed over, "
	    "%" PRIu64 " false alarms avoided; "
	    "runs began late by %.1f ms (p50), %.1f ms (p99), %.1f ms at most", states[STATE_UP],
	    states[STATE_SUSPECT],
	    states[STATE_DOWN] + states[STATE_RECOVERING], states[STATE_PENDING], counts->runs,
	    counts->verdicts[PW_UNKNOWN],
	    counts->passed_over, counts->avoided, late_ms(counts, 500), late_ms(counts, 990),
	    late_ms(counts, 1000));
	const struct keeper_link_dropped dropped = keeper_link_dropped(monitor->keeper);
	if (dropped.results > 0 || dropped.evidence > 0)
		duty_log(watch->duty, LOG_WARNING, 0,
		    "the keeper does not keep up: %" PRIu64 " results and %" PRIu64
		    " pieces of evidence were left out", dropped.results, dropped.evidence);
	*counts = (struct counts){ .runs = 0 };
	monitor->activity.hour = watch->now;
}

void
activity_tick(struct monitor *monitor)
{
	const struct watch *watch = &monitor->watch;
	struct health *health = &monitor->activity.health;
	const bool blind = blind_is_known(&monitor->own.blind);
	unsigned char packet[64];
	struct wire_out out = wire_over(packet, sizeof packet);

	if (watch->now - monitor->activity.hour >= hourly)
		activity_log(monitor);
	if (!watch->begun || (watch->now < health->next && blind == health->blind))
		return;
	const struct orders_load load = orders_load(monitor->orders);
	const int64_t late = histogram_at(&health->late, 990);
	message_put_health(&out, &(struct message_health){ .ran = (uint32_t)health->runs,
	    .passed_over = (uint32_t)health->passed_over, .late = late,
	    .blind = blind,
	    .unserved = load.unserved, .in_line = load.in_line, .waiting = load.waiting });
	/* Where it finds no room it is said anew: who hears nothing holds the heartbeat back. */
	(void)keeper_link_send(monitor->keeper, packet, out.size);
	*health = (struct health){
		.next = watch->now + health_every, .blind = blind, .told_late = late
	};
}
