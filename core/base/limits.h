/*
 * What a process may take of the host (setrlimit(2)), by one table: so that one that loops, leaks or
 * was broken into takes nothing from the others.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/messages.h"
#include "base/reason.h"

struct limits {
	uint64_t descriptors;   /* 0: all that the host lets us have */
	uint64_t address_space; /* bytes; not in a build with a sanitizer, which maps terabytes */
	unsigned work_seconds;  /* of processor time for one delivery; 0: it has no deliveries */
};

/* Those of a duty; a gate has those of its notifier. */
const struct limits *limits_of(enum duty_kind);

/* Puts descriptors and address space in force, for good; a limit that is lower already stays. False
 * with a reason. */
bool limits_enter(const struct limits *, struct reason *why);

/* Exit status of a process whose processor time for one piece of work was used up: 128 + SIGXCPU. */
enum { LIMIT_STATUS = 152 };

/* Is told, on the stack of a signal's handler, that so many seconds are used up; the process ends
 * when it returns. */
typedef void limits_tell(void *arg, unsigned seconds);

/* From now on the process has so many seconds of processor time, until the next call; 0: any. The
 * whole life of a process has no limit: it may be years. */
void limits_of_work(unsigned seconds, limits_tell *, void *arg);

#endif
