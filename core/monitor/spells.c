/*
 * For the monitor: keeps the stretches of time in which we could not see servers, and says whether
 * a run overlaps one; and the last runs that ended in silence.
 */
#include "monitor/spells.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"

enum { COUNTED = 3 };

static uint32_t
kept(const struct unheard *unheard)
{
	return unheard->count < UNHEARD_KEPT ? unheard->count : UNHEARD_KEPT;
}

void
unheard_end(struct unheard *unheard, uint32_t target, enum unheard_state state)
{
	for (uint32_t i = 0; i < kept(unheard); i++)
		if (unheard->items[i].target == target && unheard->items[i].state == UNHEARD_OPEN)
			unheard->items[i].state = state;
}

/* A ring: the oldest gives way. The run before of the same target is decided by this one, which
 * failed as well. */
void
unheard_add(struct unheard *unheard, uint32_t target, uint64_t network, int64_t from, int64_t to)
{
	unheard_end(unheard, target, UNHEARD_FAILED);
	unheard->items[unheard->count++ % UNHEARD_KEPT] = (struct silent){ .network = network,
	    .from = from, .to = to, .target = target, .state = UNHEARD_OPEN };
}

static bool
is_among(const struct unheard *unheard, uint32_t at, enum unheard_state state, int64_t from,
    int64_t to)
{
	return unheard->items[at].state == state && unheard->items[at].from < to
	    && unheard->items[at].to > from;
}

/* Networks and not targets, as one router that fails silences all that lie behind it. */
uint32_t
unheard_networks(const struct unheard *unheard, enum unheard_state state, uint64_t but,
    int64_t from,
    int64_t to)
{
	uint64_t networks[COUNTED];
	uint32_t count = 0;

	for (uint32_t i = 0; i < kept(unheard) && count < COUNTED; i++) {
		uint64_t network = unheard->items[i].network;
		uint32_t known = 0;
		if (network == but || !is_among(unheard, i, state, from, to))
			continue;
		while (known < count && networks[known] != network)
			known++;
		if (known == count)
			networks[count++] = network;
		assert(known < count && count <= COUNTED);
	}
	return count;
}

bool
unheard_next(const struct unheard *unheard, uint32_t *at, int64_t from, int64_t to,
    uint32_t *target)
{
	for (; *at < kept(unheard); ++*at)
		if (is_among(unheard, *at, UNHEARD_OPEN, from, to)) {
			*target = unheard->items[(*at)++].target;
			return true;
		}
	return false;
}

void
hearing_init(struct hearing *hearing, int64_t now)
{
	*hearing = (struct hearing){ .last = now / SECOND };
}

/* A ring, which is cleared as time passes over it, so that a second of an earlier round is never
 * taken for one of this. */
void
hearing_note(struct hearing *hearing, int64_t at)
{
	int64_t second = at / SECOND;

	if (second <= hearing->last - HEARING_SECONDS)
		return;
	if (second - hearing->last > HEARING_SECONDS)
		hearing->last = second - HEARING_SECONDS;
	while (hearing->last < second)
		hearing->heard[++hearing->last % HEARING_SECONDS] = false;
	assert(second <= hearing->last && second > hearing->last - HEARING_SECONDS);
	hearing->heard[second % HEARING_SECONDS] = true;
}

int64_t
hearing_gap(const struct hearing *hearing, int64_t from, int64_t to)
{
	int64_t longest = 0, since = from / SECOND;

	for (int64_t second = since; second <= to / SECOND; second++) {
		if (second - since > longest)
			longest = second - since;
		/* What lies before all that is kept counts as heard. */
		if (second <= hearing->last - HEARING_SECONDS || (second <= hearing->last
		    && hearing->heard[second % HEARING_SECONDS]))
			since = second;
	}
	return longest * SECOND;
}

bool
spells_last(const struct spells *spells)
{
	return spells->count > 0 && spells->items[spells->count - 1].to == INT64_MAX;
}

/* When there is no more room the two oldest become one: too long a spell doubts a failure too
 * many, too short a one tells a false alarm. */
void
spells_begin(struct spells *spells, int64_t from)
{
	if (spells_last(spells))
		return;
	if (spells->count == SPELLS_KEPT) {
		spells->items[1].from = spells->items[0].from;
		memmove(spells->items, spells->items + 1,
		    (SPELLS_KEPT - 1) * sizeof spells->items[0]);
		spells->count--;
	}
	assert(spells->count < SPELLS_KEPT && (spells->count == 0
	    || spells->items[spells->count - 1].to != INT64_MAX));
	spells->items[spells->count].from = from;
	spells->items[spells->count++].to = INT64_MAX;
}

/* A spell that would end before it began, for a clock or a report was late, has no length. */
void
spells_end(struct spells *spells, int64_t to)
{
	if (!spells_last(spells))
		return;
	int64_t from = spells->items[spells->count - 1].from;
	spells->items[spells->count - 1].to = to > from ? to : from;
	assert(!spells_last(spells));
}

bool
spells_overlap(const struct spells *spells, int64_t from, int64_t to)
{
	for (uint8_t i = 0; i < spells->count; i++)
		if (from < spells->items[i].to && to > spells->items[i].from)
			return true;
	return false;
}
