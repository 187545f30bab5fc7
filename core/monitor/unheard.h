/*
 * Runs that ended in silence, and what came of their targets: where others fell silent in the time
 * of a run and came back when they were asked again, it was our line that was away, though nobody
 * saw it.
 */
#ifndef MONITOR_UNHEARD_H
#define MONITOR_UNHEARD_H

#include <stdbool.h>
#include <stdint.h>

enum { UNHEARD_KEPT = 128 };

enum unheard_fate {
	UNHEARD_OPEN,   /* it has not been run since */
	UNHEARD_BACK,   /* its next run passed */
	UNHEARD_SLOW,   /* it passed, and took longer than the limit that the one before ran into */
	UNHEARD_FAILED  /* its next run failed as well */
};

/* The last UNHEARD_KEPT of them. */
struct unheard {
	uint32_t count; /* ever */
	struct silent {
		uint64_t network;
		int64_t from, to; /* the silence */
		uint32_t target;
		enum unheard_fate fate;
	} items[UNHEARD_KEPT];
};

/* A run of the target ended in silence that had begun at `from`. */
void unheard_add(struct unheard *, uint32_t target, uint64_t network, int64_t from, int64_t to);

/* The target's next run ended otherwise. */
void unheard_end(struct unheard *, uint32_t target, enum unheard_fate);

/* How many networks, but this one, fell silent in the time between, with that fate; at most 3 are
 * counted. */
uint32_t unheard_networks(const struct unheard *, enum unheard_fate, uint64_t but, int64_t from,
    int64_t to);

/* The next target, from index *at on, that fell silent in the time between and is open; false: no
 * more. */
bool unheard_next(const struct unheard *, uint32_t *at, int64_t from, int64_t to, uint32_t *target);

#endif
