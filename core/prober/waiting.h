/*
 * For the prober: orders of runs from the monitor that wait until they are due, as a heap by that
 * time.
 */
#pragma once

#include "base/messages.h"

/* Starts as zeroes. */
struct waiting {
	struct order *orders;
	uint32_t count, room;
};

bool waiting_put(struct waiting *, const struct order *); /* false: out of memory */
/* The due time of the first; INT64_MAX: nobody waits. */
int64_t waiting_due(const struct waiting *);
/* Takes the first out if it is due at `now`. */
bool waiting_take(struct waiting *, int64_t now, struct order *);
void waiting_clear(struct waiting *);
void waiting_fini(struct waiting *);
