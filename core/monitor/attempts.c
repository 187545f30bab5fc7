/* One block for a target that fails: 100,000 targets, nearly all of them up, need none. */
#include "monitor/attempts.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/messages.h"

enum { ROOM_AT_FIRST = 4 };

static bool
grow(struct attempts **attempts, unsigned room)
{
	struct attempts *grown = realloc(*attempts, sizeof *grown + room * sizeof grown->runs[0]);

	if (grown == NULL)
		return false;
	if (*attempts == NULL)
		*grown = (struct attempts){ .text = NULL };
	grown->room = (uint8_t)room;
	*attempts = grown;
	return true;
}

void
attempts_add(struct attempts **given, uint64_t run)
{
	if (*given == NULL && !grow(given, ROOM_AT_FIRST))
		return;
	if ((*given)->count == (*given)->room && (*given)->room < CHANGE_ATTEMPTS_MAX
	    && !grow(given, (*given)->room * 2u))
		return;
	struct attempts *attempts = *given;
	assert(attempts->count <= attempts->room);
	/* Full: 1 2 3 4 and then 5 become 1 3 4 5, since the first attempt shows how it began. */
	if (attempts->count == attempts->room) {
		memmove(attempts->runs + 1, attempts->runs + 2,
		    (attempts->count - 2u) * sizeof attempts->runs[0]);
		attempts->count--;
	}
	attempts->runs[attempts->count++] = run;
}

void
attempts_say(struct attempts **attempts, struct pw_bytes text)
{
	if (*attempts == NULL && !grow(attempts, ROOM_AT_FIRST))
		return;
	free((*attempts)->text);
	(*attempts)->text = strndup(text.data, text.size);
}

void
attempts_restart(struct attempts *attempts)
{
	if (attempts != NULL)
		attempts->count = 0;
}

void
attempts_keep_last(struct attempts *attempts)
{
	if (attempts == NULL || attempts->count == 0)
		return;
	attempts->runs[0] = attempts->runs[attempts->count - 1];
	attempts->count = 1;
}

void
attempts_destroy(struct attempts **attempts)
{
	if (*attempts != NULL)
		free((*attempts)->text);
	free(*attempts);
	*attempts = NULL;
}
