/*
 * A hashed timing wheel, which says which targets are due in a tick; orders.c uses it. A slot of
 * the wheel is a ring of entries through its head, so that an entry leaves it without knowing which
 * it is in.
 */
#include "monitor/schedule.h"

#include <assert.h>
#include <stdlib.h>

static void
ring(struct schedule *schedule, uint32_t entry)
{
	schedule->entries[entry].next = schedule->entries[entry].prev = entry;
}

bool
schedule_init(struct schedule *schedule, uint32_t targets, int64_t now)
{
	*schedule = (struct schedule){ .targets = targets, .tick = now / TICK };
	schedule->entries = malloc(((size_t)targets + SCHEDULE_SLOTS) * sizeof *schedule->entries);
	for (uint32_t i = 0; schedule->entries != NULL && i < targets + SCHEDULE_SLOTS; i++)
		ring(schedule, i);
	return schedule->entries != NULL;
}

void
schedule_fini(struct schedule *schedule)
{
	free(schedule->entries);
	*schedule = (struct schedule){ .entries = NULL };
}

int64_t
schedule_horizon(const struct schedule *schedule)
{
	return schedule->tick * TICK;
}

void
schedule_drop(struct schedule *schedule, uint32_t target)
{
	struct schedule_entry *entries = schedule->entries, *entry = &entries[target];

	assert(entries[entry->prev].next == target && entries[entry->next].prev == target);
	entries[entry->prev].next = entry->next;
	entries[entry->next].prev = entry->prev;
	ring(schedule, target);
}

void
schedule_put(struct schedule *schedule, uint32_t target, int64_t due)
{
	struct schedule_entry *entries = schedule->entries;
	int64_t tick = due / TICK < schedule->tick ? schedule->tick : due / TICK;
	uint32_t head = schedule->targets + (uint32_t)(tick % SCHEDULE_SLOTS);

	assert(target < schedule->targets);
	schedule_drop(schedule, target);
	entries[target] = (struct schedule_entry){ .next = head, .prev = entries[head].prev,
	    .due = due };
	entries[entries[head].prev].next = target;
	entries[head].prev = target;
}

void
schedule_collect(struct schedule *schedule, int64_t last,
    void (*on_due)(void *arg, uint32_t target), void *arg)
{
	/* After a long sleep every slot is visited once, with the last ticks: what is older is due
	 * in them as well. */
	if (last - schedule->tick >= SCHEDULE_SLOTS)
		schedule->tick = last - SCHEDULE_SLOTS + 1;
	while (schedule->tick <= last) {
		int64_t tick = schedule->tick++;
		uint32_t head = schedule->targets + (uint32_t)(tick % SCHEDULE_SLOTS);
		for (uint32_t target = schedule->entries[head].next, next; target != head;
		    target = next) {
			next = schedule->entries[target].next;
			if (schedule->entries[target].due / TICK > tick)
				continue;
			schedule_drop(schedule, target);
			on_due(arg, target);
		}
	}
}
