/*
 * Leaving the terminal (--daemon): the process that was started waits until the daemon is ready, or
 * has failed, and ends with its exit status; the daemon is nobody's child, in a session without a
 * terminal.
 */
#pragma once

#include <stdbool.h>

#include "base/reason.h"

/* Starts as DETACH_NONE. */
struct detach {
	int report; /* where the one who waits listens; -1: nobody waits */
	bool left;  /* the terminal is no longer ours */
};
#define DETACH_NONE ((struct detach){ .report = -1 })

enum detach_answer {
	DETACH_DAEMON, /* go on: this is the daemon, still with the terminal's stderr to say what
	                  fails */
	DETACH_WAITED, /* this is the process that was started: return *status */
	DETACH_FAILED
};

enum detach_answer detach_begin(struct detach *, int *status, struct reason *why);

/* Tells the one who waits; with status 0 the terminal is left for /dev/null too. */
void detach_report(struct detach *, int status);
