/*
 * Hashes (FNV-1a), and a hash table of indexes.
 *
 * Open addressing, at most half full, so that a search ends soon at a free slot.
 */
#include "base/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

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

uint32_t
hash32_add(uint32_t hash, const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * 16777619u;
	return hash;
}

static void
put_slot(struct hash_table *table, struct hash_slot slot)
{
	uint32_t at = slot.hash & (table->room - 1);

	while (table->slots[at].index != 0)
		at = (at + 1) & (table->room - 1);
	table->slots[at] = slot;
}

static bool
grow(struct hash_table *table)
{
	struct hash_table bigger = { .room = table->room == 0 ? FIRST_ROOM : table->room * 2,
	    .count = table->count };

	bigger.slots = calloc(bigger.room, sizeof *bigger.slots);
	if (bigger.slots == NULL)
		return false;
	for (uint32_t i = 0; i < table->room; i++)
		if (table->slots[i].index != 0)
			put_slot(&bigger, table->slots[i]);
	free(table->slots);
	*table = bigger;
	return true;
}

/* Indexes are kept one higher, so that a zeroed slot is a free one. */
bool
hash_insert(struct hash_table *table, uint32_t hash, uint32_t index)
{
	assert(index < HASH_NONE && table->count < UINT32_MAX / 4);
	if (table->count * 2 >= table->room && !grow(table))
		return false;
	put_slot(table, (struct hash_slot){ hash, index + 1 });
	table->count++;
	assert(table->count * 2 <= table->room);
	return true;
}

/* *at: how many slots were looked at, from the one that the hash leads to. */
uint32_t
hash_next(const struct hash_table *table, uint32_t hash, uint32_t *at)
{
	while (table->room > 0) {
		const struct hash_slot *slot = &table->slots[(hash + (*at)++) & (table->room - 1)];

		if (slot->index == 0)
			break;
		if (slot->hash == hash)
			return slot->index - 1;
	}
	return HASH_NONE;
}

void
hash_table_fini(struct hash_table *table)
{
	free(table->slots);
	*table = (struct hash_table){ 0 };
}
