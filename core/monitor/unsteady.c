/*
 * Counts the attempts of a target that failed alone in the last hour.
 *
 * The hour behind us in six slots: enough for a share of failed attempts, and small enough for many
 * targets.
 */
#include "monitor/unsteady.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/messages.h"

static const int64_t slot_length = 600 * (int64_t)SECOND, year = 365 * 86400 * (int64_t)SECOND;

enum { ENOUGH_RUNS = 20 }; /* of fewer, half may have failed by chance */

static uint16_t
clamp(int64_t value)
{
	return value < 0 ? 0 : value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

/* To the nearest whole number. */
static int64_t
whole(int64_t span, int64_t interval)
{
	return (span + interval / 2) / interval;
}

void
unsteady_begin(struct unsteady *unsteady, int64_t up_since, int64_t interval, struct moment now)
{
	*unsteady = (struct unsteady){ .slot_began = now, .newest = 0 };
	for (unsigned i = 1; i < UNSTEADY_SLOTS; i++) {
		int64_t end = now.mono - (int64_t)(i - 1) * slot_length, begin = end - slot_length;
		if (begin < up_since)
			begin = up_since;
		unsteady->runs[UNSTEADY_SLOTS - i] =
		    clamp(whole(now.mono - begin, interval) - whole(now.mono - end, interval));
	}
}

static void
begin_slot(struct unsteady *unsteady, int64_t after)
{
	unsteady->slot_began.mono += after;
	unsteady->slot_began.utc += after;
}

static void
advance(struct unsteady *unsteady, int64_t now)
{
	for (unsigned steps = 0; now - unsteady->slot_began.mono >= slot_length
	    && steps < UNSTEADY_SLOTS; steps++) {
		unsteady->newest = (uint8_t)((unsteady->newest + 1) % UNSTEADY_SLOTS);
		unsteady->runs[unsteady->newest] = 0;
		unsteady->failed[unsteady->newest] = 0;
		begin_slot(unsteady, slot_length);
	}
	if (now - unsteady->slot_began.mono >= slot_length) /* more than an hour passed: all slots
	                                                     * are empty */
		begin_slot(unsteady, now - unsteady->slot_began.mono);
}

static void
count(struct unsteady *unsteady, uint32_t runs, uint32_t failed, int64_t now)
{
	advance(unsteady, now);
	assert(unsteady->newest < UNSTEADY_SLOTS && failed <= runs);
	unsteady->runs[unsteady->newest] = clamp((int64_t)unsteady->runs[unsteady->newest] + runs);
	unsteady->failed[unsteady->newest] = clamp((int64_t)unsteady->failed[unsteady->newest]
	    + failed);
}

void
unsteady_passed(struct unsteady *unsteady, int64_t now)
{
	count(unsteady, 1, 0, now);
}

void
unsteady_failed(struct unsteady *unsteady, uint32_t failures,
    const uint64_t last[static UNSTEADY_LAST], int64_t now)
{
	count(unsteady, failures, failures, now);
	for (unsigned i = 0; i < UNSTEADY_LAST; i++) {
		if (last[i] == 0)
			continue;
		memmove(unsteady->last, unsteady->last + 1,
		    sizeof unsteady->last - sizeof unsteady->last[0]);
		unsteady->last[UNSTEADY_LAST - 1] = last[i];
	}
}

static uint32_t
sum(const uint16_t counts[static UNSTEADY_SLOTS])
{
	uint32_t total = 0;

	for (unsigned i = 0; i < UNSTEADY_SLOTS; i++)
		total += counts[i];
	return total;
}

struct unsteady_hour
unsteady_hour(struct unsteady *unsteady, int64_t now)
{
	advance(unsteady, now);
	return (struct unsteady_hour){ sum(unsteady->runs), sum(unsteady->failed) };
}

uint32_t
unsteady_tries(struct unsteady_hour hour, uint32_t tries, int64_t interval)
{
	uint32_t needed = 0;

	if (hour.failed == 0 || (hour.failed * 2 >= hour.runs && hour.runs >= ENOUGH_RUNS))
		return tries;
	/* Rows that begin in a year, then those of them that come so far; to the nearest whole
	 * number of attempts. */
	double share = hour.failed * 2 >= hour.runs ? 0.5 : (double)hour.failed / hour.runs,
	    rows = (double)(year / interval) * (1 - share);
	for (; needed < CHANGE_ATTEMPTS_RAISED && rows * rows * share > 1; needed++)
		rows *= share;
	return needed > tries ? needed : tries;
}

bool
unsteady_shows(struct unsteady_hour hour, uint32_t row, bool stands)
{
	uint32_t failed = hour.failed + row, runs = hour.runs + row;

	if (stands)
		return failed >= 3 && failed * 10 > runs;
	/* A row alone may be an outage that begins. */
	return hour.failed >= 4 && failed >= 5 && failed * 5 > runs;
}

bool
unsteady_is_over(const struct unsteady *unsteady)
{
	return sum(unsteady->failed) == 0;
}
