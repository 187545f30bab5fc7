/*
 * Makes the parts of the monitor, and passes the beginning, each tick and the end to them, in an
 * order that each can rely on. It is the whole of the monitor without its event loop, so tests can
 * run it.
 */
#include "monitor/monitor.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "monitor/control.h"
#include "monitor/own_faults.h"
#include "monitor/own_record.h"
#include "monitor/pace.h"
#include "monitor/self_check.h"

enum { FIRST_RUNS_A_SECOND = 100 };

/* Parts that refer to each other are made in the order in which monitor.h names them, and
 * destroyed the other way round. */
struct monitor *
monitor_create(struct duty *duty, int64_t now, uint32_t seed)
{
	struct monitor *monitor = calloc(1, sizeof *monitor);

	if (monitor == NULL)
		return NULL;
	struct watch *watch = &monitor->watch;
	monitor->activity.second = monitor->activity.hour = monitor->activity.log.since = now;
	if (watch_init(watch, duty, now, seed)
	    && dependencies_init(&monitor->dependencies, watch->config)) {
		own_side_init(&monitor->own, watch);
		monitor->orders = orders_create(watch);
		monitor->keeper = keeper_link_create(watch, &monitor->own);
	}
	if (monitor->orders == NULL || monitor->keeper == NULL)
		monitor_destroy(&monitor);
	return monitor;
}

void
monitor_destroy(struct monitor **given)
{
	struct monitor *monitor = *given;

	*given = NULL;
	if (monitor == NULL)
		return;
	keeper_link_destroy(&monitor->keeper);
	orders_destroy(&monitor->orders);
	cross_check_fini(&monitor->cross_check);
	dependencies_fini(&monitor->dependencies);
	watch_fini(&monitor->watch);
	free(monitor);
}

/* First runs come soon and evenly, with very many targets on their grid at once; not before they
 * can be ordered. */
static int64_t
first_due(const struct watch *watch, uint32_t target)
{
	int64_t now = watch->now + TICK + TICK / 5;
	const struct target *configured = watch_target(watch, target);
	const struct target_state *state = &watch->targets[target].state;
	int64_t interval = pace_interval(state, configured->policy),
	    retry = configured->policy->retry_interval;
	int64_t soon = watch->config->target_count * (int64_t)(SECOND / FIRST_RUNS_A_SECOND);

	if (pace_is_retry(state))
		return state->ended.mono + retry > now ? state->ended.mono + retry
		    : pace_first(configured->hash, soon < retry ? soon : retry, now);
	if (!moment_is_set(state->ended) && soon < interval)
		return pace_first(configured->hash, soon, now);
	return pace_grid(configured->hash, interval, now);
}

void
monitor_begin(struct monitor *monitor)
{
	struct watch *watch = &monitor->watch;

	if (watch->begun)
		return;
	keeper_link_begin(monitor->keeper);
	watch->begun = true;
	orders_begin(monitor->orders);
	for (uint32_t i = 0; i < watch->config->target_count; i++) {
		const struct target_state *state = &watch->targets[i].state;

		if (!state->quarantined)
			orders_plan(monitor->orders, i, first_due(watch, i));
		if (state->quarantined || state->doubled > 0)
			/* the keeper may not know how often it is run */
			keeper_link_mark(monitor->keeper, i);
	}
	own_side_begin(&monitor->own, watch);
	own_faults_begin(monitor);
	dependencies_begin(monitor);
	own_digest_begin(monitor);
	held_targets_begin(monitor);
}

/* Orders first: what they cost must not make them late, and all else can wait for a tick. */
void
monitor_tick(struct monitor *monitor)
{
	const struct watch *watch = &monitor->watch;

	assert(watch->now >= monitor->activity.second);
	if (watch->begun && !watch->stopping)
		orders_collect(monitor->orders);
	self_check_tick(monitor);
	cross_check_tick(monitor);
	if (watch->now - monitor->activity.second < SECOND)
		return;
	monitor->activity.second = watch->now;
	dependencies_tick(monitor);
	own_digest_end(monitor);
	if (watch->begun && own_record_tick(&monitor->own, watch))
		keeper_link_mark(monitor->keeper, CONFIG_NONE);
	if (monitor->control != NULL)
		control_tick(monitor->control);
	activity_tick(monitor);
}

void
monitor_flush(struct monitor *monitor, bool tick)
{
	orders_flush(monitor->orders);
	keeper_link_flush(monitor->keeper, tick);
}

void
monitor_stop(struct monitor *monitor)
{
	monitor->watch.stopping = true;
	keeper_link_mark(monitor->keeper, CONFIG_NONE);
	activity_log(monitor);
}

bool
monitor_is_done(const struct monitor *monitor)
{
	return orders_are_done(monitor->orders) && keeper_link_is_empty(monitor->keeper);
}
