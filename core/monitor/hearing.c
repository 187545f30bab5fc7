#include "monitor/hearing.h"

#include <stdbool.h>

#include "base/clock.h"

void
hearing_init(struct hearing *hearing, int64_t now)
{
	*hearing = (struct hearing){ .last = now / SECOND };
}

static uint64_t
bit(int64_t second)
{
	return 1ull << (second % 64);
}

static uint64_t *
word(struct hearing *hearing, int64_t second)
{
	return &hearing->seconds[second % HEARING_SECONDS / 64];
}

void
hearing_note(struct hearing *hearing, int64_t at)
{
	int64_t second = at / SECOND;

	if (second <= hearing->last - HEARING_SECONDS)
		return;
	if (second - hearing->last > HEARING_SECONDS)
		hearing->last = second - HEARING_SECONDS;
	while (hearing->last < second) {
		hearing->last++;
		*word(hearing, hearing->last) &= ~bit(hearing->last);
	}
	*word(hearing, second) |= bit(second);
}

static bool
is_heard(const struct hearing *hearing, int64_t second)
{
	if (second > hearing->last)
		return false;
	return second <= hearing->last - HEARING_SECONDS
	    || (hearing->seconds[second % HEARING_SECONDS / 64] & bit(second)) != 0;
}

int64_t
hearing_gap(const struct hearing *hearing, int64_t from, int64_t to)
{
	int64_t longest = 0, since = from / SECOND;

	for (int64_t second = since; second <= to / SECOND; second++) {
		if (second - since > longest)
			longest = second - since;
		if (is_heard(hearing, second))
			since = second;
	}
	return longest * SECOND;
}
