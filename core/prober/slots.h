/*
 * For the prober: connection slots, which limit how many connections there are at once to one
 * address, and in all. A leg (a dialogue) that finds no slot waits in line; that wait is ours and
 * never counted as the server's.
 */
#pragma once

#include <sys/queue.h>

#include "base/address.h"

struct slots;
struct place; /* an address that somebody talks to or waits for */

TAILQ_HEAD(slot_line, slot);

/* One who asks; lies in its owner. Starts as zeroes. */
struct slot {
	TAILQ_ENTRY(slot) link;               /* in line, and in what slots_give_back() grants */
	struct place *place;                  /* NULL: neither held nor waited for */
	bool held;
};

/* NULL if out of memory. */
struct slots *slots_create(uint32_t in_all, uint32_t per_address);
void slots_destroy(struct slots **);

/* True: it is held now. False: it stands in line, until slots_give_back() of another returns it.
 * Ports do not matter. No memory counts as held. */
bool slots_ask(struct slots *, struct slot *, const struct address *);

/* Gives back what is held, or leaves the line. `granted` becomes those in line that are held now,
 * the first of them first: the caller lets them go on. Fine on one that asks for nothing. */
void slots_give_back(struct slots *, struct slot *, struct slot_line *granted);

/* Those in line. */
uint32_t slots_waiting(const struct slots *);
