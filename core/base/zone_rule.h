/*
 * For base/zone.h: the rule behind the table of a time zone, by which its clock changes from year
 * to year (POSIX TZ, with the wider hours of RFC 8536, section 3.3.1), and the calendar.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is in force for a while. */
struct zone_kind {
	int32_t offset; /* seconds east of UTC */
	bool dst;
	const char *abbreviation;
};

enum zone_form {
	ZONE_JULIAN, /* Jn: 1 to 365, no leap day */
	ZONE_DAY,    /* n: 0 to 365 */
	ZONE_WEEKDAY /* Mm.w.d */
};

/* When of each year it changes; local time by what was in force before. */
struct zone_change {
	enum zone_form form;
	int month, week, day; /* ZONE_WEEKDAY: week 5 is the last; else `day` alone */
	int32_t time;         /* seconds after midnight, -167 to 167 h */
};

/* POSIX TZ: "CET-1CEST,M3.5.0,M10.5.0/3". */
struct zone_rule {
	struct zone_kind standard, summer;
	char names[2][16];
	bool has_summer;
	struct zone_change start, end; /* of summer */
};

/* False: it is none. The kinds point into the rule: it must not be moved afterwards. */
bool zone_rule_parse(const char *text, struct zone_rule *);
const struct zone_kind *zone_rule_at(const struct zone_rule *, int64_t seconds);

/* Days since 1970-01-01 of a day in the Gregorian calendar, and the year, month, day back. */
int64_t zone_days(int64_t year, int month, int day);
void zone_date(int64_t days, int64_t *year, int *month, int *day);
