/* Days, weeks and months follow each other without gaps, also where zones set their clocks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/period.h"

#define HOUR (3600 * (int64_t)SECOND)

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

static void
ends_where_the_wall_clock_says(void **state)
{
	static const struct {
		const char *zone;
		enum period period;
		const char *at, *from, *until, *due, *first, *last;
	} rows[] = {
		{ "Europe/Berlin", PERIOD_MONTH, "2026-03-29T00:59:59Z", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z",
			"2026-04-01T04:30:00Z", "2026-03", "2026-03" },
		{ "Europe/Berlin", PERIOD_MONTH, "2026-10-31T22:59:59Z", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z",
			"2026-11-01T05:30:00Z", "2026-10", "2026-10" },
		{ "UTC", PERIOD_MONTH, "2028-02-29T23:59:59Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z",
			"2028-03-01T06:30:00Z", "2028-02", "2028-02" },
		{ "UTC", PERIOD_MONTH, "2026-12-31T00:00:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z",
			"2027-01-01T06:30:00Z", "2026-12", "2026-12" },
		{ "Europe/Berlin", PERIOD_WEEK, "2026-03-29T12:00:00Z", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z",
			"2026-03-30T04:30:00Z", "2026-03-23", "2026-03-29" },
		{ "Europe/Berlin", PERIOD_WEEK, "2026-03-29T22:00:00Z", "2026-03-29T22:00:00Z", "2026-04-05T22:00:00Z",
			"2026-04-06T04:30:00Z", "2026-03-30", "2026-04-05" },
		{ "Europe/Berlin", PERIOD_DAY, "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z",
			"2026-10-26T05:30:00Z", "2026-10-25", "2026-10-25" },
		/* No midnight on 2026-03-08 (and no 6:30 that is not there). */
		{ "America/Havana", PERIOD_DAY, "2026-03-08T05:00:00Z", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z",
			"2026-03-09T10:30:00Z", "2026-03-08", "2026-03-08" },
		/* No 2011-12-30 at all. */
		{ "Pacific/Apia", PERIOD_DAY, "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z",
			"2011-12-30T16:30:00Z", "2011-12-29", "2011-12-29" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct zone *of = zone(rows[i].zone);
		struct period_span span = period_at(rows[i].period, of, utc(rows[i].at), 6 * 60 + 30);

		assert_true(span.from == utc(rows[i].from));
		assert_true(span.until == utc(rows[i].until));
		assert_true(span.due == utc(rows[i].due));
		assert_string_equal(span.first, rows[i].first);
		assert_string_equal(span.last, rows[i].last);
		zone_close(&of);
	}
}

static void
leaves_no_gap(void **state)
{
	static const char *const zones[] = { "UTC", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Beirut" };
	(void)state;

	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
		for (enum period period = PERIOD_MONTH; period <= PERIOD_DAY; period++) {
			struct zone *of = zone(zones[i]);
			struct period_span span = period_at(period, of, utc("2012-02-01T00:00:00Z"), 0);

			while (span.from > utc("2009-01-01T00:00:00Z")) {
				struct period_span before = period_at(period, of, span.from - 1, 0);

				assert_true(before.until == span.from);
				assert_true(before.due == before.until);
				/* where midnight comes twice the hour before it does, too */
				assert_true(period_at(period, of, before.until - HOUR - 1, 0).from == before.from);
				assert_true(strcmp(before.first, span.first) < 0);
				span = before;
			}
			zone_close(&of);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_where_the_wall_clock_says),
		cmocka_unit_test(leaves_no_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
