/*
 * FNV-1a hashes, and a hash table of the indexes of an array's elements. The hash has no secret, so
 * it is not for keys that somebody hostile chooses freely. The same on every machine and in every
 * version: schedules and stored records are made of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begin with HASH_BEGIN, add what belongs together, end with hash_end(), which stirs it so that its
 * low bits are good. */
#define HASH_BEGIN 0xcbf29ce484222325u
uint64_t hash_add(uint64_t hash, const void *bytes, size_t size);
uint64_t hash_add_string(uint64_t hash, const char *string);
uint32_t hash_end(uint64_t hash);

/* The same in 32 bits, for where thousands are kept. */
#define HASH32_BEGIN 2166136261u
uint32_t hash32_add(uint32_t hash, const void *bytes, size_t size);

/* Indexes of the caller's array by hash; nothing is ever taken out. Starts as zeroes. */
struct hash_table {
	struct hash_slot { uint32_t hash, index; } *slots;
	uint32_t room, count;
};

#define HASH_NONE UINT32_MAX

/* The next index with this hash, which tells little of whether it is the one looked for; HASH_NONE
 * behind the last. *at is 0 before the first. */
uint32_t hash_next(const struct hash_table *, uint32_t hash, uint32_t *at);
#define HASH_EACH(index, table, hash) \
	for (uint32_t at_ = 0, index; (index = hash_next((table), (hash), &at_)) != HASH_NONE;)
/* Returns false if there is no memory: the table is then as it was. */
bool hash_insert(struct hash_table *, uint32_t hash, uint32_t index);
void hash_table_fini(struct hash_table *);
