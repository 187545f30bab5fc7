/*
 * For the runner, the process that starts programs: the processes that this one has started, and
 * all that these have: for one that adopts what its children leave (PR_SET_CHILD_SUBREAPER). One
 * that is made meanwhile may be missed.
 */
#pragma once

#include <sys/types.h>

/* Beyond so many none is counted, or killed in one turn. */
enum { DESCENDANTS_MAX = 1024 };

/* How many processes and threads they are. */
unsigned descendants_count(void);

/* Sends SIGKILL to them, but for children of this process that `spared` names, and what is below
 * those; it ends with 0 (NULL: none are). */
void descendants_kill(const pid_t *spared);
