/* What went wrong among our own processes since this one began: who was replaced, and while what was late. */
#pragma once

#include "base/messages.h"

struct view;

enum { SPELLS_MAX = 50, SPELL_ROOM = 64 };
struct spell {
	int64_t from, until;   /* UTC; until 0: it goes on */
	int64_t most;          /* microseconds that it was late by; 0: it was replaced */
	char what[SPELL_ROOM]; /* "prober 0", "the schedule" */
};

/* Starts as zeroes. */
struct spells {
	uint32_t count;
	struct spell items[SPELLS_MAX]; /* the newest first; the oldest goes for the next */
};

/* What the parent said, and what it had said before (without processes: nothing yet), heard at `now` (UTC). */
void spells_hear(struct spells *, const struct message_vitals *before, const struct message_vitals *said, int64_t now);

/* As a part of the page "Us", `began`: since when they are kept. */
void spells_show(struct view *, const struct spells *, int64_t began);
