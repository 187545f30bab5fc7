/*
 * For the monitor: the wall clock beside the monotonic one. Converts an instant of one into the
 * other, although clocks are set and hosts are suspended, and finds jumps of the wall clock. What a
 * jump means for schedules and for what people are told is decided by the caller (own_faults.c).
 */
#pragma once

#include "monitor/observation.h"

enum { CLOCKS_BEFORE = 4 };

/* Its owner reads no member of it. Times are microseconds. */
struct clocks {
	/* Up to `until` (monotonic) the wall clock was `offset` ahead of the monotonic one; oldest
	 * first, 0: none. */
	struct clock_before { int64_t until, offset; } before[CLOCKS_BEFORE];
	int64_t wall_offset, boot_offset; /* wall and boot time minus monotonic time */
	int64_t looked;                   /* monotonic: when these two were last read; 0: never */
	int64_t newest; /* UTC: the newest time in the store, while our clock may be behind it; 0:
	                 * not known */
};

/* How the clocks have moved against the monotonic one since they were last read; 0 where it was not
 * by more than a second. */
struct clock_jump {
	int64_t slept; /* the host was suspended for so long */
	int64_t set;   /* the wall clock was set by so much; only where the host was not suspended
	                * */
};

/* Reads the clocks at the monotonic time `now`. The first reading finds no jump. */
struct clock_jump clocks_look(struct clocks *, int64_t now);

/*
 * An instant of the monotonic clock, not long ago, on both clocks. Before the host was suspended it
 * is what the wall clock said then; before the wall clock was set it is what that would have said.
 */
struct moment clocks_at(const struct clocks *, int64_t mono);

/* A time that was stored as UTC, on both clocks; what lies ahead of `now` is now. Returns no moment
 * if `utc` is none. */
struct moment clocks_from_utc(int64_t utc, struct moment now);

/* An instant as messages have it: UTC, and no time before 1970, to which a clock may be set. */
static inline int64_t
message_time(struct moment instant)
{
	return instant.utc < 0 ? 0 : instant.utc;
}

/* The wall clock was set by so much: an instant that goes with it, if it is one. */
static inline void
moment_move(struct moment *instant, int64_t by)
{
	if (moment_is_set(*instant))
		instant->utc += by;
}

/* Writes a moment of a record, in UTC: for the types of rows (base/wire_form.h). */
void clocks_put_moment(struct wire_out *, const void *moment, const void *context);

/* Returns whether the wall clock says less than a time that is stored. */
bool clocks_are_behind(const struct clocks *);

/*
 * Gives a run the times that its prober saw on the wall clock if they can be true, and else those
 * of our clock: so its evidence, its result and what is told of it have the same. `due`
 * (monotonic): it did not begin before that.
 */
void clocks_date(const struct clocks *, struct observation *run, const struct report *,
    int64_t due);
