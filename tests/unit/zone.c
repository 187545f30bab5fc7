/* Zones: what we say of many instants in many zones is what glibc says, also past the table and without one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/zone.h"

enum { YEAR_2100 = 4102444800u };

static bool
same(const struct zone *zone, time_t at, const char *name)
{
	struct tm tm;
	struct zone_time time = zone_at(zone, at);

	assert_non_null(localtime_r(&at, &tm));
	if (time.year == tm.tm_year + 1900 && time.month == tm.tm_mon + 1 && time.day == tm.tm_mday && time.hour == tm.tm_hour
	    && time.minute == tm.tm_min && time.second == tm.tm_sec && time.weekday == tm.tm_wday
	    && time.offset == tm.tm_gmtoff && time.dst == (tm.tm_isdst > 0) && strcmp(time.abbreviation, tm.tm_zone) == 0)
		return true;
	print_error("%s at %lld: %02d:%02d %s %d, and glibc: %02d:%02d %s %ld\n", name, (long long)at, time.hour, time.minute,
	    time.abbreviation, time.offset, tm.tm_hour, tm.tm_min, tm.tm_zone, tm.tm_gmtoff);
	return false;
}

/* The two sides of each change between two instants that differ. */
static void
compare_change(const struct zone *zone, time_t low, time_t high, const char *name)
{
	int32_t before = zone_at(zone, low).offset;

	while (high - low > 1) {
		time_t middle = low + (high - low) / 2;

		if (zone_at(zone, middle).offset == before)
			low = middle;
		else
			high = middle;
	}
	assert_true(same(zone, low, name));
	assert_true(same(zone, high, name));
}

static void
compare(const struct zone *zone, const char *tz)
{
	time_t last = -1000003;

	setenv("TZ", tz, 1);
	tzset();
	for (time_t at = 0; at < YEAR_2100; last = at, at += 700001) {
		assert_true(same(zone, at, tz));
		if (zone_at(zone, last).offset != zone_at(zone, at).offset)
			compare_change(zone, last, at, tz);
	}
}

static void
agrees_with_glibc(void **state)
{
	static const char *const names[] = { "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
		"America/St_Johns", "Africa/Casablanca", "Europe/Dublin", "America/Nuuk", "Asia/Tehran", "Pacific/Apia",
		"Antarctica/Troll", "America/Sao_Paulo", "Asia/Gaza", "Pacific/Chatham", "UTC", "Etc/GMT+12" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct reason why;
		struct zone *zone = zone_open(names[i], &why);

		if (zone == NULL)
			fail_msg("%s", why.text);
		compare(zone, names[i]);
		zone_close(&zone);
		assert_null(zone);
	}
}

static void
use_fixtures(void)
{
	char *path = realpath("tests/fixtures/zoneinfo", NULL);

	assert_non_null(path);
	setenv("TZDIR", path, 1);
	free(path);
}

/* Slim files end with the last change that the rule does not tell: all of today comes from the rule. */
static void
reads_slim_files(void **state)
{
	static const char *const pairs[][2] = { { "Slim_Berlin", "Europe/Berlin" }, { "Slim_St_Johns", "America/St_Johns" } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		use_fixtures();
		struct zone *zone = zone_open(pairs[i][0], NULL);
		unsetenv("TZDIR");
		assert_non_null(zone);
		compare(zone, pairs[i][1]);
		zone_close(&zone);
	}
}

static void
reads_rules(void **state)
{
	static const char *const rules[] = { "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
		"IST-1GMT0,M10.5.0,M3.5.0/1", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "IST-2IDT,M3.4.4/26,M10.5.0", "MSK-3", "<+0545>-5:45",
		"XXX3YYY,J60/2,J300/1:30:15", "XXX3YYY,59,299" };

	(void)state;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		setenv("TZ", rules[i], 1);
		struct zone *zone = zone_open_own();
		assert_non_null(zone);
		compare(zone, rules[i]);
		zone_close(&zone);
	}
	setenv("TZ", "XXX3EDT4,0/0,J365/23", 1); /* summer all year: RFC 8536, section 3.3.1 */
	struct zone *zone = zone_open_own();
	for (int64_t at = 0; at < YEAR_2100; at += 7654321)
		assert_int_equal(zone_at(zone, at).offset, -4 * 3600);
	zone_close(&zone);
	setenv("TZ", "CET-1CEST", 1); /* what POSIX leaves open */
	zone = zone_open_own();
	assert_int_equal(zone_at(zone, 1782864000).offset, 7200);
	assert_int_equal(zone_at(zone, 1795448623).offset, 3600);
	zone_close(&zone);
}

static void
finds_the_readers_own(void **state)
{
	static const char *const berlins[] = { "Europe/Berlin", ":Europe/Berlin", "/usr/share/zoneinfo/Europe/Berlin" };
	static const char *const utcs[] = { "", ":", "Nowhere/Atall", "../../etc/passwd", "/no/such/file", "CET-", "CET-1CEST,M3.5.0" };

	(void)state;
	for (size_t i = 0; i < sizeof berlins / sizeof *berlins; i++) {
		setenv("TZ", berlins[i], 1);
		struct zone *zone = zone_open_own();
		assert_non_null(zone);
		assert_int_equal(zone_at(zone, 1700000000).offset, 3600);
		zone_close(&zone);
	}
	for (size_t i = 0; i < sizeof utcs / sizeof *utcs; i++) {
		setenv("TZ", utcs[i], 1);
		assert_null(zone_open_own());
	}
	unsetenv("TZ");
	struct zone *zone = zone_open_own();
	tzset();
	assert_true(same(zone, 1700000000, "/etc/localtime"));
	zone_close(&zone);
}

static void
refuses_bad_names(void **state)
{
	static const struct {
		const char *name, *part;
	} cases[] = {
		{ "", "is not the name of a time zone" },
		{ "/etc/passwd", "is not the name of a time zone" },
		{ "../../../etc/passwd", "is not the name of a time zone" },
		{ "Europe/../Europe/Berlin", "is not the name of a time zone" },
		{ "Europe//Berlin", "is not the name of a time zone" },
		{ "Europe/Berlin\n", "\"Europe/Berlin\\x0a\" is not the name" },
		{ "Europe/Brelin", "no such time zone" },
		{ "Europe", "not a time zone file" },
		{ "tzdata.zi", "not a time zone file" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct reason why;

		assert_null(zone_open(cases[i].name, &why));
		if (strstr(why.text, cases[i].part) == NULL)
			fail_msg("%s", why.text);
	}
	struct reason why;
	use_fixtures();
	assert_null(zone_open("Cut_Berlin", &why));
	assert_non_null(strstr(why.text, "damaged"));
	setenv("TZDIR", "/no/such/folder", 1);
	assert_null(zone_open("Europe/Berlin", &why));
	assert_non_null(strstr(why.text, "is tzdata installed?"));
	unsetenv("TZDIR");
}

/* Of a clock that is set back the first instant; of an hour that is left out the time behind the change; days that begin at
 * 01:00, and one that was left out as a whole. Each hour of some years comes back. */
static void
finds_instants(void **state)
{
	static const struct { const char *zone; struct zone_time wall; int64_t at; } known[] = {
		{ "Europe/Berlin", { .year = 2026, .month = 10, .day = 25, .hour = 2, .minute = 30 }, 1792888200 },
		{ "Europe/Berlin", { .year = 2026, .month = 10, .day = 25, .hour = 3 }, 1792893600 },
		{ "Europe/Berlin", { .year = 2026, .month = 3, .day = 29, .hour = 2, .minute = 30 }, 1774747800 },
		{ "America/Sao_Paulo", { .year = 2018, .month = 11, .day = 4 }, 1541300400 },
		{ "Pacific/Apia", { .year = 2011, .month = 12, .day = 30 }, 1325239200 },
		{ NULL, { .year = 2016, .month = 12, .day = 31, .hour = 23, .minute = 59, .second = 60 }, 1483228800 },
	};
	static const char *const zones[] = { "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe" };

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct zone *zone = known[i].zone == NULL ? NULL : zone_open(known[i].zone, NULL);

		assert_int_equal(zone_seconds(zone, &known[i].wall), known[i].at);
		zone_close(&zone);
	}
	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
		struct zone *zone = zone_open(zones[i], NULL);

		for (int64_t at = 1700000000; at < 1770000000; at += 1800) {
			struct zone_time wall = zone_at(zone, at), again;
			int64_t found = zone_seconds(zone, &wall);

			again = zone_at(zone, found);
			assert_true(found <= at && found >= at - 3600 && again.hour == wall.hour && again.minute == wall.minute);
		}
		zone_close(&zone);
	}
}

static void
writes_times(void **state)
{
	static const int64_t at = 1795448623ll * SECOND + 123456;
	char bytes[200];
	struct text text = TEXT_OVER(bytes);
	struct zone *berlin = zone_open("Europe/Berlin", NULL), *johns = zone_open("America/St_Johns", NULL);

	(void)state;
	zone_add(&text, berlin, at);
	text_add(&text, "|");
	zone_add(&text, johns, at);
	text_add(&text, "|");
	zone_add(&text, NULL, at);
	text_add(&text, "|");
	zone_add_clock(&text, berlin, at);
	assert_string_equal(bytes, "2026-11-23 16:43:43 +0100 (CET)|2026-11-23 12:13:43 -0330 (NST)|2026-11-23 15:43:43 +0000 (UTC)|16:43:43");
	text = TEXT_OVER(bytes);
	zone_add_utc(&text, at);
	text_add(&text, "|");
	zone_add_utc(&text, 0);
	text_add(&text, "|");
	zone_add_utc(&text, -1);
	text_add(&text, "|");
	zone_add_utc(&text, INT64_MAX);
	assert_string_equal(bytes, "2026-11-23T15:43:43.123456Z|1970-01-01T00:00:00.000000Z|1969-12-31T23:59:59.999999Z|"
	    "294247-01-10T04:00:54.775807Z");
	zone_close(&berlin);
	zone_close(&johns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_glibc),
		cmocka_unit_test(reads_slim_files),
		cmocka_unit_test(reads_rules),
		cmocka_unit_test(finds_the_readers_own),
		cmocka_unit_test(refuses_bad_names),
		cmocka_unit_test(finds_instants),
		cmocka_unit_test(writes_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
