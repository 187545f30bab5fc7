/*
 * Time zones for people: what a clock on the wall shows at an instant, in any number of zones at
 * once. Reads the files of tzdata by itself (RFC 8536), for localtime(3) knows only one zone and
 * takes a missing one for UTC in silence.
 *
 * A zone is read once, and then opens nothing. NULL stands for UTC wherever a zone is asked for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/reason.h"
#include "base/text.h"

struct zone;

/* "Europe/Berlin": a name of tzdata ($TZDIR, else /usr/share/zoneinfo). NULL with a reason: no such
 * zone, a name that is none ("..", a leading "/"), a file that does not hold. */
struct zone *zone_open(const char *name, struct reason *why);

/* The reader's own: $TZ (":Europe/Berlin", "Europe/Berlin", "/path", "CET-1CEST,M3.5.0,M10.5.0/3",
 * or empty for UTC), else /etc/localtime. NULL, which is UTC, where that says nothing. */
struct zone *zone_open_own(void);

void zone_close(struct zone **);

struct zone_time {
	int64_t year;
	int month, day, weekday; /* from 1, from 1, 0 is Sunday */
	int hour, minute, second;
	int32_t offset; /* seconds east of UTC */
	bool dst;
	const char *abbreviation; /* "CET"; belongs to the zone */
};

/* What the wall clock shows, `seconds` after 1970-01-01T00:00:00Z. */
struct zone_time zone_at(const struct zone *, int64_t seconds);

/* The other way, of year to second, each within its range (a day may be one behind the end of its
 * month): the first instant at which the wall clock shows that. Of a time that it leaves out: as
 * far behind the change as that is behind what the clock showed before it. */
int64_t zone_seconds(const struct zone *, const struct zone_time *wall);

/* "2026-11-23 16:43:43 +0100 (CET)", from microseconds UTC; parts of a second are dropped. */
void zone_add(struct text *, const struct zone *, int64_t microseconds);

/* "16:43:43": the time alone, where the day and the offset are told nearby. */
void zone_add_clock(struct text *, const struct zone *, int64_t microseconds);

/* "2026-11-23T15:43:43.123456Z": RFC 3339, for machines. */
void zone_add_utc(struct text *, int64_t microseconds);
