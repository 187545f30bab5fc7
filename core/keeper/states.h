/* The last state of each target, and of our own side (CONFIG_NONE), as bytes that only the monitor understands. */
#ifndef KEEPER_STATES_H
#define KEEPER_STATES_H

#include "base/messages.h"

struct states;

struct states *states_create(uint32_t targets); /* NULL if out of memory */
void states_destroy(struct states **);

/* Replaces the state of its target by a copy. False: no memory, and the one before is gone. */
bool states_put(struct states *, const struct message_state *);

/* The next target from *cursor on that has a state, and moves the cursor behind it; false at the end. */
bool states_next(const struct states *, uint32_t *cursor, struct message_state *);

#endif
