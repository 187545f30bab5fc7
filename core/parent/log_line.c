/*
 * Formats a log line: for people with local time and a word for its severity, for a log daemon with
 * a number.
 */
#include "parent/log_line.h"

#include <assert.h>
#include <stdlib.h>
#include <syslog.h>

#include "base/clock.h"

#define DIM "\x1b[2m"
#define PLAIN "\x1b[0m"

static const struct {
	const char *name, *colour;
} levels[] = {
	[LOG_EMERG] = { "error", "\x1b[1;31m" },   [LOG_ALERT] = { "error", "\x1b[1;31m" },
	[LOG_CRIT] = { "error", "\x1b[1;31m" },    [LOG_ERR] = { "error", "\x1b[1;31m" },
	[LOG_WARNING] = { "warning", "\x1b[33m" }, [LOG_NOTICE] = { "notice", "\x1b[1m" },
	[LOG_INFO] = { "info", "" },               [LOG_DEBUG] = { "debug", DIM },
};

const char *
log_level_name(int level)
{
	return levels[level].name;
}

/* "2026-11-23 18:34:42 +0100" */
static void
add_time(struct text *text, const struct zone *zone, int64_t at)
{
	struct zone_time time = zone_at(zone, at / SECOND);
	int offset = abs(time.offset) / 60;

	text_format(text, "%04lld-%02d-%02d %02d:%02d:%02d %c%02d%02d", (long long)time.year,
	    time.month, time.day, time.hour, time.minute, time.second, time.offset < 0 ? '-' : '+',
	    offset / 60, offset % 60);
}

/* "Nov  3 18:34:42": RFC 3164, section 4.1.2. */
static void
add_stamp(struct text *text, const struct zone *zone, int64_t at)
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	struct zone_time time = zone_at(zone, at / SECOND);

	text_format(text, "%s %2d %02d:%02d:%02d", months[time.month - 1], time.day, time.hour,
	    time.minute, time.second);
}

static void
add_words(struct text *text, const struct log_line *line)
{
	if (line->who != NULL)
		text_format(text, "%s: ", line->who);
	text_add_bytes(text, line->text.data, line->text.size);
}

/* The lines of an event stand below its first one; where others came between, its number tells
 * which. */
static void
add_for_people(struct text *text, const struct zone *zone, const struct log_line *line, bool colour)
{
	if (line->follows && !line->apart) {
		text_add(text, "        ");
	} else {
		text_add(text, colour ? DIM : "");
		add_time(text, zone, line->at);
		text_add(text, colour ? PLAIN : "");
		text_format(text, "  %s%-7s%s  ", colour ? levels[line->level].colour : "",
		    levels[line->level].name, colour ? PLAIN : "");
		if (line->follows)
			text_format(text, "#%llu  ", (unsigned long long)line->event);
	}
	add_words(text, line);
	text_add(text, "\n");
}

/* A log daemon has a time and a level of its own for each line. */
static void
add_for_daemons(struct text *text, const struct log_line *line)
{
	if (line->event != 0)
		text_format(
		    text, "#%llu %s", (unsigned long long)line->event, line->follows ? "  " : "");
	add_words(text, line);
}

void
log_line_add(struct text *text, enum log_form form, const struct log_origin *origin,
    const struct log_line *line)
{
	assert(line->level >= LOG_EMERG && line->level <= LOG_DEBUG);
	switch (form) {
	case LOG_FORM_PLAIN:
	case LOG_FORM_COLOUR:
		add_for_people(text, origin->zone, line, form == LOG_FORM_COLOUR);
		return;
	case LOG_FORM_JOURNAL:
		text_format(text, "<%d>", line->level);
		add_for_daemons(text, line);
		text_add(text, "\n");
		return;
	case LOG_FORM_SYSLOG:
		text_format(text, "<%d>", origin->facility | line->level);
		add_stamp(text, origin->zone, line->at);
		text_format(text, " postwatch[%d]: ", origin->pid);
		add_for_daemons(text, line);
		return;
	}
}
