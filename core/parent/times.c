/* The parent's time limits, one row for each; tests shorten them by these names ("silence=1s"). */
#include "parent/times.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"

static const struct {
	const char *name;
	size_t offset;
	int64_t standard;
} rows[] = {
#define TIME(name, member, seconds) \
	{ name, offsetof(struct times, member), (int64_t)(seconds) * SECOND }
	TIME("start", start, 60),
	TIME("silence", silence, 10),
	TIME("keeper_silence", keeper_silence, 120),
	TIME("loop", loop, 60),
	TIME("backoff", backoff, 1),
	TIME("stop", stop, 10),
	TIME("confirm", confirm, 60),
	TIME("reload", reload, 2),
	TIME("look", look, 60),
	TIME("window", quarantine.window, 3600),
	TIME("hold", quarantine.hold, 86400),
#undef TIME
};

static int64_t *
row_of(struct times *times, size_t i)
{
	return (int64_t *)(void *)((char *)times + rows[i].offset);
}

struct times
times_standard(void)
{
	struct times times;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		*row_of(&times, i) = rows[i].standard;
	return times;
}

bool
times_shorten(struct times *times, const char *words, struct reason *why)
{
	for (size_t size; *(words += strspn(words, " ")) != '\0'; words += size) {
		char value[32];
		size_t row = 0, name = 0;

		size = strcspn(words, " ");
		for (; row < sizeof rows / sizeof rows[0]; row++) {
			name = strlen(rows[row].name);
			if (size > name && strncmp(words, rows[row].name, name) == 0
			    && words[name] == '=')
				break;
		}
		if (row == sizeof rows / sizeof rows[0]) {
			reason_set(why, "%.*s: no such time", (int)size, words);
			return false;
		}
		assert(name < size);
		snprintf(value, sizeof value, "%.*s", (int)(size - name - 1), words + name + 1);
		if (!units_parse_duration(value, row_of(times, row), why))
			return false;
	}
	return true;
}
