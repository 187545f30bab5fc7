/*
 * Recurring weekly times ("Mon-Fri 18:00-08:00") in a time zone: whether an instant lies in one,
 * and when that changes. Boundaries are found by steps to whole minutes, which covers both the
 * ranges and the zone's changes of its clock.
 */
#include "base/calendar.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

enum { DAY = 1440, WEEK = 7, ALL_DAYS = 0x7f, LOOK_DAYS = 8, QUARTER = 15 };

static const char right[] =
    "write HH:MM-HH:MM, with days before it or not: \"22:00-07:00\", \"Mon-Fri 18:00-08:00\", "
    "\"Sat,Sun 00:00-24:00\"";

static const char day_names[WEEK][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

/* The number of the day whose name begins here, -1: none does. */
static int
take_day(const char **at)
{
	for (int day = 0; day < WEEK; day++)
		if (strncasecmp(*at, day_names[day], 3) == 0) {
			*at += 3;
			return day;
		}
	return -1;
}

/* A range may go over the end of the week, as in Sat-Mon. */
static bool
take_days(const char **at, uint8_t *days)
{
	*days = 0;
	do {
		int first = take_day(at), last = first;

		if (first >= 0 && **at == '-') {
			++*at;
			last = take_day(at);
		}
		if (first < 0 || last < 0)
			return false;
		for (int day = first;; day = (day + 1) % WEEK) {
			*days |= (uint8_t)(1 << day);
			if (day == last)
				break;
		}
	} while (**at == ',' && ++*at);
	return **at == ' ';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
take_minutes(const char **at, uint16_t *minutes)
{
	const char *word = *at;
	int hour, minute;

	if (!is_digit(word[0]) || !is_digit(word[1]) || word[2] != ':' || !is_digit(word[3])
	    || !is_digit(word[4]))
		return false;
	hour = (word[0] - '0') * 10 + word[1] - '0';
	minute = (word[3] - '0') * 10 + word[4] - '0';
	if (minute > 59 || hour * 60 + minute > DAY)
		return false;
	*minutes = (uint16_t)(hour * 60 + minute);
	*at += 5;
	return true;
}

bool
calendar_parse(const char *text, struct calendar_range *range, struct reason *why)
{
	struct calendar_range read = { .days = ALL_DAYS };
	const char *at = text + strspn(text, " ");
	bool good = is_digit(*at) || take_days(&at, &read.days);

	at += strspn(at, " ");
	good = good && take_minutes(&at, &read.from) && *at++ == '-' && take_minutes(&at, &read.to);
	if (!good || at[strspn(at, " ")] != '\0' || read.from == DAY)
		return reason_set(why, "%s", right);
	if (read.from == read.to)
		return reason_set(why, "it ends where it begins: for a whole day write 00:00-24:00");
	if (read.to < read.from)
		read.to = (uint16_t)(read.to + DAY);
	assert(read.from < read.to && read.to - read.from <= DAY);
	*range = read;
	return true;
}

/* Whole minutes of the wall clock until something of the range changes; *holds where it is open. */
static int
look(const struct calendar_range *range, int weekday, int minute, bool *holds)
{
	int next = DAY - minute;

	assert(range->from < range->to && minute < DAY);
	for (int ago = 0; ago < 2; ago++) { /* begun today, or yesterday */
		int from = range->from - ago * DAY, to = range->to - ago * DAY;

		if (!(range->days >> (weekday + WEEK - ago) % WEEK & 1))
			continue;
		*holds |= minute >= from && minute < to;
		if (from > minute && from - minute < next)
			next = from - minute;
		if (to > minute && to - minute < next)
			next = to - minute;
	}
	assert(next > 0 && next <= DAY - minute);
	return next;
}

static int
look_at_all(const struct calendar *calendar, const struct zone *zone, int64_t seconds, bool *holds)
{
	struct zone_time wall = zone_at(zone, seconds);
	int next = DAY, minute = wall.hour * 60 + wall.minute;

	*holds = false;
	for (uint32_t i = 0; i < calendar->count; i++) {
		int own = look(&calendar->ranges[i], wall.weekday, minute, holds);
		if (own < next)
			next = own;
	}
	return next;
}

static int64_t
floor_minute(int64_t utc)
{
	int64_t seconds = utc / SECOND - (utc % SECOND < 0);

	return seconds - ((seconds % 60) + 60) % 60;
}

static bool
begins_on(const struct calendar_range *range, int day)
{
	return (range->days >> (day + WEEK) % WEEK & 1) != 0;
}

/* Days in a row are "Mon-Fri"; the week begins on Monday. */
void
calendar_add_range(struct text *text, const struct calendar_range *range)
{
	int to = range->to > DAY ? range->to - DAY : range->to;
	bool all = range->days == ALL_DAYS;

	for (int day = 1, last, listed = 0; !all && day <= WEEK; day = last + 1) {
		last = day;
		if (!begins_on(range, day))
			continue;
		while (last < WEEK && begins_on(range, last + 1))
			last++;
		text_format(text, "%s%s", listed++ == 0 ? "" : ",", day_names[day % WEEK]);
		if (last > day)
			text_format(
			    text, "%c%s", last == day + 1 ? ',' : '-', day_names[last % WEEK]);
	}
	text_format(text, "%s%02d:%02d-%02d:%02d", all ? "" : " ", range->from / 60,
	    range->from % 60, to / 60, to % 60);
}

bool
calendar_holds(const struct calendar *calendar, const struct zone *zone, int64_t utc)
{
	bool holds;

	(void)look_at_all(calendar, zone, floor_minute(utc), &holds);
	return holds;
}

/* Zones set their clocks at quarters of hours: no step goes beyond one. */
int64_t
calendar_next(const struct calendar *calendar, const struct zone *zone, int64_t utc)
{
	int64_t at = floor_minute(utc), end = at + LOOK_DAYS * DAY * 60;
	bool now, holds;
	int step = look_at_all(calendar, zone, at, &now);

	while (at < end) {
		int quarter = QUARTER - (int)(at / 60 % QUARTER);

		at += (step < quarter ? step : quarter) * 60;
		step = look_at_all(calendar, zone, at, &holds);
		if (holds != now)
			return at * SECOND;
	}
	return INT64_MAX;
}

/* By single minutes: it is asked for seldom. */
int64_t
calendar_since(const struct calendar *calendar, const struct zone *zone, int64_t utc)
{
	int64_t at = floor_minute(utc), end = at - LOOK_DAYS * DAY * 60;
	bool now, holds;

	(void)look_at_all(calendar, zone, at, &now);
	for (; at > end; at -= 60) {
		(void)look_at_all(calendar, zone, at - 60, &holds);
		if (holds != now)
			break;
	}
	return at * SECOND;
}
