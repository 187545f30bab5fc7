/* A target's record, which the keeper keeps for the next monitor: its state, its attempts, and what was probed. */
#ifndef MONITOR_RECORD_H
#define MONITOR_RECORD_H

#include "base/messages.h"
#include "monitor/watch.h"

/* Appends the record, with names and UTC in place of numbers and monotonic times. */
void record_encode(const struct watch *, uint32_t target, struct wire_out *);

/* What the store shows of the target's state; all of it empty of our own side (CONFIG_NONE). The text is the target's own, good
 * until its next run. */
struct message_columns record_columns(const struct watch *, uint32_t target);

/* Takes a record over, so far as the target is still what it was. Returns false if it is malformed or there is no memory: then
 * nothing is known of the target. */
bool record_decode(struct watch *, uint32_t target, struct wire_in *);

#endif
