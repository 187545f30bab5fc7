/*
 * Parents and children. A child that turns suspect has its parents looked at at once; its `down` is stamped as waiting
 * until they are plain, and no longer than it takes to confirm them. Depth is at most 8 and there are no cycles: the
 * configuration has seen to it.
 */
#include "monitor/monitor.h"

#include "monitor/attempt.h"

#include <stdlib.h>

#include "monitor/silence.h"

bool
kin_init(struct monitor *monitor)
{
	const struct config *config = monitor->config;
	bool any = false;

	for (uint32_t i = 0; i < config->target_count; i++)
		any |= config->targets[i].parent != CONFIG_NONE;
	if (!any)
		return true;
	monitor->kin = malloc(config->target_count * sizeof *monitor->kin);
	if (monitor->kin == NULL)
		return false;
	for (uint32_t i = 0; i < config->target_count; i++)
		monitor->kin[i] = (struct kin){ .first_child = CONFIG_NONE, .next_sibling = CONFIG_NONE };
	for (uint32_t i = config->target_count; i-- > 0;) {
		uint32_t parent = config->targets[i].parent;
		if (parent == CONFIG_NONE)
			continue;
		monitor->kin[i].next_sibling = monitor->kin[parent].first_child;
		monitor->kin[parent].first_child = i;
	}
	return true;
}

static uint32_t
parent_of(const struct monitor *monitor, uint32_t target)
{
	return monitor->config->targets[target].parent;
}

uint32_t
kin_silence(const struct monitor *monitor, uint32_t target)
{
	if (monitor->kin == NULL || parent_of(monitor, target) == CONFIG_NONE)
		return 0;
	int64_t began = monitor->kin[target].began;
	uint32_t reasons = 0;
	for (uint32_t i = parent_of(monitor, target); i != CONFIG_NONE; i = parent_of(monitor, i))
		reasons |= silence_of_ancestor((enum state)monitor->targets[i].state.state, monitor->kin[i].looked >= began);
	if (reasons & SILENCE_parent)
		return SILENCE_parent;
	return monitor->now < monitor->kin[target].waits ? reasons : 0;
}

/* Has a run of it that begins from now on, unless one is under way that did. */
static void
look_at(struct monitor *monitor, uint32_t target, int64_t since)
{
	const struct watched *watched = &monitor->targets[target];

	if (watched->state.state != STATE_PENDING && watched->state.state != STATE_UP)
		return; /* its own attempts are under way, or it is down */
	if (watched->state.flags & TARGET_QUARANTINED)
		return;
	if (watched->run != 0)
		monitor->kin[target].wanted = since;
	else
		watch_plan(monitor, target, monitor->now);
}

void
kin_suspected(struct monitor *monitor, uint32_t target, int64_t began)
{
	int64_t wait = 0;

	if (monitor->kin == NULL || parent_of(monitor, target) == CONFIG_NONE || monitor->kin[target].began == began)
		return;
	monitor->kin[target].began = began;
	for (uint32_t i = parent_of(monitor, target); i != CONFIG_NONE; i = parent_of(monitor, i)) {
		const struct policy *policy = monitor->config->targets[i].policy;
		int64_t longest = silence_wait_max(policy, attempt_needed(&monitor->targets[i].state, policy, monitor->now));
		wait = longest > wait ? longest : wait;
		if (monitor->kin[i].looked < began)
			look_at(monitor, i, began);
	}
	if (monitor->kin[target].waits == 0)
		monitor->waiting++;
	monitor->kin[target].waits = monitor->now + wait;
}

void
kin_begin(struct monitor *monitor)
{
	for (uint32_t i = 0; i < monitor->config->target_count; i++) {
		const struct target_state *state = &monitor->targets[i].state;
		if (state->trouble != NULL && (state->state == STATE_SUSPECT || state->silence & SILENCE_parent_unplain))
			kin_suspected(monitor, i, state->trouble->began.mono);
	}
}

static void
refresh_children(struct monitor *monitor, uint32_t target, bool moved)
{
	for (uint32_t i = monitor->kin[target].first_child; i != CONFIG_NONE; i = monitor->kin[i].next_sibling) {
		if (moved || monitor->kin[i].waits != 0)
			watch_hush(monitor, i);
		refresh_children(monitor, i, moved);
	}
}

static void
wait_no_longer(struct monitor *monitor, uint32_t target)
{
	if (monitor->kin[target].waits != 0)
		monitor->waiting--;
	monitor->kin[target].waits = 0;
}

void
kin_learnt(struct monitor *monitor, uint32_t target, int64_t started, bool moved)
{
	if (monitor->kin == NULL)
		return;
	struct kin *kin = &monitor->kin[target];
	kin->looked = started;
	if (monitor->targets[target].state.state == STATE_UP && kin->waits != 0) {
		wait_no_longer(monitor, target);
		watch_hush(monitor, target);
	}
	if (kin->first_child != CONFIG_NONE)
		refresh_children(monitor, target, moved);
	if (kin->wanted > started)
		look_at(monitor, target, kin->wanted);
	kin->wanted = 0;
}

void
kin_moved(struct monitor *monitor, uint32_t target)
{
	if (monitor->kin != NULL)
		refresh_children(monitor, target, true);
}

void
kin_tick(struct monitor *monitor)
{
	for (uint32_t i = 0; monitor->waiting > 0 && i < monitor->config->target_count; i++)
		if (monitor->kin[i].waits != 0 && monitor->now >= monitor->kin[i].waits) {
			wait_no_longer(monitor, i);
			watch_hush(monitor, i);
		}
}

uint32_t
kin_count_behind(const struct monitor *monitor, uint32_t target)
{
	uint32_t count = 0;

	if (monitor->kin == NULL)
		return 0;
	for (uint32_t i = monitor->kin[target].first_child; i != CONFIG_NONE; i = monitor->kin[i].next_sibling)
		count += 1 + kin_count_behind(monitor, i);
	return count;
}
