/*
 * For the web process: the newest run of each target and the day before it, kept in memory: results
 * of history.db are followed by their number, and the roll-ups of quarters are read again every
 * minute. Each step holds a read transaction for some milliseconds.
 */
#pragma once

#include "base/outcome.h"
#include "store/reader.h"
#include "web/tallies.h"

/* What a row says of a run: a damaged one may hold any number. */
static inline enum pw_verdict
verdict_of(uint32_t number)
{
	return number <= PW_UNKNOWN ? (enum pw_verdict)number : PW_UNKNOWN;
}

enum { LOOK_QUARTERS = 96, LOOK_HOURS = 24, LOOK_PHASES_MAX = 16 }; /* a strip of 24 hours */

/* A quarter of an hour: the worst that a part of it was, and how great that part was. */
enum { LOOK_BLOCKED = STORE_MOODS_END, LOOK_MOODS_END }; /* degraded, in that we were refused */
struct quarter {
	uint8_t mood;   /* enum store_mood, or LOOK_BLOCKED */
	uint8_t share;  /* of 255; 0: nothing is known of it */
	uint8_t failed; /* runs that failed in it, up to 255 */
};

/* How long runs of an hour took that were ok or degraded, in microseconds, at most UINT32_MAX; 0: there was none, or the hour
 * was not summed up yet. */
struct pace {
	uint32_t p50, p95;
};

/* Runs that ended so at that step; "": before any. */
struct failure {
	struct failure *next;
	char outcome[OUTCOME_NAME_MAX], phase[24];
	uint64_t count;
};

/* The newest run of a target, and the day before it. */
struct look {
	uint64_t target;
	int64_t at, micros; /* UTC; 0: there is none */
	int64_t alike_since; /* UTC: when the first of the runs began that have its verdict without another between; where the following began
	                      * later, the first that is known */
	enum pw_verdict verdict;
	enum store_mood mood;
	int64_t speaks_until; /* UTC: so long it says how the target is */
	char outcome[OUTCOME_NAME_MAX];
	char *text;               /* NULL: it was ok */
	char *phase_names;        /* separated by blanks; NULL: none. Owned by the looks, which keep each list once */
	uint32_t phase_count;
	int64_t phases[LOOK_PHASES_MAX]; /* microseconds, -1 where not reached */
	const char *probe;        /* as the row of the target says; NULL: there was none yet. Kept like phase_names */
	uint64_t runs[PW_UNKNOWN + 1]; /* by verdict, since this process began to follow */
	struct failure *failures; /* likewise, of runs that failed */
	uint64_t incident;        /* the newest that is known */
	uint64_t incidents;       /* that began since this process began to follow */
	struct quarter quarters[LOOK_QUARTERS]; /* look_quarter() finds one */
	struct pace hours[LOOK_HOURS];          /* look_hour() finds one */
};

/* The place in `quarters` of a number of quarters since 1970, which is negative before; that in `hours` of hours. */
uint32_t look_quarter(int64_t number);
uint32_t look_hour(int64_t number);

/* The day that ends with that quarter, the oldest first. A quarter that has neither a roll-up nor a run yet is as the newest run says, as long
 * as that one speaks. */
void look_day(const struct look *, int64_t last, struct quarter day[LOOK_QUARTERS]);

/* The steps of the newest run. */
static inline struct run_steps
look_steps(const struct look *look)
{
	return (struct run_steps){ .names = look->phase_names, .times = look->phases, .left = look->phase_count };
}

struct looks;

struct looks *looks_create(void); /* NULL if out of memory */
void looks_destroy(struct looks **);

/* Forgets all: the store is another one. Counters go on. */
void looks_forget(struct looks *);

/* Begins to follow anew, and keeps what is known of each target: history.db alone is another one. */
void looks_restart(struct looks *);

/* The index of a target's look, which is made where it is new; UINT32_MAX if out of memory. It holds until looks_forget(). */
uint32_t looks_find(struct looks *, uint64_t target);
/* What the row of that target says. Returns false if out of memory. */
bool looks_note(struct looks *, uint32_t index, const char *probe, uint64_t incident);
/* A view until the next looks_find() or looks_turn(). */
const struct look *looks_get(const struct looks *, uint32_t index);

/* A step, at `now` (UTC); returns whether there is more to do at once. */
bool looks_turn(struct looks *, struct store_reader *, int64_t now);

uint64_t looks_results(const struct looks *); /* runs followed since the beginning */
const struct tallies *looks_tallies(const struct looks *);
