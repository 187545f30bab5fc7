/*
 * Where the name of a target has led: kept with its state, since probers come and go, and what it
 * means that a name does not resolve depends on it.
 */
#ifndef MONITOR_TARGET_NAMES_H
#define MONITOR_TARGET_NAMES_H

#include "base/clock.h"
#include "base/duty.h"
#include "monitor/clocks.h"

struct target_name; /* NULL: the name has led nowhere, or there is none */

/* Keeps what a prober says, in place of what is known; if there is no memory, that stays. Returns
 * false if a time in it lies ahead of `now` (monotonic), which cannot be. */
bool target_name_learn(struct target_name **, const struct message_name *, const struct clocks *,
    int64_t now);

/* Sends what is known to the prober at that socket. Returns whether that prober has it; false if
 * nothing is known. */
bool target_name_send(const struct target_name *, uint32_t target, int prober);

void target_name_forget(struct target_name **);

/* As part of a target's record, with its times in UTC; and back, `now` being the present. */
void target_name_encode(const struct target_name *, struct wire_out *);
void target_name_decode(struct target_name **, struct moment now, struct wire_in *);

#endif
