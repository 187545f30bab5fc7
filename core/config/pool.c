/*
 * For the reading of a configuration: a pool that stores equal blocks once. A block is found again
 * by a hash of its bytes; blocks hold pointers only to what is in the pool or interned, so equal
 * contents have equal bytes.
 */
#include "config/pool.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/vec.h"

void
pool_index(struct hash_table *table, uint32_t hash, uint32_t index)
{
	if (hash_insert(table, hash, index))
		return;
	fputs("postwatch: out of memory\n", stderr);
	exit(EX_OSERR);
}

void
pool_init(struct pool *pool, struct arena *arena)
{
	*pool = (struct pool){ .arena = arena };
}

void
pool_fini(struct pool *pool)
{
	hash_table_fini(&pool->table);
	free(pool->blocks);
	*pool = (struct pool){ 0 };
}

const void *
pool_share(struct pool *pool, const void *bytes, size_t size)
{
	uint32_t hash = hash_end(hash_add(HASH_BEGIN, bytes, size));
	void *copy;

	HASH_EACH(i, &pool->table, hash)
		if (pool->blocks[i].size == size
		    && memcmp(pool->blocks[i].bytes, bytes, size) == 0)
			return pool->blocks[i].bytes;
	assert(pool->table.count == pool->count);
	VEC_REQUIRE(pool->blocks, pool->count, pool->room);
	copy = arena_alloc(pool->arena, size);
	memcpy(copy, bytes, size);
	pool_index(&pool->table, hash, pool->count);
	pool->blocks[pool->count++] = (struct block){ copy, size };
	return copy;
}
