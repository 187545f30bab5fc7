/*
 * The line is an array with room for all targets: so a target is never refused for want of memory.
 */
#include "monitor/isolation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool
isolation_init(struct isolation *isolation, uint32_t targets)
{
	for (uint32_t i = 0; i < PROBERS_APART; i++)
		isolation->alone[i] = CONFIG_NONE;
	isolation->waiting = 0;
	isolation->line = malloc((targets + 1) * sizeof *isolation->line);
	return isolation->line != NULL;
}

void
isolation_fini(struct isolation *isolation)
{
	free(isolation->line);
	isolation->line = NULL;
}

uint32_t
isolation_place(const struct isolation *isolation, uint32_t target)
{
	uint32_t place = 0;

	while (place < PROBERS_APART && isolation->alone[place] != target)
		place++;
	return place;
}

void
isolation_add(struct isolation *isolation, uint32_t target)
{
	assert(isolation_place(isolation, target) == PROBERS_APART);
	isolation->line[isolation->waiting++] = target;
}

void
isolation_remove(struct isolation *isolation, uint32_t target)
{
	uint32_t place = isolation_place(isolation, target), left = 0;

	if (place < PROBERS_APART)
		isolation->alone[place] = CONFIG_NONE;
	for (uint32_t i = 0; i < isolation->waiting; i++)
		if (isolation->line[i] != target)
			isolation->line[left++] = isolation->line[i];
	assert(place == PROBERS_APART || left == isolation->waiting);
	isolation->waiting = left;
}

uint32_t
isolation_give(struct isolation *isolation, uint32_t place)
{
	if (isolation->waiting == 0 || isolation->alone[place] != CONFIG_NONE)
		return CONFIG_NONE;
	isolation->alone[place] = isolation->line[0];
	memmove(isolation->line, isolation->line + 1,
	    --isolation->waiting * sizeof *isolation->line);
	return isolation->alone[place];
}
