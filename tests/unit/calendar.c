/* Recurring times on the wall clock, also on the days on which zones set it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/calendar.h"
#include "base/clock.h"

/* "2026-03-29T01:30:00Z" as microseconds. */
static int64_t
utc(const char *text)
{
	struct tm tm = { .tm_isdst = 0 };

	assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm));
	return timegm(&tm) * (int64_t)SECOND;
}

static struct zone *
zone(const char *name)
{
	struct reason why;
	struct zone *zone = zone_open(name, &why);

	assert_non_null(zone);
	return zone;
}

static struct calendar_range
range(const char *text)
{
	struct calendar_range range;
	struct reason why;

	assert_true(calendar_parse(text, &range, &why));
	return range;
}

static void
reads_what_people_write(void **state)
{
	static const struct {
		const char *text;
		struct calendar_range range;
	} cases[] = {
		{ "22:00-07:00", { 0x7f, 1320, 1860 } },
		{ "02:00-04:00", { 0x7f, 120, 240 } },
		{ "Sun 02:00-04:00", { 0x01, 120, 240 } },
		{ "mon-fri 18:00-08:00", { 0x3e, 1080, 1920 } },
		{ "Sat,Sun 00:00-24:00", { 0x41, 0, 1440 } },
		{ "Fri-Mon  00:00-00:01", { 0x63, 0, 1 } },
		{ " Mon,Wed-Thu 23:59-00:00 ", { 0x1a, 1439, 1440 } },
	};
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct calendar_range read = range(cases[i].text);
		assert_int_equal(read.days, cases[i].range.days);
		assert_int_equal(read.from, cases[i].range.from);
		assert_int_equal(read.to, cases[i].range.to);
	}
}

/* What is written of a range is the range. */
static void
writes_what_it_reads(void **state)
{
	static const struct { struct calendar_range range; const char *text; } cases[] = { { { 0x7f, 1320, 1860 }, "22:00-07:00" },
		{ { 0x3e, 1080, 1920 }, "Mon-Fri 18:00-08:00" }, { { 0x41, 0, 1440 }, "Sat,Sun 00:00-24:00" }, { { 0x55, 0, 1 }, "Tue,Thu,Sat,Sun 00:00-00:01" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char bytes[64];
		struct text text = TEXT_OVER(bytes);

		calendar_add_range(&text, &cases[i].range);
		assert_string_equal(bytes, cases[i].text);
	}
	for (unsigned days = 1; days < 0x80; days++) {
		struct calendar_range written = { (uint8_t)days, 61, 1440 + 59 }, read;
		char bytes[64];
		struct text text = TEXT_OVER(bytes);

		calendar_add_range(&text, &written);
		read = range(bytes);
		assert_int_equal(read.days, written.days);
		assert_int_equal(read.from, written.from);
		assert_int_equal(read.to, written.to);
	}
}

static void
refuses_what_is_none(void **state)
{
	static const char *const cases[] = { "", "22:00", "22-07", "22:00-", "2:00-04:00", "25:00-26:00", "24:00-25:00", "24:00-02:00",
		"02:60-03:00", "02:00-02:00", "Sunday 02:00-04:00", "Sun02:00-04:00", "Sun, 02:00-04:00", "Xyz 02:00-04:00", "Sun",
		"Sun-", "Sun-Tue", "02:00-04:00 x", "02:00-04:00-05:00", "-", ("02:00\xe2\x80\x93" "04:00") };
	struct calendar_range range = { 7, 8, 9 };
	struct reason why;
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (calendar_parse(cases[i], &range, &why))
			fail_msg("%s is taken", cases[i]);
	assert_int_equal(range.days, 7);
	assert_int_equal(range.to, 9);
}

/* What the calendar says of each minute is what glibc's clock says, and its ends are where that changes. */
static void
compare(const char *name, const char *text, const char *first, int days)
{
	struct zone *in = zone(name);
	struct calendar_range one = range(text);
	const struct calendar calendar = { 1, &one };
	int64_t at = utc(first), end = at + days * 86400 * (int64_t)SECOND, next = at;
	bool was = calendar_holds(&calendar, in, at);

	setenv("TZ", name, 1);
	tzset();
	for (; at < end; at += 60 * (int64_t)SECOND) {
		time_t seconds = at / SECOND;
		struct tm tm;
		int minute, today, yesterday;

		localtime_r(&seconds, &tm);
		minute = tm.tm_hour * 60 + tm.tm_min;
		today = one.days >> tm.tm_wday & 1 && minute >= one.from && minute < one.to;
		yesterday = one.days >> (tm.tm_wday + 6) % 7 & 1 && minute + 1440 < one.to;
		assert_int_equal(calendar_holds(&calendar, in, at), today || yesterday);
		assert_int_equal(calendar_holds(&calendar, in, at + 59 * (int64_t)SECOND), today || yesterday);
		if (next <= at)
			next = calendar_next(&calendar, in, at);
		assert_true(next > at);
		if (calendar_holds(&calendar, in, at) != was)
			assert_true(calendar_since(&calendar, in, at) == at);
		was = calendar_holds(&calendar, in, at);
		assert_int_equal(calendar_holds(&calendar, in, at + 60 * (int64_t)SECOND) != was,
		    next == at + 60 * (int64_t)SECOND);
	}
	zone_close(&in);
}

static void
goes_by_the_wall_clock(void **state)
{
	static const char *const ranges[] = { "22:00-07:00", "02:00-03:00", "Sun 02:30-03:30", "Sat,Sun 00:00-24:00", "01:45-02:15" };
	static const struct {
		const char *zone, *first;
	} days[] = {
		{ "Europe/Berlin", "2026-03-28T00:00:00Z" },       { "Europe/Berlin", "2026-10-24T00:00:00Z" },
		{ "America/New_York", "2026-03-07T00:00:00Z" },    { "America/New_York", "2026-10-31T00:00:00Z" },
		{ "Australia/Lord_Howe", "2026-04-04T00:00:00Z" }, { "Australia/Lord_Howe", "2026-10-03T00:00:00Z" },
		{ "Asia/Kathmandu", "2026-01-01T00:00:00Z" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
		for (size_t j = 0; j < sizeof days / sizeof days[0]; j++)
			compare(days[j].zone, ranges[i], days[j].first, 3);
}

/* 02:30 does not exist on that day: the window is open from 03:00, which is when the clock shows that it is past 02:30. */
static void
skips_the_hour_that_is_none(void **state)
{
	struct zone *berlin = zone("Europe/Berlin");
	struct calendar_range one = range("Sun 02:30-03:30");
	const struct calendar calendar = { 1, &one };
	(void)state;

	assert_true(calendar_next(&calendar, berlin, utc("2026-03-29T00:00:00Z")) == utc("2026-03-29T01:00:00Z"));
	assert_true(calendar_next(&calendar, berlin, utc("2026-03-29T01:00:00Z")) == utc("2026-03-29T01:30:00Z"));
	/* And in autumn twice. */
	assert_true(calendar_next(&calendar, berlin, utc("2026-10-25T00:00:00Z")) == utc("2026-10-25T00:30:00Z"));
	assert_true(calendar_next(&calendar, berlin, utc("2026-10-25T00:30:00Z")) == utc("2026-10-25T01:00:00Z"));
	assert_true(calendar_next(&calendar, berlin, utc("2026-10-25T01:00:00Z")) == utc("2026-10-25T01:30:00Z"));
	assert_true(calendar_next(&calendar, berlin, utc("2026-10-25T01:30:00Z")) == utc("2026-10-25T02:30:00Z"));
	zone_close(&berlin);
}

static void
joins_ranges(void **state)
{
	struct calendar_range two[] = { range("22:00-24:00"), range("00:00-06:00") };
	const struct calendar calendar = { 2, two };
	(void)state;

	assert_true(calendar_holds(&calendar, NULL, utc("2026-01-01T23:59:59Z")));
	assert_true(calendar_next(&calendar, NULL, utc("2026-01-01T22:00:00Z")) == utc("2026-01-02T06:00:00Z"));
	assert_true(calendar_since(&calendar, NULL, utc("2026-01-02T05:00:00Z")) == utc("2026-01-01T22:00:00Z"));
	assert_true(calendar_since(&calendar, NULL, utc("2026-01-02T06:00:00Z")) == utc("2026-01-02T06:00:00Z"));
}

static void
knows_always_and_never(void **state)
{
	struct calendar_range whole = range("00:00-24:00");
	const struct calendar always = { 1, &whole }, never = { 0, NULL };
	int64_t now = utc("2026-01-01T12:34:56Z");
	(void)state;

	assert_true(calendar_holds(&always, NULL, now));
	assert_false(calendar_holds(&never, NULL, now));
	assert_true(calendar_next(&always, NULL, now) == INT64_MAX);
	assert_true(calendar_next(&never, NULL, now) == INT64_MAX);
	assert_true(calendar_since(&never, NULL, now) < now - 7 * 86400 * (int64_t)SECOND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_people_write),
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(goes_by_the_wall_clock),
		cmocka_unit_test(skips_the_hour_that_is_none),
		cmocka_unit_test(joins_ranges),
		cmocka_unit_test(knows_always_and_never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
