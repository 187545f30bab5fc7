/*
 * The members of the keeper's module that makes rows of runs (record.h), for its own files and
 * their tests: record.c, evidence.c, remind.c.
 */
#pragma once

#include "base/zone.h"
#include "keeper/keeper.h"
#include "keeper/record.h"

struct record {
	struct zone *zone;           /* of the log, and of weekly tests */
	uint64_t events;             /* numbers for the lines of a change */
	uint64_t done;               /* changes and results that were taken */
	int64_t watched;             /* UTC: the last result that came; 0: none */
	uint64_t results_left_out, left_out; /* `left_out`: pieces of evidence */
	int64_t say_next;            /* when that may be said again */
	/* targets whose row of servers was compared with what is kept */
	uint32_t servers_filled;
	int64_t tested, next_test;   /* UTC: of the ways, once a week */
};
