/*
 * Gives out memory from chunks (base/chunks.h): for the store's batches and the rows of the web
 * process.
 *
 * What is larger than a chunk has one of its own, and one of the usual size is kept when all is
 * given back: neither is a large chunk held for ever, nor a small one asked for again and again.
 */
#include "base/chunks.h"

#include <assert.h>
#include <stdlib.h>

enum { USUAL = 16 * 1024, ALIGN = 8 };

struct chunk {
	struct chunk *next;
	size_t room, used;
	_Alignas(ALIGN) char bytes[];
};

void *
chunks_take(struct chunks *chunks, size_t size)
{
	struct chunk *chunk = chunks->newest;

	size = (size + ALIGN - 1) / ALIGN * ALIGN;
	if (chunk == NULL || chunk->room - chunk->used < size) {
		size_t room = size > USUAL ? size : USUAL;

		chunk = malloc(sizeof *chunk + room);
		if (chunk == NULL)
			return NULL;
		*chunk = (struct chunk){ .next = chunks->newest, .room = room };
		chunks->newest = chunk;
		chunks->bytes += room;
	}
	chunk->used += size;
	assert(chunk->used <= chunk->room && chunk->room <= chunks->bytes);
	return chunk->bytes + chunk->used - size;
}

void
chunks_clear(struct chunks *chunks)
{
	struct chunk *kept = NULL;

	for (struct chunk *chunk = chunks->newest, *next; chunk != NULL; chunk = next) {
		next = chunk->next;
		if (kept == NULL && chunk->room == USUAL)
			kept = chunk;
		else
			free(chunk);
	}
	if (kept != NULL)
		*kept = (struct chunk){ .room = USUAL };
	*chunks = (struct chunks){ kept, kept == NULL ? 0 : USUAL };
}

void
chunks_fini(struct chunks *chunks)
{
	chunks_clear(chunks);
	free(chunks->newest);
	*chunks = (struct chunks){ .newest = NULL };
}
