/* Time, from the kernel's clocks. */
#include "base/clock.h"

#include <assert.h>
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
