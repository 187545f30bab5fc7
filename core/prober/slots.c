/*
 * Limits simultaneous connections, in total and to each address. Two queues: those who wait for
 * an address, and addresses that wait for room in all, so giving a slot back costs the same
 * however many wait.
 */
#include "prober/slots.h"

#include <assert.h>
#include <stdlib.h>

enum { BUCKETS_FIRST = 256 };

struct place {
	struct place *chain;             /* in its bucket */
	struct place *waiting_next;
	bool waits;                      /* stands in the line for room in all */
	uint32_t held;
	struct slot *first, *last;       /* in line */
	struct address address;
};

struct slots {
	uint32_t in_all, per_address, held, waiting;
	uint32_t places, bucket_count;   /* a power of two */
	struct place **buckets;
	struct place *waiting_first, *waiting_last;
};

struct slots *
slots_create(uint32_t in_all, uint32_t per_address)
{
	struct slots *slots = calloc(1, sizeof *slots);

	if (slots == NULL)
		return NULL;
	slots->in_all = in_all > 0 ? in_all : 1;
	slots->per_address = per_address > 0 ? per_address : 1;
	slots->bucket_count = BUCKETS_FIRST;
	slots->buckets = calloc(slots->bucket_count, sizeof(struct place *));
	if (slots->buckets == NULL)
		slots_destroy(&slots);
	return slots;
}

void
slots_destroy(struct slots **held)
{
	struct slots *slots = *held;

	if (slots == NULL)
		return;
	for (uint32_t i = 0; slots->buckets != NULL && i < slots->bucket_count; i++)
		for (struct place *place = slots->buckets[i], *next; place != NULL; place = next) {
			next = place->chain;
			free(place);
		}
	free(slots->buckets);
	free(slots);
	*held = NULL;
}

static struct place **
bucket(const struct slots *slots, const struct address *address)
{
	return &slots->buckets[address_hash(address) & (slots->bucket_count - 1)];
}

/* Twice the buckets; where there is no memory the chains grow longer. */
static void
grow(struct slots *slots)
{
	struct slots larger = { .bucket_count = slots->bucket_count * 2 };

	larger.buckets = calloc(larger.bucket_count, sizeof(struct place *));
	if (larger.buckets == NULL)
		return;
	for (uint32_t i = 0; i < slots->bucket_count; i++)
		for (struct place *place = slots->buckets[i], *next; place != NULL; place = next) {
			struct place **to = bucket(&larger, &place->address);

			next = place->chain;
			place->chain = *to;
			*to = place;
		}
	free(slots->buckets);
	slots->buckets = larger.buckets;
	slots->bucket_count = larger.bucket_count;
}

/* Without memory for a place nobody is held up: the caps are a courtesy to servers, and no
 * reason to leave them unwatched. */
static struct place *
find_place(struct slots *slots, const struct address *address)
{
	struct place **home = bucket(slots, address), *place;

	for (place = *home; place != NULL; place = place->chain)
		if (address_order(&place->address, address) == 0)
			return place;
	if (slots->places >= slots->bucket_count) {
		grow(slots);
		home = bucket(slots, address);
	}
	if ((place = calloc(1, sizeof *place)) == NULL)
		return NULL;
	place->address = *address;
	place->chain = *home;
	*home = place;
	slots->places++;
	return place;
}

static void
forget_place(struct slots *slots, struct place *place)
{
	struct place **link = bucket(slots, &place->address);

	if (place->held > 0 || place->first != NULL || place->waits)
		return;
	while (*link != place)
		link = &(*link)->chain;
	*link = place->chain;
	slots->places--;
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
stand_in_line(struct slots *slots, struct slot *slot)
{
	struct place *place = slot->place;

	slots->waiting++;
	slot->before = place->last;
	slot->next = NULL;
	if (place->last != NULL)
		place->last->next = slot;
	else
		place->first = slot;
	place->last = slot;
}

static void
leave_line(struct slots *slots, struct slot *slot)
{
	struct place *place = slot->place;

	assert(slots->waiting > 0 && (slot->before == NULL) == (place->first == slot));
	slots->waiting--;
	if (slot->before != NULL)
		slot->before->next = slot->next;
	else
		place->first = slot->next;
	if (slot->next != NULL)
		slot->next->before = slot->before;
	else
		place->last = slot->before;
	slot->next = slot->before = NULL;
}

/* An address with room and somebody in line gets in line for room in all. */
static void
join_waiting(struct slots *slots, struct place *place)
{
	if (place->waits || place->first == NULL || place->held >= slots->per_address)
		return;
	place->waits = true;
	place->waiting_next = NULL;
	if (slots->waiting_last != NULL)
		slots->waiting_last->waiting_next = place;
	else
		slots->waiting_first = place;
	slots->waiting_last = place;
}

/* The slots that are held from now on, in a list. */
static struct slot *
grant(struct slots *slots)
{
	struct slot *granted = NULL, **end = &granted;

	while (slots->held < slots->in_all && slots->waiting_first != NULL) {
		struct place *place = slots->waiting_first;
		struct slot *slot = place->first;

		slots->waiting_first = place->waiting_next;
		if (slots->waiting_first == NULL)
			slots->waiting_last = NULL;
		place->waits = false;
		if (slot == NULL || place->held >= slots->per_address) {
			forget_place(slots, place);
			continue;
		}
		leave_line(slots, slot);
		take(slots, slot);
		join_waiting(slots, place);
		*end = slot;
		end = &slot->next;
	}
	assert(slots->held <= slots->in_all);
	return granted;
}

bool
slots_ask(struct slots *slots, struct slot *slot, const struct address *address)
{
	assert(slot->place == NULL);
	slot->place = find_place(slots, address);
	if (slot->place == NULL)
		return true;
	if (slots->held < slots->in_all && slot->place->held < slots->per_address
	    && slot->place->first == NULL) {
		take(slots, slot);
		return true;
	}
	stand_in_line(slots, slot);
	join_waiting(slots, slot->place);
	return false;
}

/* Addresses take turns for room in all, and within an address who came first goes first: one
 * address with a hundred names cannot hold up the others. */
struct slot *
slots_give_back(struct slots *slots, struct slot *slot)
{
	struct place *place = slot->place;

	if (place == NULL)
		return NULL;
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
	return grant(slots);
}

uint32_t
slots_held(const struct slots *slots)
{
	return slots->held;
}

uint32_t
slots_waiting(const struct slots *slots)
{
	return slots->waiting;
}
