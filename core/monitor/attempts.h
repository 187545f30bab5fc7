/* The runs of an open suspicion or incident, whose evidence belongs to what may be told next, and
 * the words of the last failure. */
#ifndef MONITOR_ATTEMPTS_H
#define MONITOR_ATTEMPTS_H

#include <stdint.h>
#include "base/messages.h"

/* NULL: none. Members are read only. */
struct attempts {
	char *text; /* what the last failing run said; NULL: nothing */
	uint8_t count, room;
	uint64_t runs[]; /* their numbers, in order: the first one, and the last ones behind it */
};

/* Adds a run; of more than CHANGE_ATTEMPTS_MAX the oldest but the first is left out. If there is no
 * memory, this run is. */
void attempts_add(struct attempts **, uint64_t run);
/* Copies the words. If there is no memory, there are none. */
void attempts_say(struct attempts **, struct pw_bytes text);
/* Forgets the runs, and keeps the words. */
void attempts_restart(struct attempts *);
/* Forgets all runs but the last. */
void attempts_keep_last(struct attempts *);
void attempts_destroy(struct attempts **);

#endif
