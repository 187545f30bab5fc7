/* Time. Monotonic for schedules and limits, wall clock (UTC) only for what people read; both in microseconds. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

enum { MILLISECOND = 1000, SECOND = 1000 * 1000 };

int64_t clock_mono(void); /* CLOCK_MONOTONIC: the same for all processes of this host */
int64_t clock_boot(void); /* CLOCK_BOOTTIME: as the monotonic one, and goes on while the host is suspended */
int64_t clock_wall(void); /* since 1970-01-01T00:00:00Z */

#endif
