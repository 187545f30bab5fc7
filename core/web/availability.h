/*
 * For the web process: how much of the last day, week, month and year a target was up: by time,
 * from the store's roll-ups of hours, and since these from the attempts themselves. Time that is
 * paused counts neither for nor against; what is unknown makes a best and a worst case.
 */
#pragma once

#include "web/rows.h"

struct view;

enum { AVAILABILITY_SPANS = 4 };

struct availability {
	struct availability_span { int64_t good, down, unknown; } spans[AVAILABILITY_SPANS]; /* microseconds; the shortest first */
	int64_t begins; /* UTC: the record that there is; 0: there is none */
};

/* Whether the record has no more to say of that span, at `now` (UTC), than of the one before: it begins within the shorter one. */
bool availability_is_repeated(const struct availability *, int span, int64_t now);
/* Whether it begins within that span. */
bool availability_is_young(const struct availability *, int span, int64_t now);

/* Of the target by that number of the store, at `now` (UTC). */
void availability_read(struct store_reader *, uint64_t target, int64_t now, struct availability *);

/* "99.95 %", or that it is not known. */
void availability_put_percent(struct view *, const struct availability_span *);
/* All spans, with the best and the worst case where they differ. */
void availability_put(struct view *, const struct availability *);

/* Those of the targets that are shared, which are kept in memory. Starts as zeroes; the owner frees `items`. */
struct availabilities {
	struct availability_of { uint64_t target; bool is_read; struct availability it; } *items; /* by number */
	uint32_t count, next;
};

/* The targets are those now. Returns false if out of memory: it stays as it was. */
bool availabilities_take(struct availabilities *, const struct rows *, const struct config *);
/* Reads those of the next targets, for some milliseconds. Returns whether there may be such as were not read yet. */
bool availabilities_turn(struct availabilities *, struct store_reader *, int64_t now);
/* NULL: it is not kept, or was not read yet. */
const struct availability *availabilities_get(const struct availabilities *, uint64_t target);
