/*
 * Targets that nobody looks at, by the clock: no run of theirs has ended for longer than `policy_patience` allows, whatever
 * the reason, and whether or not anybody reports it. That is told once, as `impaired` with the code `not_looked_at`, and so
 * is its end. The clock runs only while the keeper does: time in which the host or all of us stood still counts for nothing,
 * and is told by itself where it was long.
 */
#ifndef KEEPER_UNSEEN_H
#define KEEPER_UNSEEN_H

#include <stdint.h>

#include "base/text.h"

struct keeper;

/* Of one target. */
struct seen {
	int64_t ended;    /* UTC: of its last run, 0: none since the keeper's birth */
	int64_t at;       /* when it was heard of, by `struct unseen.clock` */
	int64_t interval; /* as in struct message_run */
};

struct unseen {
	struct seen *targets;
	int64_t clock;    /* microseconds that the keeper has run */
	int64_t turned, turned_boot; /* clock_mono() and clock_boot() of the last turn, 0: none */
	int64_t next;     /* of `clock`: the next look at all */
	int64_t since;    /* UTC: since when what was told stands, 0: nothing is told; kept in the store */
	uint32_t count;   /* targets that are not looked at */
	uint32_t first;   /* the one of them that was not for the longest time */
};

/* Memory for all targets. False: there is none. unseen_fini gives it back. */
bool unseen_init(struct keeper *);
void unseen_fini(struct keeper *);
/* Reads what a keeper before us has told. */
void unseen_recover(struct keeper *);

/* A run of the target has ended at that time (UTC). */
void unseen_run_ended(struct keeper *, uint32_t target, int64_t ended);
/* How often it is run from now on, as in struct message_run. */
void unseen_interval(struct keeper *, uint32_t target, int64_t interval);

/* In every turn of the keeper's loop: lets its clock run, looks at all targets, and tells what there is to tell. */
void unseen_turn(struct keeper *);

/* Appends "mx1 and 2 other targets"; nothing where all are looked at. */
void unseen_add_names(struct text *, const struct keeper *);

#endif
