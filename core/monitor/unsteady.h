/*
 * Attempts that failed alone, among others that passed: counted over the last hour, in six slots of
 * ten minutes. How many failures in a row confirm an outage depends on them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"

enum {
	UNSTEADY_SLOTS = 6,
	UNSTEADY_LAST = 3 /* failures whose evidence is told */
};

struct unsteady {
	struct moment slot_began; /* of the newest slot */
	uint8_t newest;
	uint16_t runs[UNSTEADY_SLOTS], failed[UNSTEADY_SLOTS];
	uint64_t last[UNSTEADY_LAST]; /* runs that failed, oldest first; 0: none */
};

/* Attempts of the last hour; a row of failures that lasts is not among them. */
struct unsteady_hour {
	uint32_t runs, failed;
};

/* Begins with the first failed attempt: what passed before it, since `up_since` and every
 * `interval`, is presumed. */
void unsteady_begin(struct unsteady *, int64_t up_since, int64_t interval, struct moment now);

/* An attempt passed. */
void unsteady_passed(struct unsteady *, int64_t now);

/* A row of `count` failures ended by a pass; `last`: its last runs, oldest first, 0: none. */
void unsteady_failed(struct unsteady *, uint32_t count, const uint64_t last[static UNSTEADY_LAST],
    int64_t now);

struct unsteady_hour unsteady_hour(struct unsteady *, int64_t now);

/*
 * How many failures in a row confirm an outage: `tries`, or so many more that failures at the rate
 * of that hour, each by itself, would be as many in a row about once a year; CHANGE_ATTEMPTS_RAISED
 * at most. Where half of all fail, of 20 at least, it is no chance any more: then it is `tries`.
 */
uint32_t unsteady_tries(struct unsteady_hour, uint32_t tries, int64_t interval);

/* Whether the hour and the row of `row` failures at its end show the condition `unstable`;
 * `stands`: it does already, and ends later than it would begin. */
bool unsteady_shows(struct unsteady_hour, uint32_t row, bool stands);

/* Nothing failed within the hour. */
bool unsteady_is_over(const struct unsteady *);
