/*
 * For base/zone.h: parses and evaluates the rule behind the table of a time zone, by which its
 * clock changes from year to year (POSIX TZ, with the wider hours of RFC 8536, section 3.3.1), and
 * the calendar.
 */
#include "base/zone_rule.h"

#include <string.h>

enum { DAY_SECONDS = 86400, YEAR_MAX = 400000 };

/* Years are counted from March, so that the leap day is the last one; eras are 400 years of 146,097
 * days. */
int64_t
zone_days(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void
zone_date(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int64_t of_era = shifted - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = y + era * 400 + (*month <= 2);
}

static bool
take_number(const char **at, int min, int max, int *number)
{
	const char *start = *at;

	for (*number = 0; **at >= '0' && **at <= '9' && *at - start < 4; (*at)++)
		*number = *number * 10 + (**at - '0');
	return *at != start && *number >= min && *number <= max;
}

/* "[+-]hh[:mm[:ss]]" to seconds. */
static bool
take_time(const char **at, int hours_max, int32_t *seconds)
{
	int sign = **at == '-' ? -1 : 1, parts[3] = { 0 };

	*at += **at == '-' || **at == '+';
	if (!take_number(at, 0, hours_max, &parts[0]))
		return false;
	for (int i = 1; i < 3 && **at == ':'; i++) {
		(*at)++;
		if (!take_number(at, 0, 59, &parts[i]))
			return false;
	}
	*seconds = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
	return true;
}

/* "CET" or "<+03>": at least three characters. */
static bool
take_name(const char **at, char name[static 16])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char others[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-";
	bool quoted = **at == '<';

	*at += quoted;
	size_t size = strspn(*at, quoted ? others : letters);
	if (size < 3 || size > 15 || (quoted && (*at)[size] != '>'))
		return false;
	memcpy(name, *at, size);
	name[size] = '\0';
	*at += size + quoted;
	return true;
}

static bool
take_change(const char **at, struct zone_change *change)
{
	*change = (struct zone_change){ .form = ZONE_DAY, .time = 2 * 3600 };
	bool good;

	if (*(*at)++ != ',')
		return false;
	if (**at == 'M') {
		(*at)++;
		change->form = ZONE_WEEKDAY;
		good = take_number(at, 1, 12, &change->month) && *(*at)++ == '.'
		    && take_number(at, 1, 5, &change->week)
		    && *(*at)++ == '.' && take_number(at, 0, 6, &change->day);
	} else if (**at == 'J') {
		(*at)++;
		change->form = ZONE_JULIAN;
		good = take_number(at, 1, 365, &change->day);
	} else {
		good = take_number(at, 0, 365, &change->day);
	}
	if (good && **at == '/') {
		(*at)++;
		good = take_time(at, 167, &change->time);
	}
	return good;
}

static bool
take_summer(const char **at, struct zone_rule *rule)
{
	int32_t west;

	if (!take_name(at, rule->names[1]))
		return false;
	rule->has_summer = true;
	rule->summer = (struct zone_kind){ rule->standard.offset + 3600, true, rule->names[1] };
	if (**at != ',' && **at != '\0') {
		if (!take_time(at, 24, &west))
			return false;
		rule->summer.offset = -west;
	}
	if (**at == '\0')
		*at = ",M3.2.0,M11.1.0"; /* what POSIX leaves open, as everybody fills it */
	return take_change(at, &rule->start) && take_change(at, &rule->end);
}

bool
zone_rule_parse(const char *text, struct zone_rule *rule)
{
	int32_t west;

	memset(rule, 0, sizeof *rule);
	if (!take_name(&text, rule->names[0]) || !take_time(&text, 24, &west))
		return false;
	rule->standard = (struct zone_kind){ -west, false, rule->names[0] };
	return *text == '\0' || (take_summer(&text, rule) && *text == '\0');
}

static int64_t
day_of_change(const struct zone_change *change, int64_t year)
{
	int64_t first = zone_days(year, 1, 1);

	switch (change->form) {
	case ZONE_DAY:
		return first + change->day;
	case ZONE_JULIAN:
		return first + change->day - 1
		    + (change->day >= 60 && zone_days(year, 3, 1) - first == 60);
	case ZONE_WEEKDAY:
		break;
	}
	first = zone_days(year, change->month, 1);
	int64_t next = change->month == 12 ? zone_days(year + 1, 1, 1)
	    : zone_days(year, change->month + 1, 1);
	int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
	int64_t day = first + (change->day - weekday + 7) % 7 + 7 * (change->week - 1);
	return day < next ? day : day - 7;
}

/* The instant at which a change happens, by the clock of what was in force before it. */
static int64_t
instant(const struct zone_change *change, int64_t year, const struct zone_kind *before)
{
	return day_of_change(change, year) * DAY_SECONDS + change->time - before->offset;
}

/* The last change up to the instant decides; summer wins where both fall together, which is summer
 * all year. */
const struct zone_kind *
zone_rule_at(const struct zone_rule *rule, int64_t seconds)
{
	const struct zone_kind *kind = &rule->standard;
	int64_t year, last = INT64_MIN;
	int month, day;

	if (!rule->has_summer)
		return kind;
	zone_date(seconds / DAY_SECONDS, &year, &month, &day);
	if (year < -YEAR_MAX || year > YEAR_MAX)
		return kind;
	for (int64_t y = year - 1; y <= year + 1; y++) {
		int64_t end = instant(&rule->end, y, &rule->summer),
		    start = instant(&rule->start, y, &rule->standard);

		if (end <= seconds && end > last) {
			last = end;
			kind = &rule->standard;
		}
		if (start <= seconds && start >= last) {
			last = start;
			kind = &rule->summer;
		}
	}
	return kind;
}
