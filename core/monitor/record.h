/* A target's record, which the keeper keeps for the next monitor: its state, its attempts, and what was probed. */
#ifndef MONITOR_RECORD_H
#define MONITOR_RECORD_H

#include "monitor/watch.h"

/* Appends the record, with names and UTC in place of numbers and monotonic times. */
void record_encode(const struct watch *, uint32_t target, struct wire_out *);

/* Takes a record over, so far as the target is still what it was. Returns false if it is malformed or there is no memory: then
 * nothing is known of the target. */
bool record_decode(struct watch *, uint32_t target, struct wire_in *);

#endif
