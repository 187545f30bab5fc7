/*
 * Memory that is taken piece by piece and given back all at once, for the store's batches and the
 * rows of the web process. No piece ever moves, so pieces may point at each other.
 */
#pragma once

#include <stddef.h>

/* Starts as zeroes. */
struct chunks {
	struct chunk *newest;
	size_t bytes; /* held */
};

/* Not zeroed, aligned to 8 bytes. NULL if there is no memory. */
void *chunks_take(struct chunks *, size_t size);

/* Takes all of it back; chunks_clear() keeps what the next ones begin with. */
void chunks_clear(struct chunks *);
void chunks_fini(struct chunks *);
