/*
 * For the keeper, which sends reports of availability at regular times: computes the day, week or
 * month in which an instant lies by the clock of a time zone: when it begins and ends, its dates,
 * and when the report on it is due. Periods follow each other without gaps.
 */
#pragma once

#include "base/zone.h"

enum period { PERIOD_MONTH, PERIOD_WEEK /* from Monday (ISO 8601) */, PERIOD_DAY };

enum { PERIOD_NAME_MAX = 32 };

struct period_span {
	int64_t from, until; /* UTC, microseconds */
	int64_t day;         /* the first day, in days since 1970-01-01, whatever the zone */
	/* the date of the first day and of the last, "2026-11-23"; of a month both are "2026-11" */
	char first[PERIOD_NAME_MAX / 2], last[PERIOD_NAME_MAX / 2];
	int64_t due;         /* UTC: when the clock shows `at` on the day behind it */
};

/* The period whose dates the wall clock (NULL: UTC) shows at this instant. `at`: minutes since
 * midnight, at most 1439. */
struct period_span period_at(enum period, const struct zone *, int64_t utc, int at);
