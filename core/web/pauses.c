#include "web/pauses.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/vec.h"

static bool
on_pause(void *arg, const struct store_pause *pause)
{
	struct pauses *pauses = arg;
	char *tag = pause->target != 0 || pause->tag[0] == '\0' ? NULL : strdup(pause->tag);

	if (VEC_RESERVE(pauses->items, pauses->count, pauses->room))
		pauses->items[pauses->count++] = (struct pause){ pause->target, tag, pause->from, pause->ended != 0 ? pause->ended : pause->until };
	else
		free(tag);
	return true;
}

void
pauses_clear(struct pauses *pauses)
{
	for (uint32_t i = 0; i < pauses->count; i++)
		free(pauses->items[i].tag);
	pauses->count = 0;
}

void
pauses_read(struct pauses *pauses, struct store_reader *reader)
{
	pauses_clear(pauses);
	(void)store_read_pauses(reader, clock_wall(), 0, STORE_PAGE_MAX, on_pause, pauses);
}

bool
pauses_hold(const struct pauses *pauses, int64_t now, uint64_t number, const struct target *target)
{
	for (uint32_t i = 0; i < pauses->count; i++) {
		const struct pause *pause = &pauses->items[i];

		if (now < pause->from || now >= pause->until)
			continue;
		if (pause->tag == NULL ? pause->target == number : target != NULL && target_has_tag(target, pause->tag))
			return true;
	}
	return false;
}
