/*
 * Connection slots. So many connections at once to one address, so many in all. Who finds no slot
 * waits in line; the wait is ours and never the server's.
 */
#ifndef PROBER_SLOTS_H
#define PROBER_SLOTS_H

#include "base/address.h"

struct slots;
struct place; /* an address that somebody talks to or waits for */

/* One who asks; lies in its owner. Starts as zeroes but for the callback. */
struct slot {
	struct slot *next, *before;
	struct place *place;                  /* NULL: neither held nor waited for */
	bool held;
	void (*on_granted)(struct slot *);    /* after slots_ask said false; never from within it */
};

/* NULL if out of memory. */
struct slots *slots_create(uint32_t in_all, uint32_t per_address);
void slots_destroy(struct slots **);

/* True: it is held now. False: `on_granted` will come, unless given back before. Ports do not matter. No memory counts
 * as held. */
bool slots_ask(struct slots *, struct slot *, const struct address *);

/* Gives back what is held, or leaves the line. May call on_granted of others. Fine on one that asks for nothing. */
void slots_give_back(struct slots *, struct slot *);

uint32_t slots_held(const struct slots *);
/* Those in line. */
uint32_t slots_waiting(const struct slots *);

#endif
