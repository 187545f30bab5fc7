/*
 * Parses and prints durations ("1h30m") and sizes ("64KiB"): two tables of units, largest first,
 * and one reader for both.
 */
#include "base/units.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	int64_t worth;
};

static const struct unit durations[] = {
	{ "w", 7ll * 86400 * 1000000 }, { "d", 86400ll * 1000000 }, { "h", 3600ll * 1000000 },
	    { "m", 60ll * 1000000 },
	{ "s", 1000000 },               { "ms", 1000 },             { "us", 1 },
};

static const struct unit sizes[] = {
	{ "TiB", 1ll << 40 }, { "TB", 1000000000000 }, { "GiB", 1ll << 30 }, { "GB", 1000000000 },
	    { "MiB", 1ll << 20 },
	{ "MB", 1000000 },    { "KiB", 1ll << 10 },    { "kB", 1000 },       { "B", 1 },
};

enum { DURATIONS = sizeof durations / sizeof *durations, SIZES = sizeof sizes / sizeof *sizes };

static bool
refuse(struct reason *why, const char *text, const char *fault)
{
	struct text shown = TEXT_ROOM(64);

	text_escape(&shown, (struct pw_bytes){ text, strlen(text) });
	return reason_set(why, "\"%s%s\" %s", shown.bytes, shown.cut ? "..." : "", fault);
}

/* A number that stands alone: in the units that were likely meant. */
static bool
refuse_bare(struct reason *why, const char *text, int64_t number, bool over)
{
	struct text fault = TEXT_ROOM(200);

	if (over)
		return refuse(why, text, "is too long, and has no unit");
	text_format(&fault, "has no unit; write %llds, %lldm or %lldh (units: us ms s m h d w)",
	    (long long)number, (long long)number, (long long)number);
	return refuse(why, text, fault.bytes);
}

/* Takes a number off the front of `*text`; false where there is none. A number beyond int64_t sets
 * `*over`. */
static bool
take_number(const char **text, int64_t *number, bool *over)
{
	const char *start = *text;

	for (*number = 0; **text >= '0' && **text <= '9'; (*text)++)
		if (__builtin_mul_overflow(*number, 10, number)
		    || __builtin_add_overflow(*number, **text - '0', number))
			*over = true, *number = 0;
	return *text != start;
}

static const struct unit *
take_unit(const char **text, const struct unit *units, size_t count)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t size = strspn(*text, letters);

	for (size_t i = 0; i < count; i++)
		if (size == strlen(units[i].name) && strncasecmp(*text, units[i].name, size) == 0) {
			*text += size;
			return &units[i];
		}
	return NULL;
}

static void
skip_blanks(const char **text)
{
	*text += strspn(*text, " \t");
}

static bool
add_product(int64_t *sum, int64_t number, int64_t worth)
{
	int64_t product;

	return !__builtin_mul_overflow(number, worth, &product)
	    && !__builtin_add_overflow(*sum, product, sum);
}

/* Units have to fall, as in 1h30m: 30m1h is more likely a slip than meant. */
bool
units_parse_duration(const char *text, int64_t *microseconds, struct reason *why)
{
	static const char usage[] =
	    "is not a duration; write it like 500ms, 15s, 10m, 2h, 1d or 1h30m";
	const struct unit *last = NULL;
	const char *at = text;
	int64_t sum = 0, number;
	bool over = false;

	skip_blanks(&at);
	do {
		if (!take_number(&at, &number, &over))
			return refuse(why, text, usage);
		skip_blanks(&at);
		if (*at == '\0' && last == NULL && number == 0 && !over)
			break;
		if (*at == '\0')
			return refuse_bare(why, text, number, over);
		const struct unit *unit = take_unit(&at, durations, DURATIONS);
		if (unit == NULL || (last != NULL && unit <= last))
			return refuse(why, text, usage);
		if (over || !add_product(&sum, number, unit->worth))
			return refuse(why, text, "is too long");
		last = unit;
		skip_blanks(&at);
	} while (*at != '\0');
	*microseconds = sum;
	return true;
}

bool
units_parse_size(const char *text, int64_t *bytes, struct reason *why)
{
	static const char usage[] = "is not a size; write it like 100, 64KiB, 1MB or 4GiB";
	const char *at = text;
	int64_t sum = 0, number;
	bool over = false;

	skip_blanks(&at);
	if (!take_number(&at, &number, &over))
		return refuse(why, text, usage);
	skip_blanks(&at);
	const struct unit *unit = *at == '\0' ? &sizes[SIZES - 1] : take_unit(&at, sizes, SIZES);
	skip_blanks(&at);
	if (unit == NULL || *at != '\0')
		return refuse(why, text, usage);
	if (over || !add_product(&sum, number, unit->worth))
		return refuse(why, text, "is too large");
	*bytes = sum;
	return true;
}

void
units_add_duration(struct text *text, int64_t microseconds)
{
	assert(microseconds >= 0);
	if (microseconds == 0)
		text_add(text, "0s");
	for (size_t i = 0; i < DURATIONS; i++) {
		const struct unit *unit = &durations[i];

		if (microseconds < unit->worth)
			continue;
		text_add_i64(text, microseconds / unit->worth);
		text_add(text, unit->name);
		microseconds %= unit->worth;
	}
}

/* The largest unit that divides it: what is shown can be written back and is the same. */
const char *
units_duration(char bytes[static UNITS_DURATION_MAX], int64_t microseconds)
{
	struct text text = text_over(bytes, UNITS_DURATION_MAX);

	units_add_duration(&text, microseconds);
	return bytes;
}

void
units_add_size(struct text *text, int64_t bytes)
{
	const struct unit *unit = sizes;

	assert(bytes >= 0);
	while (unit->worth > 1 && (bytes == 0 || bytes % unit->worth != 0))
		unit++;
	assert(bytes % unit->worth == 0 && unit < sizes + SIZES);
	text_add_i64(text, bytes / unit->worth);
	if (unit->worth > 1)
		text_add(text, unit->name);
}

bool
units_parse_percent(const char *text, int64_t *millionths, struct reason *why)
{
	const char *at = text;
	int64_t whole, digits = 0;
	bool over = false, good = take_number(&at, &whole, &over) && !over && whole <= 100;
	int places = 0;

	if (good && *at == '.')
		for (at++; *at >= '0' && *at <= '9' && places < 4; at++, places++)
			digits = 10 * digits + (*at - '0');
	for (; places < 4; places++)
		digits *= 10;
	digits += good ? whole * 10000 : 0;
	if (!good || strcmp(at, "%") != 0 || digits == 0 || digits > 1000000)
		return refuse(why, text, "is no percentage such as 99.9%");
	*millionths = digits;
	return true;
}
