/*
 * For the prober: limits simultaneous connections, in total and to each address. Two queues: those
 * who wait for an address, and addresses that wait for room in all, so giving a slot back costs the
 * same however many wait.
 */
#include "prober/slots.h"

#include <assert.h>
#include <search.h>
#include <stdlib.h>

struct place {
	TAILQ_ENTRY(place) link;
	bool waits;                      /* stands in the line for room in all */
	uint32_t held;
	struct slot_line line;
	struct address address;
};

struct slots {
	uint32_t in_all, per_address, held, waiting;
	void *places;                    /* a tree of tsearch(3), by their addresses */
	TAILQ_HEAD(place_list, place) waiting_places;
};

struct slots *
slots_create(uint32_t in_all, uint32_t per_address)
{
	struct slots *slots = calloc(1, sizeof *slots);

	if (slots == NULL)
		return NULL;
	slots->in_all = in_all > 0 ? in_all : 1;
	slots->per_address = per_address > 0 ? per_address : 1;
	TAILQ_INIT(&slots->waiting_places);
	return slots;
}

void
slots_destroy(struct slots **held)
{
	struct slots *slots = *held;

	if (slots == NULL)
		return;
	tdestroy(slots->places, free);
	free(slots);
	*held = NULL;
}

static int
order(const void *a, const void *b)
{
	return address_order(&((const struct place *)a)->address,
	    &((const struct place *)b)->address);
}

/* Without memory for a place nobody is held up: the caps are a courtesy to servers, and no
 * reason to leave them unwatched. */
static struct place *
find_place(struct slots *slots, const struct address *address)
{
	const struct place wanted = { .address = *address };
	struct place **found = tfind(&wanted, &slots->places, order), *place;

	if (found != NULL)
		return *found;
	if ((place = calloc(1, sizeof *place)) == NULL)
		return NULL;
	place->address = *address;
	TAILQ_INIT(&place->line);
	if (tsearch(place, &slots->places, order) != NULL)
		return place;
	free(place);
	return NULL;
}

static void
forget_place(struct slots *slots, struct place *place)
{
	if (place->held > 0 || !TAILQ_EMPTY(&place->line) || place->waits)
		return;
	tdelete(place, &slots->places, order);
	free(place);
}

static void
take(struct slots *slots, struct slot *slot)
{
	assert(slots->held < slots->in_all && slot->place->held < slots->per_address);
	slot->held = true;
	slot->place->held++;
	slots->held++;
}

static void
leave_line(struct slots *slots, struct slot *slot)
{
	assert(slots->waiting > 0 && !slot->held && !TAILQ_EMPTY(&slot->place->line));
	slots->waiting--;
	TAILQ_REMOVE(&slot->place->line, slot, link);
}

/* An address with room and somebody in line gets in line for room in all. */
static void
join_waiting(struct slots *slots, struct place *place)
{
	if (place->waits || TAILQ_EMPTY(&place->line) || place->held >= slots->per_address)
		return;
	place->waits = true;
	TAILQ_INSERT_TAIL(&slots->waiting_places, place, link);
}

static void
grant(struct slots *slots, struct slot_line *granted)
{
	struct place *place;

	while (slots->held < slots->in_all
	    && (place = TAILQ_FIRST(&slots->waiting_places)) != NULL) {
		struct slot *slot = TAILQ_FIRST(&place->line);

		assert(place->waits);
		TAILQ_REMOVE(&slots->waiting_places, place, link);
		place->waits = false;
		if (slot == NULL || place->held >= slots->per_address) {
			forget_place(slots, place);
			continue;
		}
		leave_line(slots, slot);
		take(slots, slot);
		join_waiting(slots, place);
		TAILQ_INSERT_TAIL(granted, slot, link);
	}
	assert(slots->held <= slots->in_all);
}

bool
slots_ask(struct slots *slots, struct slot *slot, const struct address *address)
{
	assert(slot->place == NULL);
	slot->place = find_place(slots, address);
	if (slot->place == NULL)
		return true;
	if (slots->held < slots->in_all && slot->place->held < slots->per_address
	    && TAILQ_EMPTY(&slot->place->line)) {
		take(slots, slot);
		return true;
	}
	slots->waiting++;
	TAILQ_INSERT_TAIL(&slot->place->line, slot, link);
	join_waiting(slots, slot->place);
	return false;
}

/* Addresses take turns for room in all, and within an address who came first goes first: one
 * address with a hundred names cannot hold up the others. */
void
slots_give_back(struct slots *slots, struct slot *slot, struct slot_line *granted)
{
	struct place *place = slot->place;

	TAILQ_INIT(granted);
	if (place == NULL)
		return;
	if (slot->held) {
		assert(place->held > 0 && slots->held >= place->held);
		slot->held = false;
		place->held--;
		slots->held--;
		join_waiting(slots, place);
	} else {
		leave_line(slots, slot);
	}
	slot->place = NULL;
	forget_place(slots, place);
	grant(slots, granted);
}

uint32_t
slots_waiting(const struct slots *slots)
{
	return slots->waiting;
}
