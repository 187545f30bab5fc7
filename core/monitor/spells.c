#include "monitor/spells.h"

#include <assert.h>
#include <string.h>

bool
spells_last(const struct spells *spells)
{
	return spells->count > 0 && spells->items[spells->count - 1].to == INT64_MAX;
}

void
spells_begin(struct spells *spells, int64_t from)
{
	if (spells_last(spells))
		return;
	if (spells->count == SPELLS_KEPT) {
		spells->items[1].from = spells->items[0].from;
		memmove(spells->items, spells->items + 1,
		    (SPELLS_KEPT - 1) * sizeof spells->items[0]);
		spells->count--;
	}
	spells->items[spells->count].from = from;
	spells->items[spells->count++].to = INT64_MAX;
}

void
spells_end(struct spells *spells, int64_t to)
{
	if (!spells_last(spells))
		return;
	int64_t from = spells->items[spells->count - 1].from;
	spells->items[spells->count - 1].to = to > from ? to : from;
	assert(!spells_last(spells));
}

bool
spells_overlap(const struct spells *spells, int64_t from, int64_t to)
{
	for (uint8_t i = 0; i < spells->count; i++)
		if (from < spells->items[i].to && to > spells->items[i].from)
			return true;
	return false;
}
