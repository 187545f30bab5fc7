/* Units: what people write is read, what they forget is said, and what is written reads back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/units.h"

enum { S = 1000000 };

static void
reads_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t micros;
	} cases[] = {
		{ "15s", 15 * S },        { "500ms", S / 2 },          { "7us", 7 },           { "10m", 600 * S },
		{ "2h", 7200ll * S },     { "1d", 86400ll * S },       { "2w", 1209600ll * S }, { "1h30m", 5400ll * S },
		{ "1m 30s", 90 * S },     { " 15 s ", 15 * S },        { "0", 0 },             { "0s", 0 },
		{ "15S", 15 * S },        { "1s1us", S + 1 },          { "106751991d", 106751991ll * 86400 * S },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t micros = -1;
		struct reason why;

		if (!units_parse_duration(cases[i].text, &micros, &why))
			fail_msg("%s", why.text);
		assert_true(micros == cases[i].micros);
	}
}

static void
says_what_is_wrong_with_durations(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{ "90", "has no unit; write 90s" }, { "", "is not a duration" },          { "s", "is not a duration" },
		{ "-5s", "is not a duration" },     { "1.5h", "is not a duration" },      { "5 parsecs", "is not a duration" },
		{ "30m1h", "is not a duration" },   { "1m1m", "is not a duration" },      { "5s!", "is not a duration" },
		{ "1h30", "has no unit" },          { "106751992d", "is too long" },      { "99999999999999999999s", "is too long" },
		{ "1h\n", "\"1h\\x0a\"" },          { "0x", "is not a duration" },        { "99999999999999999999", "has no unit" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t micros = -1;
		struct reason why;

		if (units_parse_duration(cases[i].text, &micros, &why))
			fail_msg("\"%s\" is taken for a duration", cases[i].text);
		assert_true(micros == -1);
		if (strstr(why.text, cases[i].part) == NULL)
			fail_msg("\"%s\": %s", cases[i].text, why.text);
	}
}

static void
reads_sizes(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} cases[] = {
		{ "100", 100 },   { "0", 0 },          { "64KiB", 65536 }, { "4GiB", 4ll << 30 }, { "1MB", 1000000 },
		{ "1kb", 1000 },  { " 2 mib ", 2 << 20 }, { "3B", 3 },     { "8388607TiB", 8388607ll << 40 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t bytes = -1;

		assert_true(units_parse_size(cases[i].text, &bytes, NULL));
		assert_true(bytes == cases[i].bytes);
	}
	static const char *const wrong[] = { "", "KiB", "-1", "1.5MB", "64K", "5 apples", "1MB1KB", "8388608TiB", "9223372036854775808" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct reason why;
		int64_t bytes = -1;

		if (units_parse_size(wrong[i], &bytes, &why))
			fail_msg("\"%s\" is taken for a size", wrong[i]);
		assert_true(bytes == -1);
		assert_non_null(strstr(why.text, "is "));
	}
}

static void
writes_what_it_reads(void **state)
{
	static const char *const durations[] = { "0s", "15s", "500ms", "1h30m", "1d", "1w2d3h4m5s6ms7us" };
	static const char *const bytes_of[] = { "0", "100", "64KiB", "4GiB", "1MB", "1001" };

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		char bytes[64];
		struct text text = TEXT_OVER(bytes);
		int64_t value;

		assert_true(units_parse_duration(durations[i], &value, NULL));
		units_add_duration(&text, value);
		assert_string_equal(bytes, durations[i]);
		text = TEXT_OVER(bytes);
		assert_true(units_parse_size(bytes_of[i], &value, NULL));
		units_add_size(&text, value);
		assert_string_equal(bytes, bytes_of[i]);
	}
	char bytes[64];
	struct text text = TEXT_OVER(bytes);
	int64_t value;
	units_add_duration(&text, INT64_MAX);
	assert_true(units_parse_duration(bytes, &value, NULL));
	assert_true(value == INT64_MAX);
}

static void
reads_percentages(void **state)
{
	static const struct { const char *text; int64_t millionths; } cases[] = { { "99.9%", 999000 }, { "100%", 1000000 },
		{ "100.0000%", 1000000 }, { "99.9995%", 999995 }, { "0.0001%", 1 }, { "5%", 50000 } };
	static const char *const wrong[] = { "", "%", "99.9", "99,9%", "100.0001%", "101%", "0%", "99.99999%", "-1%", " 5%", "5%%", "5 %", ".5%",
		"99999999999999999999%" };
	struct reason why;
	int64_t millionths;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(units_parse_percent(cases[i].text, &millionths, &why));
		assert_true(millionths == cases[i].millionths);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (units_parse_percent(wrong[i], &millionths, &why))
			fail_msg("%s", wrong[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(says_what_is_wrong_with_durations),
		cmocka_unit_test(reads_sizes),
		cmocka_unit_test(reads_percentages),
		cmocka_unit_test(writes_what_it_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
