/*
 * For the monitor: carries out what its rules decided about a target after a run. Hands each change
 * to the keeper as a notice, has the target's new state stored, and plans the next run. Also
 * confirms an outage that was held back while the failure could have been caused by our own network
 * (cross_check.h, hold.h).
 */
#pragma once

#include "monitor/observation.h"

struct monitor;

/* Tells the changes of the target. `report`: the run, NULL: none; `silence_was`: the reasons for
 * silence before the rules. */
void effects_tell(struct monitor *, uint32_t target, const struct run_effects *,
    const struct report *,
    uint32_t silence_was);

/* Plans the next run after one that ended then (monotonic). */
void effects_plan(struct monitor *, uint32_t target, int64_t ended);

/* If the target's confirmation is held, the target is down now. `silence` and `alone`: as in struct
 * run_context. */
void effects_confirm(struct monitor *, uint32_t target, uint32_t silence, bool alone);
