/*
 * Single failed attempts of a target among others that passed: counted over the last hour, in six
 * slots of ten minutes. The rules (attempt.h) compute from them how many failures in a row confirm
 * an outage.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"

enum {
	FAILURE_RATE_SLOTS = 6,
	FAILURE_RATE_LAST = 3 /* failures whose evidence is told */
};

struct failure_rate {
	struct moment slot_began; /* of the newest slot */
	uint8_t newest;
	uint16_t runs[FAILURE_RATE_SLOTS], failed[FAILURE_RATE_SLOTS];
	uint64_t last[FAILURE_RATE_LAST]; /* runs that failed, oldest first; 0: none */
};

/* Attempts of the last hour; a row of failures that lasts is not among them. */
struct failure_rate_hour {
	uint32_t runs, failed;
};

/* Begins with the first failed attempt: what passed before it, since `up_since` and every
 * `interval`, is presumed. */
void failure_rate_begin(struct failure_rate *, int64_t up_since, int64_t interval,
    struct moment now);

/* An attempt passed. */
void failure_rate_passed(struct failure_rate *, int64_t now);

/* A row of `count` failures ended by a pass; `last`: its last runs, oldest first, 0: none. */
void failure_rate_failed(struct failure_rate *, uint32_t count,
    const uint64_t last[static FAILURE_RATE_LAST],
    int64_t now);

struct failure_rate_hour failure_rate_hour(struct failure_rate *, int64_t now);

/*
 * How many failures in a row confirm an outage: `tries`, or so many more that failures at the rate
 * of that hour, each by itself, would be as many in a row about once a year; CHANGE_ATTEMPTS_RAISED
 * at most. Where half of all fail, of 20 at least, it is no chance any more: then it is `tries`.
 */
uint32_t failure_rate_tries(struct failure_rate_hour, uint32_t tries, int64_t interval);

/* Whether the hour and the row of `row` failures at its end show the condition `unstable`;
 * `stands`: it does already, and ends later than it would begin. */
bool failure_rate_shows(struct failure_rate_hour, uint32_t row, bool stands);

/* Nothing failed within the hour. */
bool failure_rate_is_over(const struct failure_rate *);
