/*
 * From a run to the signal that moves the state of its target (state.h): all counting of attempts
 * in a row is here, such as the three failures that confirm an outage.
 */
#pragma once

#include "monitor/observation.h"
#include "monitor/target_state.h"

/* What a run says by itself. */
enum bearing {
	BEARING_NONE,    /* nothing */
	BEARING_NEITHER, /* that it answers, and neither that it is well nor that it is not */
	BEARING_PASSED,
	BEARING_FAILED
};

/*
 * Counts the run and says what signal it is. A failing one, a tempfail and one that tells nothing
 * need target->trouble, which is there. Changes the counters of attempts, the series of tempfail
 * and of unknown, nothing else.
 */
enum signal attempt_count(struct target_state *target, const struct observation *run,
    const struct policy *policy,
    const struct run_context *context);

/* How many failed attempts in a row confirm the open suspicion, or would confirm one that begins
 * now: at least `tries`. */
uint32_t attempt_needed(const struct target_state *target, const struct policy *policy,
    int64_t now);

/* Whether nothing has been learnt for longer than stale_after, told once for each such time. */
bool attempt_is_stale(struct target_state *target, const struct policy *policy, int64_t now);

extern const struct rule_table attempt_table;
