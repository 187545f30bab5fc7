/*
 * Targets that a prober died of: each is run in a prober of its own, a few at a time, the others in line, until a run of
 * it has ended well or the parent holds it. So what it does to its prober is nobody else's trouble.
 */
#include "monitor/monitor.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"

bool
apart_init(struct monitor *monitor)
{
	struct apart *apart = &monitor->apart;

	for (uint32_t i = 0; i < PROBERS_APART; i++)
		apart->alone[i] = CONFIG_NONE;
	apart->line = malloc((monitor->config->target_count + 1) * sizeof *apart->line);
	return apart->line != NULL;
}

void
apart_fini(struct monitor *monitor)
{
	free(monitor->apart.line);
	monitor->apart.line = NULL;
}

/* Which of the probers has it alone; PROBERS_APART: none. */
static uint32_t
place_of(const struct monitor *monitor, uint32_t target)
{
	uint32_t i = 0;

	while (i < PROBERS_APART && monitor->apart.alone[i] != target)
		i++;
	return i;
}

uint32_t
apart_prober(const struct monitor *monitor, uint32_t target)
{
	uint32_t place = place_of(monitor, target);

	return place < PROBERS_APART ? monitor->config->probers + place : CONFIG_NONE;
}

void
apart_give_out(struct monitor *monitor)
{
	struct apart *apart = &monitor->apart;

	for (uint32_t i = 0; i < PROBERS_APART && apart->count > 0 && monitor->begun; i++) {
		if (apart->alone[i] != CONFIG_NONE || monitor->probers[monitor->config->probers + i].fd < 0)
			continue;
		apart->alone[i] = apart->line[0];
		memmove(apart->line, apart->line + 1, --apart->count * sizeof *apart->line);
		watch_plan(monitor, apart->alone[i], monitor->now);
	}
}

/* Takes it from its prober, or from the line. */
static void
take_away(struct monitor *monitor, uint32_t target)
{
	struct apart *apart = &monitor->apart;
	uint32_t place = place_of(monitor, target), left = 0;

	watch_release(monitor, target);
	schedule_drop(&monitor->schedule, target);
	if (place < PROBERS_APART)
		apart->alone[place] = CONFIG_NONE;
	for (uint32_t i = 0; i < apart->count; i++)
		if (apart->line[i] != target)
			apart->line[left++] = apart->line[i];
	apart->count = left;
	monitor->targets[target].apart = monitor->targets[target].named = false;
}

void
apart_add(struct monitor *monitor, uint32_t target)
{
	struct apart *apart = &monitor->apart;

	if (monitor->targets[target].apart)
		return;
	/* Whoever has it in hand is dead, or is not to report on it any more. */
	watch_release(monitor, target);
	schedule_drop(&monitor->schedule, target);
	monitor->targets[target].apart = true;
	monitor->targets[target].named = false;
	assert(apart->count < monitor->config->target_count);
	apart->line[apart->count++] = target;
	apart_give_out(monitor);
}

void
apart_remove(struct monitor *monitor, uint32_t target)
{
	if (!monitor->targets[target].apart)
		return;
	take_away(monitor, target);
	apart_give_out(monitor);
}

void
apart_reported(struct monitor *monitor, uint32_t target, const struct report *report)
{
	unsigned char packet[16];
	struct wire_out out = wire_over(packet, sizeof packet);
	uint32_t place = place_of(monitor, target);

	if (place == PROBERS_APART || monitor->targets[target].run != 0 || strcmp(report->outcome, "interrupted") == 0)
		return;
	message_put_cleared(&out, target);
	/* Where the parent does not hear it, the target stays where it is, and its next run says it again. */
	if (!packet_send(monitor->duty->parent, packet, out.size, -1))
		return;
	monitor->apart.alone[place] = CONFIG_NONE;
	monitor->targets[target].apart = monitor->targets[target].named = false;
	apart_give_out(monitor);
}
