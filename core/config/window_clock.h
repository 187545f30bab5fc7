/*
 * For the keeper, `status` and the web process: which of the configuration's maintenance windows
 * (times in which nobody is told) are open: looked up once for each that opens or closes.
 */
#pragma once

#include "base/zone.h"
#include "config/config.h"

struct window_clock {
	const struct config *config;
	struct zone **zones; /* by window */
	bool *open;
	int64_t looked, next; /* UTC: when it was looked; until when all stays as it is */
	uint32_t open_count;
};

/* Reads the files of zones; false: no memory. */
bool window_clock_init(struct window_clock *, const struct config *);
void window_clock_fini(struct window_clock *);

/* Brings it to an instant, microseconds UTC, also one in the past; true where a window has opened
 * or closed. */
bool window_clock_turn(struct window_clock *, int64_t utc);

/* When the last of the open windows that hold the target closes, UTC; 0: none of them does within eight days. */
int64_t window_clock_until(const struct window_clock *, uint32_t target);

/* Whether one of the open windows holds the target. */
bool window_clock_holds(const struct window_clock *, uint32_t target);
