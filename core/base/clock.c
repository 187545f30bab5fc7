/* Reads the monotonic, the boot-time and the wall clock in microseconds. */
#include "base/clock.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t
read_clock(clockid_t id)
{
	struct timespec at;
	int failed = clock_gettime(id, &at);

	assert(failed == 0);
	(void)failed;
	return (int64_t)at.tv_sec * SECOND + at.tv_nsec / 1000;
}

int64_t
clock_mono(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t
clock_boot(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

int64_t
clock_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}

/* The compiler's date, "Nov 28 2026", of any zone. */
int64_t
clock_built(void)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec", built[] = __DATE__;
	const char month[] = { built[0], built[1], built[2], '\0' };
	struct tm date = { .tm_mon = (int)(strstr(months, month) - months) / 3,
	    .tm_mday = (int)strtol(built + 4, NULL, 10) - 1,
		.tm_year = (int)strtol(built + 7, NULL, 10) - 1900 };

	return (int64_t)timegm(&date) * SECOND;
}

static bool
is_near(int64_t a, int64_t b)
{
	return a - b <= CLOCK_DOUBT && b - a <= CLOCK_DOUBT;
}

struct clock_doubt
clock_doubt_begin(int64_t wall, int64_t boot)
{
	return (struct clock_doubt){ .offset = wall - boot };
}

int64_t
clock_doubt_look(struct clock_doubt *doubt, int64_t wall, int64_t boot)
{
	const int64_t day = INT64_C(86400) * SECOND;
	int64_t was = doubt->offset;

	doubt->offset = wall - boot;
	if (!is_near(doubt->offset, was)) {
		if (boot >= doubt->until)
			doubt->before = was;
		doubt->until = is_near(doubt->offset, doubt->before) ? 0 : boot + day;
	}
	return boot < doubt->until ? boot + doubt->before : wall;
}
