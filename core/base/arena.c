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

enum { CHUNK = 4 << 20, OWN_CHUNK = CHUNK / 8, ALIGNMENT = 8, FIRST_SLOTS = 1024 };

/* Lies at the start of each mapping. */
struct chunk {
	struct chunk *next;
	size_t size, used; /* of the whole mapping, this head included */
};

struct slot {
	const char *string; /* NULL: free */
	size_t size;
	uint64_t hash;
};

struct arena {
	struct chunk *chunks; /* the first one is being filled */
	struct slot *slots;   /* of interned strings: open addressing, at most half full */
	size_t slot_count, interned, size;
	bool frozen;
};

static _Noreturn void
die(size_t wanted)
{
	fprintf(stderr,
	    "postwatch: out of memory at start: no %zu more bytes for the configuration\n", wanted);
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

/*
 * Large pieces get a mapping of their own, behind the one being filled: its rest is not lost then.
 */
static void *
alloc_apart(struct arena *arena, size_t size)
{
	if (size > SIZE_MAX / 2)
		die(size);
	struct chunk *chunk = map_chunk(sizeof *chunk + size);
	chunk->used = chunk->size;
	if (arena->chunks == NULL) {
		arena->chunks = chunk;
	} else {
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
	}
	return chunk + 1;
}

static void *
alloc(struct arena *arena, size_t size, size_t alignment)
{
	assert(!arena->frozen);
	arena->size += size;
	if (size >= OWN_CHUNK)
		return alloc_apart(arena, size);

	struct chunk *chunk = arena->chunks;
	size_t at = chunk == NULL ? 0 : (chunk->used + alignment - 1) & ~(alignment - 1);
	if (chunk == NULL || at > chunk->size || size > chunk->size - at) {
		chunk = map_chunk(CHUNK);
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		at = chunk->used;
	}
	chunk->used = at + size;
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

/* Where the string is, or the free slot where it belongs. */
static struct slot *
find_slot(struct slot *slots, size_t count, uint64_t hash, const char *bytes, size_t size)
{
	for (size_t i = hash & (count - 1);; i = (i + 1) & (count - 1)) {
		struct slot *slot = &slots[i];

		if (slot->string == NULL)
			return slot;
		if (slot->hash == hash && slot->size == size
		    && memcmp(slot->string, bytes, size) == 0)
			return slot;
	}
}

static void
grow_slots(struct arena *arena)
{
	size_t count = arena->slot_count == 0 ? FIRST_SLOTS : 2 * arena->slot_count;
	struct slot *slots = calloc(count, sizeof *slots);

	if (slots == NULL)
		die(count * sizeof *slots);
	for (size_t i = 0; i < arena->slot_count; i++) {
		const struct slot *old = &arena->slots[i];

		if (old->string != NULL)
			*find_slot(slots, count, old->hash, old->string, old->size) = *old;
	}
	free(arena->slots);
	arena->slots = slots;
	arena->slot_count = count;
}

const char *
arena_intern_bytes(struct arena *arena, const void *bytes, size_t size)
{
	uint64_t hash = hash_end(hash_add(HASH_BEGIN, bytes, size));

	if (2 * arena->interned >= arena->slot_count)
		grow_slots(arena);
	struct slot *slot = find_slot(arena->slots, arena->slot_count, hash, bytes, size);
	if (slot->string == NULL) {
		*slot = (struct slot){ .string = arena_bytes(arena, bytes, size), .size = size,
		    .hash = hash };
		arena->interned++;
	}
	return slot->string;
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

void
arena_freeze(struct arena *arena)
{
	for (struct chunk *chunk = arena->chunks, *next; chunk != NULL; chunk = next) {
		next = chunk->next;
		if (mprotect(chunk, chunk->size, PROT_READ) != 0)
			die(chunk->size);
	}
	free(arena->slots);
	arena->slots = NULL;
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
	free((*arena)->slots);
	free(*arena);
	*arena = NULL;
}
