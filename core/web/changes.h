/*
 * For the web process: the last 512 changes of ranks (a target went from up to down, and so on),
 * numbered from 1, for browsers that follow them by server-sent events (events.h).
 */
#pragma once

#include <stdint.h>

enum { CHANGES_KEPT = 512 };

struct change {
	uint64_t target;   /* the store's number */
	uint8_t from, to;  /* enum board_rank */
	int64_t since;     /* UTC */
};

/* Starts as zeroes. */
struct changes {
	uint64_t count;    /* ever */
	struct change kept[CHANGES_KEPT];
};

static inline void
changes_add(struct changes *changes, uint64_t target, uint32_t from, uint32_t to, int64_t since)
{
	changes->kept[changes->count++ % CHANGES_KEPT] = (struct change){ target, (uint8_t)from, (uint8_t)to, since };
}

/* The one by its number. Returns NULL where it is not kept any more, or was not yet. */
static inline const struct change *
changes_get(const struct changes *changes, uint64_t number)
{
	if (number == 0 || number > changes->count || changes->count - number >= CHANGES_KEPT)
		return 0;
	return &changes->kept[(number - 1) % CHANGES_KEPT];
}
