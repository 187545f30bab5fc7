/*
 * Hash tables with open addressing, at most half full, from which nothing is removed; and a pool of
 * equal memory blocks.
 */
#include "config/pool.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

uint64_t
hash_add(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * 0x100000001b3u;
	return hash;
}

uint64_t
hash_add_string(uint64_t hash, const char *string)
{
	return hash_add(hash, string, strlen(string));
}

uint32_t
hash_end(uint64_t hash)
{
	hash ^= hash >> 33;
	hash *= 0xff51afd7ed558ccdu;
	hash ^= hash >> 33;
	return (uint32_t)(hash >> 16);
}

static void *
fresh(size_t count, size_t size)
{
	void *array = calloc(count, size);

	if (array == NULL)
		exit(EX_OSERR);
	return array;
}

static void
put(struct table *table, uint32_t hash, uint32_t index)
{
	uint32_t at = hash & (table->room - 1);

	while (table->slots[at].index != 0)
		at = (at + 1) & (table->room - 1);
	table->slots[at] = (struct table_slot){ hash, index };
}

/* Indexes are kept one higher, so that a zeroed slot is a free one. */
void
table_add(struct table *table, uint32_t hash, uint32_t index)
{
	if (table->count * 2 >= table->room) {
		struct table bigger = { .room = table->room == 0 ? 64 : table->room * 2 };

		bigger.slots = fresh(bigger.room, sizeof *bigger.slots);
		for (uint32_t i = 0; i < table->room; i++)
			if (table->slots[i].index != 0)
				put(&bigger, table->slots[i].hash, table->slots[i].index);
		bigger.count = table->count;
		free(table->slots);
		*table = bigger;
	}
	put(table, hash, index + 1);
	table->count++;
}

uint32_t
table_find(const struct table *table, uint32_t hash, bool (*same)(void *arg, uint32_t index), void *arg)
{
	if (table->room == 0)
		return TABLE_NONE;
	for (uint32_t at = hash & (table->room - 1); table->slots[at].index != 0; at = (at + 1) & (table->room - 1)) {
		const struct table_slot *slot = &table->slots[at];

		if (slot->hash == hash && same(arg, slot->index - 1))
			return slot->index - 1;
	}
	return TABLE_NONE;
}

void
table_fini(struct table *table)
{
	free(table->slots);
	*table = (struct table){ 0 };
}

void
pool_init(struct pool *pool, struct arena *arena)
{
	*pool = (struct pool){ .arena = arena };
}

void
pool_fini(struct pool *pool)
{
	table_fini(&pool->table);
	free(pool->blocks);
	*pool = (struct pool){ 0 };
}

struct wanted {
	const struct pool *pool;
	const void *bytes;
	size_t size;
};

static bool
same_block(void *arg, uint32_t index)
{
	const struct wanted *wanted = arg;
	const struct block *block = &wanted->pool->blocks[index];

	return block->size == wanted->size && memcmp(block->bytes, wanted->bytes, wanted->size) == 0;
}

const void *
pool_share(struct pool *pool, const void *bytes, size_t size)
{
	struct wanted wanted = { pool, bytes, size };
	uint32_t hash = hash_end(hash_add(HASH_BEGIN, bytes, size));
	uint32_t index = table_find(&pool->table, hash, same_block, &wanted);
	void *copy;

	if (index != TABLE_NONE)
		return pool->blocks[index].bytes;
	if (pool->count == pool->room) {
		pool->room = pool->room * 2 + 64;
		pool->blocks = reallocarray(pool->blocks, pool->room, sizeof *pool->blocks);
		if (pool->blocks == NULL)
			exit(EX_OSERR);
	}
	copy = arena_alloc(pool->arena, size);
	memcpy(copy, bytes, size);
	table_add(&pool->table, hash, pool->count);
	pool->blocks[pool->count++] = (struct block){ copy, size };
	return copy;
}
