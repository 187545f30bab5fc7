/*
 * Turns monotonic times into wall-clock times and back, and finds jumps of the wall clock.
 *
 * Both clocks are read together, and only their difference is kept: so a jump of one is seen
 * whenever it is read next.
 */
#include "monitor/clocks.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"

static const int64_t jump_min = SECOND, dates_differ = SECOND;

/* By how much a clock that says `clock` has moved against the monotonic one since its offset was
 * last taken. */
static int64_t
jump(int64_t *offset, int64_t clock)
{
	int64_t was = *offset;

	*offset = clock - clock_mono();
	return *offset - was;
}

struct clock_jump
clocks_look(struct clocks *clocks, int64_t now)
{
	const struct clock_before before = { clocks->looked, clocks->wall_offset };
	int64_t slept = jump(&clocks->boot_offset, clock_boot());
	/* A suspension moves both offsets: suspended for 8 h, set by NTP by 2 s, the wall offset
	 * moves by 8 h 2 s. */
	int64_t set = jump(&clocks->wall_offset, clock_wall()) - slept;

	assert(now >= clocks->looked);
	clocks->looked = now;
	if (before.until == 0)
		return (struct clock_jump){ 0, 0 };
	if (set > CLOCK_DOUBT || set < -CLOCK_DOUBT)
		clocks->newest = 0; /* somebody knows better than what was stored */
	if (slept > jump_min) {
		memmove(clocks->before, clocks->before + 1,
		    sizeof clocks->before - sizeof clocks->before[0]);
		clocks->before[CLOCKS_BEFORE - 1] = before;
		return (struct clock_jump){ slept, 0 };
	}
	return (struct clock_jump){ 0, set > jump_min || set < -jump_min ? set : 0 };
}

struct moment
clocks_at(const struct clocks *clocks, int64_t mono)
{
	for (int i = 0; i < CLOCKS_BEFORE; i++)
		if (clocks->before[i].until != 0 && mono <= clocks->before[i].until)
			return (struct moment){ mono, mono + clocks->before[i].offset };
	return (struct moment){ mono, mono + clocks->wall_offset };
}

struct moment
clocks_from_utc(int64_t utc, struct moment now)
{
	if (utc <= 0)
		return (struct moment){ 0, 0 };
	return (struct moment){ utc < now.utc ? utc - (now.utc - now.mono) : now.mono, utc };
}

void
clocks_put_moment(struct wire_out *out, const void *moment, const void *context)
{
	(void)context;
	wire_put_i64(out, ((const struct moment *)moment)->utc);
}

bool
clocks_are_behind(const struct clocks *clocks)
{
	return clocks->newest != 0 && clock_wall() < clocks->newest;
}

void
clocks_date(const struct clocks *clocks, struct observation *run, const struct report *report,
    int64_t due)
{
	int64_t started = clocks_at(clocks, run->started).utc,
	    ended = clocks_at(clocks, run->ended).utc;

	run->started_utc = started;
	run->ended_utc = ended;
	/* A run waits in line at its prober before it starts: that time belongs to the prober's
	 * clock, and not to ours. */
	if (report->started < clocks_at(clocks, due).utc - dates_differ
	    || report->started > started + dates_differ)
		return;
	run->started_utc = report->started;
	int64_t theirs = report->started + report->micros;
	if (theirs >= ended - dates_differ && theirs <= ended + dates_differ)
		run->ended_utc = theirs;
}
