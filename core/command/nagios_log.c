/*
 * Parses the lines SERVICE NOTIFICATION and SERVICE ALERT of a Nagios log for `postwatch shadow`.
 * Lines of other kinds are skipped.
 */
#include "command/nagios_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { FIELDS_MAX = 6 };

/* Splits at ";", the last field has the rest; returns how many there are. */
static int
split(char *text, char *fields[FIELDS_MAX])
{
	int count = 0;

	while (text != NULL && count < FIELDS_MAX) {
		fields[count++] = text;
		text = count < FIELDS_MAX ? strchr(text, ';') : NULL;
		if (text != NULL)
			*text++ = '\0';
	}
	return count;
}

/* Acknowledgements, downtimes, flapping and what people send are no states: false. */
static bool
find_kind(const char *state, enum nagios_event_kind *kind)
{
	static const struct {
		const char *state;
		enum nagios_event_kind kind;
	} states[] = { { "OK", NAGIOS_EVENT_UP }, { "RECOVERY", NAGIOS_EVENT_UP },
		{ "WARNING", NAGIOS_EVENT_WARNING }, { "CRITICAL", NAGIOS_EVENT_DOWN },
		{ "UNKNOWN", NAGIOS_EVENT_DOWN } };

	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (strcmp(states[i].state, state) == 0) {
			*kind = states[i].kind;
			return true;
		}
	return false;
}

/* "[1700000000] TYPE: fields". Returns what is behind the time; NULL: it is no such line. */
static char *
take_time(char *line, int64_t *at)
{
	char *end;
	long long seconds = line[0] == '[' ? strtoll(line + 1, &end, 10) : 0;

	if (seconds <= 0 || seconds > INT64_MAX / SECOND || strncmp(end, "] ", 2) != 0)
		return NULL;
	*at = seconds * SECOND;
	return end + 2;
}

/* A line as an event, of a notification or of an alert. Returns false if it is neither. */
static bool
take_event(struct arena *arena, char *text, int64_t at, bool *is_alert, struct nagios_event *event)
{
	static const char notification[] = "SERVICE NOTIFICATION: ", alert[] = "SERVICE ALERT: ";
	char *fields[FIELDS_MAX];
	int first = 1; /* behind the contact */

	*is_alert = strncmp(text, alert, sizeof alert - 1) == 0;
	if (!*is_alert && strncmp(text, notification, sizeof notification - 1) != 0)
		return false;
	text += *is_alert ? sizeof alert - 1 : sizeof notification - 1;
	first = *is_alert ? 0 : 1;
	text[strcspn(text, "\r\n")] = '\0';
	if (split(text, fields) < FIELDS_MAX || !find_kind(fields[first + 2], &event->kind)
	    || (*is_alert && strcmp(fields[3], "HARD") != 0))
		return false;
	event->at = at;
	event->host = arena_strdup(arena, fields[first]);
	event->service = arena_strdup(arena, fields[first + 1]);
	event->output = arena_strdup(arena, fields[5]);
	return true;
}

bool
nagios_log_read(struct arena *arena, const char *path, struct nagios_log *log, struct reason *why)
{
	FILE *file = fopen(path, "re");
	struct nagios_event *lists[2] = { NULL }, **ends[2] = { &lists[0], &lists[1] };
	bool has_time = false, is_alert;
	char *line = NULL, *text;
	size_t room = 0;
	int64_t at;

	if (file == NULL) {
		reason_set(why, "%s: %s", path, strerror(errno));
		return false;
	}
	while (getline(&line, &room, file) >= 0) {
		struct nagios_event event = { .at = 0 };

		if ((text = take_time(line, &at)) == NULL)
			continue;
		has_time = true;
		if (!take_event(arena, text, at, &is_alert, &event))
			continue;
		*ends[is_alert] = arena_alloc(arena, sizeof event);
		**ends[is_alert] = event;
		ends[is_alert] = &(*ends[is_alert])->next;
	}
	if (ferror(file) || !has_time)
		reason_set(why, ferror(file) ? "%s: cannot be read to its end"
		    : "%s:1: no log of Nagios: its lines begin with \"[SECONDS] \"", path);
	has_time &= !ferror(file);
	free(line);
	fclose(file);
	*log = (struct nagios_log){ lists[lists[0] == NULL], lists[0] == NULL };
	return has_time;
}
