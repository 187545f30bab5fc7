/*
 * Maintenance jobs of the store (roll-ups, deletion of what is old, verification), which the keeper
 * has run: they take turns, each a step at a time, each step a short transaction.
 */
#pragma once

#include "store/rollup.h"
#include "store/store.h"
#include "store/verify.h"

enum { ROLLUP_RUNS_MAX = 4096, JOBS_MAX = 16 };

/* Where the jobs are; zeroes before the first. */
struct maintenance {
	uint32_t turn;                    /* the job that is asked first */
	int64_t next[JOBS_MAX];           /* when each is asked again */
	int64_t begins[STORE_SPANS];      /* of the span being rolled up, 0: not yet read */
	uint64_t target[STORE_SPANS];     /* its next target */
	uint64_t trimmed;                 /* the next target whose roll-ups are looked at */
	uint64_t cursors[JOBS_MAX];       /* up to which key a job has gone through its table */
	struct verify verify[STORE_FILES];
	struct rollup_run runs[ROLLUP_RUNS_MAX + 1];
};

enum step {
	STEP_NOTHING, /* ask again later */
	STEP_DONE,    /* and there may be more */
	STEP_BROKEN
};

/* history.db is another one. */
void maintenance_reset(struct maintenance *);

/* rollup.c */
enum step maintenance_roll(struct store *, enum store_span, int64_t now, struct store_maintained *);

/* Gives roll-ups that an earlier version has made their columns of time by mood, from their
 * counts. */
enum step maintenance_fill_rollups(struct store *, int64_t now, struct store_maintained *);
