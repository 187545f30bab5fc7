/*
 * Applies all rules of the monitor to one run of a target, in their order: its state (state.h),
 * conditions, flapping, and the interval to the next run (pace.h). The result says which changes
 * are to be told. Touches no socket, so `postwatch backtest` uses it, too.
 */
#pragma once

#include "monitor/target_state.h"

/*
 * Judges a run and moves the target. False where there is no memory: the target is as it was, and
 * the run is dropped. Only effects->changes[0 .. count) are filled.
 */
bool apply_run(struct target_state *target, const struct observation *run,
    const struct policy *policy,
    const struct run_context *context, struct run_effects *effects);

/* The hold has run out: a target whose confirmation was held is down now. False where there is no
 * memory. */
bool apply_release(struct target_state *target, const struct policy *policy,
    const struct run_context *context,
    struct moment now, struct run_effects *effects);

/* Reasons for silence from outside changed without a run. True: they are other than before (to be
 * kept, and told to the keeper). */
bool apply_silence(struct target_state *target, uint32_t outside);
