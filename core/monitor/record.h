/*
 * A target's record, which the keeper stores and gives to the next monitor process: its state, its
 * attempts, and what was probed. Names and UTC stand in it in place of numbers and monotonic times,
 * so that another version of the program, other plugins or another clock can read it.
 */
#pragma once

#include "base/messages.h"
#include "monitor/watch.h"

/* Appends the record. */
void record_encode(const struct watch *, uint32_t target, struct wire_out *);

/* Takes a record over, so far as the target is still what it was. Returns false if it is malformed
 * or there is no memory: then nothing is known of the target. */
bool record_decode(struct watch *, uint32_t target, struct wire_in *);

/* What the store shows of the target's state; all of it empty of our own side (CONFIG_NONE). The
 * text is the target's own, good until its next run. */
struct message_columns record_columns(const struct watch *, uint32_t target);

/* Reads the state of a whole record for those who show it and watch nothing: no configuration is
 * needed for it, its times are UTC and its phases PHASE_ANY. target_state_fini() frees it. `codes`
 * (codes_create) may serve any number of records. Returns false if it is malformed or there is no
 * memory: nothing is then held. */
bool record_view(struct target_state *, struct codes *, struct pw_bytes record);
