/* A bump allocator over anonymous mappings: untouched pages cost nothing, so the mappings are
 * large. */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>

#include "base/hash.h"
#include "base/vec.h"

enum { CHUNK = 4 << 20, OWN_CHUNK = CHUNK / 8, ALIGNMENT = 8 };

/* Lies at the start of each mapping. */
struct chunk {
	struct chunk *next;
	size_t size, used; /* of the whole mapping, this head included */
};

/* A string that is shared. */
struct interned {
	const char *string;
	size_t size;
};

struct arena {
	struct chunk *chunks; /* the first one is being filled */
	struct interned *strings; /* found by `table` until the arena is frozen */
	uint32_t string_count, string_room;
	struct hash_table table;
	size_t size;
	bool frozen;
};

static _Noreturn void
die(size_t wanted)
{
	fprintf(stderr, "postwatch: out of memory: no %zu more bytes\n", wanted);
	exit(EX_OSERR);
}

struct arena *
arena_create(void)
{
	struct arena *arena = calloc(1, sizeof *arena);

	if (arena == NULL)
		die(sizeof *arena);
	return arena;
}

static struct chunk *
map_chunk(size_t size)
{
	struct chunk *chunk = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);

	if (chunk == MAP_FAILED)
		die(size);
	chunk->size = size;
	chunk->used = sizeof *chunk;
	return chunk;
}

/* A chunk that has no room for the next piece is left: its rest is less than OWN_CHUNK, and
 * costs no page that was not touched. Large pieces get a mapping of their own, behind the one
 * being filled, so that its rest is not lost. */
static void *
alloc(struct arena *arena, size_t size, size_t alignment)
{
	struct chunk *chunk = arena->chunks, **own = chunk == NULL ? &arena->chunks : &chunk->next;

	assert(!arena->frozen);
	arena->size += size;
	if (size > SIZE_MAX / 2)
		die(size);
	if (size >= OWN_CHUNK) {
		chunk = map_chunk(sizeof *chunk + size);
		chunk->used = chunk->size;
		chunk->next = *own;
		*own = chunk;
		return chunk + 1;
	}
	size_t at = chunk == NULL ? 0 : (chunk->used + alignment - 1) & ~(alignment - 1);
	if (chunk == NULL || at > chunk->size || size > chunk->size - at) {
		chunk = map_chunk(CHUNK);
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		at = chunk->used;
	}
	chunk->used = at + size;
	assert(chunk->used <= chunk->size && at % alignment == 0);
	return (char *)chunk + at;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	return alloc(arena, size, ALIGNMENT);
}

void *
arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(count, size, &all))
		die(SIZE_MAX);
	return arena_alloc(arena, all);
}

char *
arena_bytes(struct arena *arena, const void *bytes, size_t size)
{
	char *copy = alloc(arena, size + 1, 1);

	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

char *
arena_strdup(struct arena *arena, const char *string)
{
	return arena_bytes(arena, string, strlen(string));
}

const char *
arena_intern_bytes(struct arena *arena, const void *bytes, size_t size)
{
	uint32_t hash = hash_end(hash_add(HASH_BEGIN, bytes, size));

	assert(arena->table.count == arena->string_count);
	HASH_EACH(i, &arena->table, hash)
		if (arena->strings[i].size == size
		    && memcmp(arena->strings[i].string, bytes, size) == 0)
			return arena->strings[i].string;
	VEC_REQUIRE(arena->strings, arena->string_count, arena->string_room);
	if (!hash_insert(&arena->table, hash, arena->string_count))
		die(sizeof *arena->table.slots * arena->table.room);
	arena->strings[arena->string_count] = (struct interned){ arena_bytes(arena, bytes, size),
		size };
	return arena->strings[arena->string_count++].string;
}

const char *
arena_intern(struct arena *arena, const char *string)
{
	return arena_intern_bytes(arena, string, strlen(string));
}

size_t
arena_size(const struct arena *arena)
{
	return arena->size;
}

/* The strings themselves lie in the chunks, and stay. */
static void
forget_strings(struct arena *arena)
{
	free(arena->strings);
	hash_table_fini(&arena->table);
	arena->strings = NULL;
}

void
arena_freeze(struct arena *arena)
{
	for (struct chunk *chunk = arena->chunks, *next; chunk != NULL; chunk = next) {
		next = chunk->next;
		if (mprotect(chunk, chunk->size, PROT_READ) != 0)
			die(chunk->size);
	}
	forget_strings(arena);
	arena->frozen = true;
}

void
arena_destroy(struct arena **arena)
{
	if (*arena == NULL)
		return;
	for (struct chunk *chunk = (*arena)->chunks, *next; chunk != NULL; chunk = next) {
		next = chunk->next;
		munmap(chunk, chunk->size);
	}
	forget_strings(*arena);
	free(*arena);
	*arena = NULL;
}
