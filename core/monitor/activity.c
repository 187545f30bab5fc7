/* Two counts of the same things, since the hour and the ten seconds do not end together. */
#include "monitor/activity.h"

#include <inttypes.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/messages_outbox.h"
#include "monitor/monitor.h"

static const int64_t hourly = 3600 * (int64_t)SECOND, health_every = 10 * (int64_t)SECOND;

void
activity_add_report(struct activity *activity, int64_t late)
{
	spread_add(&activity->counts.late, late);
	spread_add(&activity->health.late, late);
}

void
activity_add_run(struct activity *activity, const struct news *news, uint8_t verdict)
{
	activity->runs_ever++;
	activity->counts.runs++;
	activity->health.runs++;
	activity->counts.verdicts[verdict]++;
	activity->counts.avoided += news->avoided;
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
	return (double)spread_at(&counts->late, permille) / MILLISECOND;
}

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

static void
say_health(struct monitor *monitor)
{
	const struct watch *watch = &monitor->watch;
	struct health *health = &monitor->activity.health;
	const bool blind = blind_is_known(&monitor->own.blind);
	unsigned char packet[64];
	struct wire_out out = wire_over(packet, sizeof packet);

	if (!watch->begun || (watch->now < health->next && blind == health->blind))
		return;
	const struct orders_load load = orders_load(monitor->orders);
	message_put_health(&out, &(struct message_health){ .ran = (uint32_t)health->runs,
	    .passed_over = (uint32_t)health->passed_over, .late = spread_at(&health->late, 990),
	    .blind = blind,
	    .unserved = load.unserved, .in_line = load.in_line, .waiting = load.waiting });
	/* Where it finds no room it is said anew: who hears nothing holds the heartbeat back. */
	(void)keeper_link_send(monitor->keeper, packet, out.size);
	*health = (struct health){ .next = watch->now + health_every, .blind = blind };
}

void
activity_tick(struct monitor *monitor)
{
	if (monitor->watch.now - monitor->activity.hour >= hourly)
		activity_log(monitor);
	say_health(monitor);
}
