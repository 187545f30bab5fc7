/*
 * For the monitor: where a target that has a `parent` (the relay before it, say) turns suspect, has
 * its parents run at once, and holds its `down` back until their state is known.
 *
 * An outage of a parent explains those of its children: relay down 10:00, mx behind it down 10:01
 * is one mail, if the relay is known to be down by then. So the children wait for what a run of the
 * parent shows that began after they failed.
 */
#include "monitor/dependencies.h"

#include <assert.h>
#include <stdlib.h>

#include "monitor/apply_run.h"
#include "monitor/attempt.h"
#include "monitor/monitor.h"
#include "monitor/notify.h"
#include "monitor/silence.h"

bool
dependencies_init(struct dependencies *dependencies, const struct config *config)
{
	uint32_t count = config->target_count;
	bool any = false;

	*dependencies = (struct dependencies){ .items = NULL };
	for (uint32_t i = 0; i < count; i++)
		any |= config->targets[i].parent != CONFIG_NONE;
	if (!any)
		return true;
	dependencies->items = calloc(count, sizeof *dependencies->items);
	if (dependencies->items == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++)
		dependencies->items[i].first_child =
		    dependencies->items[i].next_sibling = CONFIG_NONE;
	/* Backwards, since each becomes the first child: what is told of them is in the order of
	 * the configuration. */
	for (uint32_t i = count; i-- > 0;) {
		uint32_t parent = config->targets[i].parent;
		if (parent == CONFIG_NONE)
			continue;
		assert(parent < count && parent != i);
		dependencies->items[i].next_sibling = dependencies->items[parent].first_child;
		dependencies->items[parent].first_child = i;
	}
	return true;
}

void
dependencies_fini(struct dependencies *dependencies)
{
	free(dependencies->items);
	dependencies->items = NULL;
}

static uint32_t
parent_of(const struct watch *watch, uint32_t target)
{
	return watch_target(watch, target)->parent;
}

static uint32_t
count_behind(const struct dependent *items, uint32_t target)
{
	uint32_t count = 0;

	for (uint32_t i = items[target].first_child; i != CONFIG_NONE; i = items[i].next_sibling)
		count += 1 + count_behind(items, i);
	return count;
}

uint32_t
dependencies_count_behind(const struct monitor *monitor, uint32_t target)
{
	const struct dependent *items = monitor->dependencies.items;

	return items == NULL ? 0 : count_behind(items, target);
}

/* Any ancestor that is down explains it at once; one of which it is not yet known only as long
 * as the wait lasts. */
uint32_t
dependencies_silence(const struct monitor *monitor, uint32_t target)
{
	const struct watch *watch = &monitor->watch;
	const struct dependencies *dependencies = &monitor->dependencies;

	if (dependencies->items == NULL || parent_of(watch, target) == CONFIG_NONE)
		return 0;
	int64_t began = dependencies->items[target].began;
	uint32_t reasons = 0;
	for (uint32_t i = parent_of(watch, target); i != CONFIG_NONE; i = parent_of(watch, i))
		reasons |= silence_of_ancestor((enum state)watch->targets[i].state.state,
		    dependencies->items[i].looked >= began);
	if (reasons & SILENCE_parent)
		return SILENCE_parent;
	return watch->now < dependencies->items[target].waits ? reasons : 0;
}

/*
 * The target's reasons for silence may be others than before: if so, that is written down and told.
 */
static void
refresh(struct monitor *monitor, uint32_t target)
{
	struct target_state *state = &monitor->watch.targets[target].state;
	uint32_t was = state->silence;

	if (!apply_silence(state, dependencies_silence(monitor, target)))
		return;
	notify_silence(monitor, target, was);
	keeper_link_mark(monitor->keeper, target);
}

/* Has a run of the target that begins from now on, unless one is under way that began after
 * `since`. */
static void
look_at(struct monitor *monitor, uint32_t target, int64_t since)
{
	const struct watched *watched = &monitor->watch.targets[target];

	if (watched->state.state != STATE_PENDING && watched->state.state != STATE_UP)
		return; /* its own attempts are under way, or it is down */
	if (watched->state.quarantined)
		return;
	if (watched->run != 0)
		monitor->dependencies.items[target].wanted = since;
	else
		orders_plan(monitor->orders, target, monitor->watch.now);
}

/* The wait is that of the slowest ancestor: after it the outage is told, whatever is known of
 * them. */
void
dependencies_suspected(struct monitor *monitor, uint32_t target, int64_t began)
{
	const struct watch *watch = &monitor->watch;
	struct dependencies *dependencies = &monitor->dependencies;
	int64_t wait = 0;

	if (dependencies->items == NULL || parent_of(watch, target) == CONFIG_NONE
	    || dependencies->items[target].began == began)
		return;
	struct dependent *dependent = &dependencies->items[target];
	dependent->began = began;
	for (uint32_t i = parent_of(watch, target); i != CONFIG_NONE; i = parent_of(watch, i)) {
		const struct policy *policy = watch_target(watch, i)->policy;
		int64_t longest = silence_wait_max(policy,
		    attempt_needed(&watch->targets[i].state, policy, watch->now));
		wait = longest > wait ? longest : wait;
		if (dependencies->items[i].looked < began)
			look_at(monitor, i, began);
	}
	dependencies->waiting += dependent->waits == 0;
	dependent->waits = watch->now + wait;
}

void
dependencies_begin(struct monitor *monitor)
{
	for (uint32_t i = 0; i < monitor->watch.config->target_count; i++) {
		const struct target_state *state = &monitor->watch.targets[i].state;
		if (state->trouble != NULL && (state->state == STATE_SUSPECT
		    || state->silence & SILENCE_parent_unplain))
			dependencies_suspected(monitor, i, state->trouble->began.mono);
	}
}

static void
refresh_children(struct monitor *monitor, uint32_t target, bool moved)
{
	const struct dependent *items = monitor->dependencies.items;

	for (uint32_t i = items[target].first_child; i != CONFIG_NONE; i = items[i].next_sibling) {
		if (moved || items[i].waits != 0)
			refresh(monitor, i);
		refresh_children(monitor, i, moved);
	}
}

static void
end_wait(struct monitor *monitor, uint32_t target)
{
	struct dependent *dependent = &monitor->dependencies.items[target];

	assert(dependent->waits != 0 && monitor->dependencies.waiting > 0);
	monitor->dependencies.waiting--;
	dependent->waits = 0;
	refresh(monitor, target);
}

/* A child that waits is looked at again with each run of an ancestor, and not only where that
 * changed state: that it is well is an answer, too. */
void
dependencies_learnt(struct monitor *monitor, uint32_t target, int64_t started, bool moved)
{
	if (monitor->dependencies.items == NULL)
		return;
	struct dependent *dependent = &monitor->dependencies.items[target];
	assert(dependent->waits == 0 || monitor->dependencies.waiting > 0);
	dependent->looked = started;
	if (monitor->watch.targets[target].state.state == STATE_UP && dependent->waits != 0)
		end_wait(monitor, target);
	refresh_children(monitor, target, moved);
	if (dependent->wanted > started)
		look_at(monitor, target, dependent->wanted);
	dependent->wanted = 0;
}

void
dependencies_moved(struct monitor *monitor, uint32_t target)
{
	if (monitor->dependencies.items != NULL)
		refresh_children(monitor, target, true);
}

void
dependencies_tick(struct monitor *monitor)
{
	const struct dependencies *dependencies = &monitor->dependencies;

	for (uint32_t i = 0; dependencies->waiting > 0
	    && i < monitor->watch.config->target_count; i++)
		if (dependencies->items[i].waits != 0
		    && monitor->watch.now >= dependencies->items[i].waits)
			end_wait(monitor, i);
}
