/*
 * For `postwatch import`: turns a timeperiod of Nagios, the hours of a week in which somebody is
 * told, into their complement: the `quiet` hours of a notifier, or windows for targets. Periods
 * given by date, and exceptions, have no counterpart in our configuration and become comments in
 * it.
 */
#include "command/nagios_hours.h"

#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/text.h"

enum { DAYS = 7, MINUTES = 1440, RANGES_MAX = CALENDAR_RANGES_MAX };

static const struct {
	const char *key, *shown;
} days[DAYS] = { { "monday", "Mon" }, { "tuesday", "Tue" }, { "wednesday", "Wed" },
	{ "thursday", "Thu" }, { "friday", "Fri" }, { "saturday", "Sat" }, { "sunday", "Sun" } };

/* A range of the same minutes on several days. */
struct range {
	unsigned days; /* bit 0: Monday */
	int from, to;
};

/* "09:00-12:00,13:00-17:00" of one day. Returns false if it is none. */
static bool
take_day(bool is_rest[MINUTES], const char *text)
{
	for (;;) {
		int hour, minute, to_hour, to_minute, size = 0;

		if (sscanf(text, " %2d:%2d - %2d:%2d %n", &hour, &minute, &to_hour, &to_minute,
		        &size) != 4 || size == 0 || hour < 0 || minute < 0 || to_hour < 0
		    || to_minute < 0 || minute > 59 || to_minute > 59
		    || to_hour * 60 + to_minute > MINUTES)
			return false;
		for (int i = hour * 60 + minute; i < to_hour * 60 + to_minute; i++)
			is_rest[i] = false;
		text += size;
		if (*text == '\0')
			return true;
		if (*text++ != ',')
			return false;
	}
}

/* In which minutes nobody is told. What is not of the week is a comment where there is an entry for
 * it. */
static void
read_rest(const struct nagios_objects *objects, const struct nagios_object *period,
    bool is_rest[DAYS][MINUTES], struct draft_entry *entry)
{
	static const char *const known[] = { "timeperiod_name", "alias", "name", "use",
		"register", NULL };
	const struct draft_place place = { period->file, period->line, NULL };

	memset(is_rest, true, DAYS * sizeof *is_rest);
	for (int i = 0; i < DAYS; i++) {
		const char *text = nagios_value(objects, period, days[i].key);

		if (text != NULL && !take_day(is_rest[i], text) && entry != NULL)
			draft_leave_out_at(entry, place, text, "no hours, such as 09:00-17:00");
	}
	for (const struct nagios_attribute *each = period->attributes; each != NULL;
	     each = each->next) {
		bool is_known = draft_knows(known, each->key);

		for (int i = 0; i < DAYS; i++)
			is_known |= strcmp(each->key, days[i].key) == 0
			    && strchr("0123456789", each->value[0]) != NULL;
		if (!is_known && entry != NULL)
			draft_leave_out_at(entry, place,
			    FORMAT(300, "%s %s", each->key, each->value),
			    "hours are those of a week, without dates and exceptions");
	}
}

/* Ranges of the week in which nobody is told, with what read_rest() says of the others. Returns
 * their count; RANGES_MAX + 1: there are more. */
static int
find_ranges(const struct nagios_objects *objects, const struct nagios_object *period,
    struct range ranges[RANGES_MAX], struct draft_entry *entry)
{
	int count = 0, same, end;
	bool is_rest[DAYS][MINUTES];

	read_rest(objects, period, is_rest, entry);
	for (int day = 0; day < DAYS; day++)
		for (int at = 0; at < MINUTES; at = end) {
			for (end = at; end < MINUTES && is_rest[day][end] == is_rest[day][at];)
				end++;
			if (!is_rest[day][at])
				continue;
			for (same = 0; same < count && (ranges[same].from != at
			     || ranges[same].to != end);)
				same++;
			if (same == RANGES_MAX)
				return RANGES_MAX + 1;
			if (same == count)
				ranges[count++] = (struct range){ 0, at, end };
			ranges[same].days |= 1U << day;
		}
	return count;
}

/* Into the arena. */
static const char *
show_range(struct arena *arena, const struct range *range)
{
	struct text text = TEXT_ROOM(80);
	const char *separator = "";

	for (int i = 0; i < DAYS && range->days != (1U << DAYS) - 1; i++)
		if (range->days >> i & 1) {
			text_format(&text, "%s%s", separator, days[i].shown);
			separator = ",";
		}
	text_format(&text, "%s%02d:%02d-%02d:%02d", separator[0] == '\0' ? "" : " ",
	    range->from / 60, range->from % 60, range->to / 60, range->to % 60);
	return arena_strdup(arena, text.bytes);
}

bool
nagios_hours_are_all(const struct nagios_objects *objects, const struct nagios_object *period)
{
	struct range ranges[RANGES_MAX];

	return find_ranges(objects, period, ranges, NULL) == 0;
}

void
nagios_hours_quiet(
    const struct nagios_objects *objects, const char *name, struct draft_entry *entry)
{
	const struct nagios_object *period = nagios_find(
	    objects, "timeperiod", "timeperiod_name", name);
	struct range ranges[RANGES_MAX];
	int count;

	if (period == NULL) {
		if (strcmp(name, "24x7") != 0)
			draft_leave_out(entry, name, "there is no such timeperiod");
		return;
	}
	count = find_ranges(objects, period, ranges, entry);
	if (count > RANGES_MAX)
		draft_leave_out(entry, name, "more than 32 ranges of hours in a week");
	for (int i = 0; i < count && count <= RANGES_MAX; i++)
		draft_word(entry, "quiet", show_range(objects->arena, &ranges[i]));
}

const char *
nagios_hours_tag(const struct nagios_objects *objects, const struct nagios_object *period)
{
	return arena_strdup(objects->arena,
	    FORMAT(300, "hours-%s", nagios_value(objects, period, "timeperiod_name")));
}

void
nagios_hours_windows(const struct nagios_objects *objects, const struct nagios_object *period,
    struct draft *draft)
{
	const struct draft_place place = { period->file, period->line, NULL };
	const char *why = FORMAT(300, "not in notification_period %s",
	    nagios_value(objects, period, "timeperiod_name"));
	struct range ranges[RANGES_MAX];
	struct draft_entry *entry = draft_begin(draft, DRAFT_WINDOW, place);
	int count = find_ranges(objects, period, ranges, entry);

	draft_leave_out(entry, why,
	    count > RANGES_MAX ? "more than 32 ranges of hours in a week"
	                       : "the time in a window counts as paused in reports");
	draft_drop(entry);
	for (int i = 0; i < count && count <= RANGES_MAX; i++) {
		entry = draft_begin(draft, DRAFT_WINDOW, place);
		draft_word(entry, "targets",
		    FORMAT(300, "tag:%s", nagios_hours_tag(objects, period)));
		draft_string(entry, "when", show_range(objects->arena, &ranges[i]));
		draft_string(entry, "why", why);
		draft_end(entry);
	}
}
