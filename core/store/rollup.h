/*
 * For the store's maintenance: makes one row, a roll-up, of the runs of one target in a span of
 * time: how long it was up, how long its steps took. A pure function of the runs.
 */
#pragma once

#include "store/rows.h"

struct rollup_run {
	int64_t at, micros;
	uint32_t verdict, mood, speaks_for;
	uint32_t phase_names; /* number of the list */
	uint32_t phase_count;
	int64_t phases[STORE_PHASES_MAX];
};

/* `runs` are those that began within the span, in order; `before`: the last one before it, NULL
 * where there is none. The times of phases are of the runs whose list of phases is that of the last
 * run. False: nothing is known of the span, and there is no row to be made. */
bool rollup_make(const struct rollup_run *runs, uint32_t count, const struct rollup_run *before,
    int64_t start, int64_t length, struct store_rollup *made, uint32_t *phase_names);
