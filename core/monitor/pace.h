/*
 * Computes when a target is run next (the grid of its interval, retries, a doubled interval for a
 * server that asks for less), and with which of its two sets of time limits: the usual ones, or the
 * patient ones of an attempt that has to confirm a failure.
 */
#pragma once

#include "monitor/target_state.h"

/* Whether the next run is a patient one. */
bool pace_is_patient(const struct target_state *target, const struct policy *policy);

/* Which attempt of its series the next run is, from 1. */
uint32_t pace_attempt(const struct target_state *target);

/* Whether the next run comes after retry_interval: an attempt of a series, or another look at a
 * name that is missing. */
bool pace_is_retry(const struct target_state *target);

/* The interval in force: the policy's, or the doubled one while the server says that we come too
 * often. */
int64_t pace_interval(const struct target_state *target, const struct policy *policy);

/*
 * The first instant of the target's grid (`hash` mod interval, then every interval) after `after`.
 */
int64_t pace_grid(uint32_t hash, int64_t interval, int64_t after);

/*
 * The first run of a target that was never run: within `spread` microseconds from now, by its hash.
 */
int64_t pace_first(uint32_t hash, int64_t spread, int64_t now);

struct pace_next {
	int64_t at;
	uint32_t passed_over; /* instants of the grid since `planned` on which it could not be run;
	                       * never made up */
};

/* After a run that was planned for `planned` and ended at `ended`. `random`: any number, for the
 * jitter of retries. */
struct pace_next pace_next(const struct target_state *target, const struct policy *policy,
    uint32_t hash, int64_t planned, int64_t ended, uint32_t random);

/* Learns from a run that counts: the flag `slow`, and the doubling of the interval. `passed`: what
 * it was taken for. */
void pace_learn(struct target_state *target, const struct policy *policy,
    const struct observation *run, bool passed,
    struct run_effects *effects);

extern const struct rule_table pace_table;
