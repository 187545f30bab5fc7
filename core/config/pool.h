/*
 * For the reading of a configuration: hash tables, and a pool in which equal blocks of memory
 * (strings, lists, policies of 100,000 targets) share one address. What is in a pool can be
 * compared by its address, and so can blocks made of such addresses.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/hash.h"

/* Inserts into a table that is built at start: ends the program with EX_OSERR if there is no
 * memory. */
void pool_index(struct hash_table *, uint32_t hash, uint32_t index);

struct pool {
	struct arena *arena; /* where the blocks lie */
	struct hash_table table;
	struct block { const void *bytes; size_t size; } *blocks;
	uint32_t count, room;
};

void pool_init(struct pool *, struct arena *);
void pool_fini(struct pool *); /* the blocks stay */

/* The block with these bytes, aligned to 8: the one from before, or a copy. */
const void *pool_share(struct pool *, const void *bytes, size_t size);
