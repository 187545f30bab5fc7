/*
 * The clocks, for all processes: monotonic for schedules and limits, wall clock (UTC) only for what
 * people read; both in microseconds.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MILLISECOND 1000
#define SECOND (1000 * 1000)

int64_t clock_mono(void); /* CLOCK_MONOTONIC: the same for all processes of this host */
int64_t clock_boot(void); /* CLOCK_BOOTTIME: as the monotonic one, and goes on while the host is
                           * suspended */
int64_t clock_wall(void); /* since 1970-01-01T00:00:00Z */

/*
 * An instant on both clocks. Rules count on `mono`; people read `utc`, which is fixed once and
 * never made anew from another clock: what was told or stored of an instant stays as it was,
 * whatever clock is set or slewed, and whoever reads it.
 */
struct moment {
	int64_t mono, utc; /* utc 0: none */
};
static inline bool
moment_is_set(struct moment moment)
{
	return moment.utc != 0;
}

/*
 * A time, UTC, before which this program was not yet built: no clock that says less can be right.
 */
int64_t clock_built(void);

/* The wall clock as it was before it was set by more than CLOCK_DOUBT: it is doubted for a day, or
 * until it is set back. */
#define CLOCK_DOUBT (INT64_C(1800) * SECOND)
struct clock_doubt {
	int64_t offset;        /* wall clock minus boot time when it was last looked at */
	int64_t before, until; /* the offset before it was set; boot time: so long is it doubted */
};
struct clock_doubt clock_doubt_begin(int64_t wall, int64_t boot);
/* What time it is by the clock before; `wall` itself where that is not doubted. To be asked often
 * enough that a clock that drifts is not taken for one that was set. */
int64_t clock_doubt_look(struct clock_doubt *, int64_t wall, int64_t boot);
