/*
 * Hash tables and a pool that stores equal blocks once. Tables that find what was there before, and
 * a pool in which equal blocks of memory share one address. What is in a pool can be compared by
 * its address, and so can blocks made of such addresses.
 */
#ifndef CONFIG_POOL_H
#define CONFIG_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"

/* FNV-1a, stirred so that its low bits are good; the same on every machine, as the schedule is made of it. Begin with
 * HASH_BEGIN, add what belongs together, end with hash_end(). */
#define HASH_BEGIN 0xcbf29ce484222325u
uint64_t hash_add(uint64_t hash, const void *bytes, size_t size);
uint64_t hash_add_string(uint64_t hash, const char *string);
uint32_t hash_end(uint64_t hash);

/* Indexes of the caller's array by hash. Starts as zeroes. */
struct table {
	struct table_slot { uint32_t hash, index; } *slots;
	uint32_t room, count;
};

#define TABLE_NONE UINT32_MAX

/* The first index with this hash for which `same` holds, else TABLE_NONE. */
uint32_t table_find(const struct table *, uint32_t hash, bool (*same)(void *arg, uint32_t index), void *arg);
void table_add(struct table *, uint32_t hash, uint32_t index);
void table_fini(struct table *);

struct pool {
	struct arena *arena; /* where the blocks lie */
	struct table table;
	struct block { const void *bytes; size_t size; } *blocks;
	uint32_t count, room;
};

void pool_init(struct pool *, struct arena *);
void pool_fini(struct pool *); /* the blocks stay */

/* The block with these bytes, aligned to 8: the one from before, or a copy. */
const void *pool_share(struct pool *, const void *bytes, size_t size);

#endif
