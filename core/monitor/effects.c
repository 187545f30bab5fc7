/*
 * For the monitor: carries out what its rules decided about a target, as notices and state for the
 * keeper and as the next run that is planned.
 *
 * Changes go to the keeper in the order in which the rules found them, and the state follows them.
 */
#include "monitor/effects.h"

#include <assert.h>

#include "base/random.h"
#include "monitor/apply_run.h"
#include "monitor/monitor.h"
#include "monitor/notify.h"
#include "monitor/pace.h"

void
effects_tell(struct monitor *monitor, uint32_t target, const struct run_effects *effects,
    const struct report *report, uint32_t silence_was)
{
	struct watched *watched = &monitor->watch.targets[target];
	enum state state = (enum state)watched->state.state;

	assert(effects->count == 0 || effects->durable);
	for (uint32_t i = 0; i < effects->count; i++)
		notify_change(monitor, target, &effects->changes[i], report);
	/* What was told needs no telling again. Before the state is written down: who recovers from
	 * it must not tell these runs again. */
	if (state_is_down(state) && !state_is_down(effects->from))
		attempts_keep_last(watched->attempts);
	if ((state == STATE_UP || state == STATE_PENDING) && watched->state.missing == 0)
		attempts_destroy(&watched->attempts);
	if (watched->state.silence != silence_was)
		notify_silence(monitor, target, silence_was);
	if (effects->durable || watched->state.silence != silence_was)
		keeper_link_mark(monitor->keeper, target);
}

void
effects_plan(struct monitor *monitor, uint32_t target, int64_t ended)
{
	struct watch *watch = &monitor->watch;
	const struct watched *watched = &watch->targets[target];
	const struct target *configured = watch_target(watch, target);
	struct pace_next next = pace_next(&watched->state, configured->policy, configured->hash,
	    watched->due, ended, random_next(&watch->random));

	activity_add_passed_over(&monitor->activity, next.passed_over);
	/* A run that says what our own side lacks is repeated soon, for all that lack the same. */
	int64_t soon = ended + configured->policy->retry_interval;
	bool repeat = watched->state.verdict == PW_UNKNOWN
	    && blind_asks_for(&monitor->own.blind, target) && soon < next.at;
	orders_plan(monitor->orders, target, repeat ? soon : next.at);
}

/* The run that failed is over, so there is no report: the sentence is made from what the
 * attempts left. */
void
effects_confirm(struct monitor *monitor, uint32_t target, uint32_t silence, bool alone)
{
	const struct watch *watch = &monitor->watch;
	struct watched *watched = &watch->targets[target];
	uint32_t silence_was = watched->state.silence;
	struct run_effects effects;

	if (watched->state.trouble == NULL || !watched->state.trouble->held)
		return;
	const struct run_context context = { .silence =
	    dependencies_silence(monitor, target) | silence,
		.alone = alone, .codes = watch->codes };
	if (!apply_release(&watched->state, watch_target(watch, target)->policy, &context,
	    watch_moment(watch), &effects))
		return;
	effects_tell(monitor, target, &effects, NULL, silence_was);
	if (watched->run == 0)
		effects_plan(monitor, target, watch->now);
	if (effects.from != effects.to)
		dependencies_moved(monitor, target);
}
