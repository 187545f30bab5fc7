/*
 * For the web process: reads the pauses (in which people are not told of a target) from the store.
 */
#include "web/pauses.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/vec.h"
#include "store/list.h"

static void
free_pause(struct pause *pause)
{
	free(pause->tag);
	free(pause->by);
	free(pause->why);
}

void
pauses_clear(struct pauses *pauses)
{
	for (uint32_t i = 0; i < pauses->count; i++)
		free_pause(&pauses->items[i]);
	pauses->count = 0;
}

void
pauses_read(struct pauses *pauses, struct store_reader *reader)
{
	struct store_pause row;

	pauses_clear(pauses);
	STORE_EACH(&row, reader, STORE_LIST_PAUSES, (uint64_t)clock_wall()) {
		bool is_of_tag = row.target == 0 && row.tag[0] != '\0';
		struct pause pause = { .target = row.target, .from = row.from,
			.until = row.ended != 0 ? row.ended : row.until,
			.tag = is_of_tag ? strdup(row.tag) : NULL,
			.by = strndup(row.by.data, row.by.size), .why = strndup(row.why.data, row.why.size) };

		if (pause.by == NULL || pause.why == NULL || (is_of_tag && pause.tag == NULL)
		    || !VEC_RESERVE(pauses->items, pauses->count, pauses->room))
			free_pause(&pause);
		else
			pauses->items[pauses->count++] = pause;
	}
}

bool
pause_holds(const struct pause *pause, int64_t now, uint64_t number, const struct target *target)
{
	if (now < pause->from || now >= pause->until)
		return false;
	return pause->tag == NULL ? pause->target == number : target != NULL && target_has_tag(target, pause->tag);
}

bool
pauses_hold(const struct pauses *pauses, int64_t now, uint64_t number, const struct target *target)
{
	for (uint32_t i = 0; i < pauses->count; i++)
		if (pause_holds(&pauses->items[i], now, number, target))
			return true;
	return false;
}
