/*
 * Spells: stretches of time in which we could not see, or may not have. A run that overlaps one
 * says nothing against its target by being silent, whether it began or ended in it.
 */
#ifndef MONITOR_SPELLS_H
#define MONITOR_SPELLS_H

#include <stdbool.h>
#include <stdint.h>

enum { SPELLS_KEPT = 8 };

/* The last ones, oldest first; where there are more, the two oldest become one with the time
 * between them. */
struct spells {
	struct spell { int64_t from, to; } items[SPELLS_KEPT]; /* `to` INT64_MAX: it lasts */
	uint8_t count;
};

/* One begins (nothing where one lasts), and ends (nothing where none does). Times are of one steady
 * clock. */
void spells_begin(struct spells *, int64_t from);
void spells_end(struct spells *, int64_t to);
bool spells_last(const struct spells *);

/* Whether any of them overlaps the time from `from` to `to`. */
bool spells_overlap(const struct spells *, int64_t from, int64_t to);

#endif
