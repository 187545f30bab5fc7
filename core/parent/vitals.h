/*
 * For the parent: tells the web process how the processes of the daemon are. What that does with it
 * changes nothing here.
 */
#pragma once

#include "parent/tree.h"

struct vitals {
	int64_t next;  /* clock_mono() */
	int64_t began; /* UTC */
	int64_t started; /* clock_mono() */
	bool is_reload;
	char lacks[VITALS_LACKS_MAX];
};

/* Notes the start of the tree. `is_reload`: what is in force came so, and not by a start. */
void vitals_init(struct vitals *, struct tree *, bool is_reload);

/* Once a second: notes what was late (parent/process_log.h), and sends them to a page that serves
 * and takes them. */
void vitals_turn(struct vitals *, struct tree *, int64_t now);
