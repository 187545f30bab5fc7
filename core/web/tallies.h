/*
 * For the metrics of the web process: how long the steps of attempts took (connect, greeting ...),
 * counted by probe and step, since this process began to follow them.
 */
#pragma once

#include "store/rows.h"

/* The steps of a run, one after the other. It begins with their names, separated by blanks, and the times of so many (store_run_phases()). */
struct run_steps {
	const char *names;    /* of those that follow; NULL: of none */
	const int64_t *times; /* microseconds, -1 where not reached */
	uint32_t left;
	struct pw_bytes name; /* of the step at hand */
	int64_t micros;
};
/* Goes on to the next step. Returns false behind the last. */
bool run_steps_next(struct run_steps *);

enum { TALLY_BUCKETS = 14 };
/* Their upper bounds in microseconds, rising; what is longer is counted in the whole alone. */
extern const int64_t tally_bounds[TALLY_BUCKETS];

struct tally {
	char *probe, *phase;
	uint64_t buckets[TALLY_BUCKETS]; /* each alone */
	uint64_t count;
	int64_t sum; /* microseconds */
};

/* Starts as zeroes. */
struct tallies {
	struct tally *items;
	uint32_t count, room;
};

/* Counts the steps that were reached. */
void tallies_add(struct tallies *, const char *probe, const struct store_run *);
void tallies_fini(struct tallies *);
