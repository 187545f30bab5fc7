/*
 * Recurring times of a week, as a configuration has them for maintenance windows and quiet hours,
 * on the wall clock of a zone:
 *
 *   "22:00-07:00"          every day, into the next
 *   "Sun 02:00-04:00"      on Sundays
 *   "Mon-Fri 18:00-08:00"  on the evenings of these days, until the next morning
 *   "Sat,Sun 00:00-24:00"  two whole days
 *
 * It is the wall clock that counts: an hour that it leaves out in spring is in no range, one that
 * it shows twice in autumn is twice in one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/reason.h"
#include "base/text.h"
#include "base/zone.h"

enum { CALENDAR_RANGES_MAX = 32 };

struct calendar_range {
	uint8_t days;      /* on which it begins; bit 0: Sunday */
	uint16_t from, to; /* minutes since midnight: to at most 2 * 1440, on the next day where
	                    * above 1440; from < to */
};

struct calendar {
	uint32_t count;
	const struct calendar_range *ranges; /* the caller's */
};

/* False with a reason that says what would be right; `*range` is then untouched. */
bool calendar_parse(const char *text, struct calendar_range *range, struct reason *why);
/* Adds a range as calendar_parse() takes it. */
void calendar_add_range(struct text *, const struct calendar_range *);

/* Whether the wall clock of the zone (NULL: UTC) shows a time within a range at this instant,
 * microseconds UTC. */
bool calendar_holds(const struct calendar *, const struct zone *, int64_t utc);

/* The first instant after `utc`, a whole minute, at which that is otherwise; INT64_MAX: not within
 * eight days. */
int64_t calendar_next(const struct calendar *, const struct zone *, int64_t utc);

/* The last instant before or at `utc` since when it is as it is then; `utc` less eight days where
 * it is so for longer. */
int64_t calendar_since(const struct calendar *, const struct zone *, int64_t utc);
