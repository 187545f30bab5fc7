/*
 * Counts, for the monitor's rules, the attempts of a target that failed now and then within the
 * last hour without being part of an outage; where there are many, more failures in a row are
 * needed to confirm one.
 *
 * The hour is kept in six slots: enough for a share of failed attempts, and small enough for many
 * targets.
 */
#include "monitor/failure_rate.h"

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
failure_rate_begin(struct failure_rate *failure_rate, int64_t up_since, int64_t interval,
    struct moment now)
{
	*failure_rate = (struct failure_rate){ .slot_began = now, .newest = 0 };
	for (unsigned i = 1; i < FAILURE_RATE_SLOTS; i++) {
		int64_t end = now.mono - (int64_t)(i - 1) * slot_length, begin = end - slot_length;
		if (begin < up_since)
			begin = up_since;
		failure_rate->runs[FAILURE_RATE_SLOTS - i] =
		    clamp(whole(now.mono - begin, interval) - whole(now.mono - end, interval));
	}
}

static void
begin_slot(struct failure_rate *failure_rate, int64_t after)
{
	failure_rate->slot_began.mono += after;
	failure_rate->slot_began.utc += after;
}

static void
advance(struct failure_rate *failure_rate, int64_t now)
{
	for (unsigned steps = 0; now - failure_rate->slot_began.mono >= slot_length
	    && steps < FAILURE_RATE_SLOTS; steps++) {
		failure_rate->newest = (uint8_t)((failure_rate->newest + 1) % FAILURE_RATE_SLOTS);
		failure_rate->runs[failure_rate->newest] = 0;
		failure_rate->failed[failure_rate->newest] = 0;
		begin_slot(failure_rate, slot_length);
	}
	if (now - failure_rate->slot_began.mono >= slot_length) /* more than an hour passed: all slots
	                                                     * are empty */
		begin_slot(failure_rate, now - failure_rate->slot_began.mono);
}

static void
count(struct failure_rate *failure_rate, uint32_t runs, uint32_t failed, int64_t now)
{
	advance(failure_rate, now);
	assert(failure_rate->newest < FAILURE_RATE_SLOTS && failed <= runs);
	failure_rate->runs[failure_rate->newest] =
	    clamp((int64_t)failure_rate->runs[failure_rate->newest] + runs);
	failure_rate->failed[failure_rate->newest] =
	    clamp((int64_t)failure_rate->failed[failure_rate->newest]
	    + failed);
}

void
failure_rate_passed(struct failure_rate *failure_rate, int64_t now)
{
	count(failure_rate, 1, 0, now);
}

void
failure_rate_failed(struct failure_rate *failure_rate, uint32_t failures,
    const uint64_t last[static FAILURE_RATE_LAST], int64_t now)
{
	count(failure_rate, failures, failures, now);
	for (unsigned i = 0; i < FAILURE_RATE_LAST; i++) {
		if (last[i] == 0)
			continue;
		memmove(failure_rate->last, failure_rate->last + 1,
		    sizeof failure_rate->last - sizeof failure_rate->last[0]);
		failure_rate->last[FAILURE_RATE_LAST - 1] = last[i];
	}
}

static uint32_t
sum(const uint16_t counts[static FAILURE_RATE_SLOTS])
{
	uint32_t total = 0;

	for (unsigned i = 0; i < FAILURE_RATE_SLOTS; i++)
		total += counts[i];
	return total;
}

struct failure_rate_hour
failure_rate_hour(struct failure_rate *failure_rate, int64_t now)
{
	advance(failure_rate, now);
	return (struct failure_rate_hour){ sum(failure_rate->runs), sum(failure_rate->failed) };
}

uint32_t
failure_rate_tries(struct failure_rate_hour hour, uint32_t tries, int64_t interval)
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
failure_rate_shows(struct failure_rate_hour hour, uint32_t row, bool stands)
{
	uint32_t failed = hour.failed + row, runs = hour.runs + row;

	if (stands)
		return failed >= 3 && failed * 10 > runs;
	/* A row alone may be an outage that begins. */
	return hour.failed >= 4 && failed >= 5 && failed * 5 > runs;
}

bool
failure_rate_is_over(const struct failure_rate *failure_rate)
{
	return sum(failure_rate->failed) == 0;
}
