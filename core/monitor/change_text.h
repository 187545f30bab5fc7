/*
 * The sentence on a change, as notices and the log show it: "mx1.example.org:25 down: no greeting
 * within 60.0 s …, 3 of 3 attempts". One line each. notify.c puts it into the message to the
 * keeper.
 */
#pragma once

#include "base/text.h"
#include "monitor/watch.h"

/* A change, and what it came of. */
struct told {
	uint32_t target;
	uint32_t behind; /* targets that lie behind it */
	const struct change *change;
	const struct report *report; /* NULL: no run */
};

void change_text_add(struct text *, const struct watch *, const struct told *);

/* What the run said, or else what its outcome means. */
void change_text_add_report(struct text *, const struct watch *, const struct report *);
