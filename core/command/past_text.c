/*
 * For commands that read the store: formats times, ages and roles of runs for people. Times are
 * those of the reader's zone, and ages count from the instant at which the store was opened.
 */
#include "command/past_text.h"

#include <stdio.h>
#include <string.h>

#include "command/past.h"

const char *
past_role(const char *role)
{
	static const char *const words[][2] = { { "confirmed", "confirming attempt" },
		{ "changed", "failed otherwise" }, { "hourly", "failed still" },
		{ "failed", "last failure" } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(role, words[i][0]) == 0)
			return words[i][1];
	return role;
}

/* Without the name of the zone in brackets: the offset says enough in a list. */
const char *
past_time(char bytes[static PAST_TIME_MAX], const struct past *past, int64_t time)
{
	struct text text = text_over(bytes, PAST_TIME_MAX);

	if (time == 0)
		text_add(&text, "-");
	else
		zone_add(&text, past->zone, time);
	bytes[strcspn(bytes, "(")] = '\0';
	if (time != 0 && bytes[0] != '\0')
		bytes[strlen(bytes) - 1] = '\0';
	return bytes;
}

const char *
past_lasted(char bytes[static PAST_TIME_MAX], const struct past *past, int64_t since)
{
	struct text text = text_over(bytes, PAST_TIME_MAX);
	int64_t lasted = past->now > since ? past->now - since : 0;

	if (since == 0)
		text_add(&text, "-");
	else
		text_add_age(&text, lasted);
	return bytes;
}

const char *
past_ago(char bytes[static PAST_TIME_MAX], const struct past *past, int64_t time)
{
	struct text text = text_over(bytes, PAST_TIME_MAX);

	if (time == 0)
		text_add(&text, "-");
	else if (time > past->now) {
		text_add(&text, "in ");
		text_add_age(&text, time - past->now);
	} else {
		text_add_age(&text, past->now - time);
		text_add(&text, " ago");
	}
	return bytes;
}

void
past_put(struct pw_bytes shown)
{
	struct text text = TEXT_ROOM(4096);

	text_add_shown(&text, shown);
	fputs(text.bytes, stdout);
}

void
past_put_line(struct pw_bytes shown)
{
	past_put(shown);
	putchar('\n');
}

void
past_end_line(const char *words)
{
	fputs(words == NULL || words[0] == '\0' ? "" : ": ", stdout);
	past_put_line(text_view(words));
}
