/*
 * Days, weeks and months of a zone, for reports of availability. Dates are counted as days of UTC,
 * which have no gaps: only their ends are looked up in the zone.
 */
#include "base/period.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

enum { DAY = 86400, WEEK = 7, LONGEST_MONTH = 31 };

static struct zone_time
date_of(int64_t day)
{
	return zone_at(NULL, day * DAY);
}

static void
name_day(char name[PERIOD_NAME_MAX / 2], enum period period, int64_t day)
{
	struct zone_time date = date_of(day);
	int size = snprintf(name, PERIOD_NAME_MAX / 2, "%" PRId64 "-%02d", date.year, date.month);

	if (period != PERIOD_MONTH)
		snprintf(name + size, PERIOD_NAME_MAX / 2 - (size_t)size, "-%02d", date.day);
}

struct period_span
period_at(enum period period, const struct zone *zone, int64_t utc, int at)
{
	struct zone_time date = zone_at(zone, utc / SECOND), begin, end;
	struct period_span span;
	int64_t first, behind;

	date.hour = date.minute = date.second = 0;
	first = zone_seconds(NULL, &date) / DAY;
	if (period == PERIOD_WEEK)
		first -= (date.weekday + WEEK - 1) % WEEK;
	else if (period == PERIOD_MONTH)
		first -= date.day - 1;
	behind = first + (period == PERIOD_DAY ? 1 : WEEK);
	if (period == PERIOD_MONTH)
		behind = first + LONGEST_MONTH - (date_of(first + LONGEST_MONTH).day - 1);
	begin = date_of(first);
	end = date_of(behind);
	span.from = zone_seconds(zone, &begin) * SECOND;
	span.until = zone_seconds(zone, &end) * SECOND;
	end.hour = at / 60;
	end.minute = at % 60;
	span.due = zone_seconds(zone, &end) * SECOND;
	span.day = first;
	name_day(span.first, period, first);
	name_day(span.last, period, behind - 1);
	assert(span.from < span.until && span.until <= span.due);
	return span;
}
