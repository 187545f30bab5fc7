/*
 * Grows arrays (base/vec.h). Doubling keeps the copies of one element below two on average; the
 * first room spares short arrays the first steps.
 */
#include "base/vec.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { FIRST_ROOM = 16 };

bool
vec_grow(void *items, uint32_t *room, size_t element_size)
{
	uint32_t wanted = *room == 0 ? FIRST_ROOM : *room * 2;
	void *array, *grown;

	assert(element_size > 0);
	if (wanted <= *room)
		return false;
	/* A pointer to any type is copied as bytes: a cast of its address would break the rules of
	 * aliasing. */
	memcpy(&array, items, sizeof array);
	assert((array == NULL) == (*room == 0));
	grown = reallocarray(array, wanted, element_size);
	if (grown == NULL)
		return false;
	memcpy(items, &grown, sizeof grown);
	*room = wanted;
	/* cppcheck-suppress memleak ; the owner of `items` has it */
	return true;
}

void
vec_must_grow(void *items, uint32_t *room, size_t element_size)
{
	if (vec_grow(items, room, element_size))
		return;
	fputs("postwatch: out of memory\n", stderr);
	exit(EX_OSERR);
}
