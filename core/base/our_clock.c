/*
 * For the prober and the monitor: decides whether our own clock is wrong, by servers' certificates
 * that are out of date. Several may be so by chance; they tell of our clock only where issuers,
 * domains and dates differ, and one other time would make all of them valid.
 */
#include "base/our_clock.h"

#include <assert.h>

#include "base/clock.h"
#include "base/zone.h"

static const int64_t day = INT64_C(86400) * SECOND, hold = 60 * (int64_t)SECOND,
    remembered = 3600 * (int64_t)SECOND;

static int64_t
edge(const struct clock_evidence *evidence, int64_t wall)
{
	return evidence->end <= wall ? evidence->end : evidence->from;
}

static bool
are_independent(const struct clock_evidence *a, const struct clock_evidence *b, int64_t wall)
{
	int64_t apart = edge(a, wall) - edge(b, wall);

	return a->issuer != b->issuer && a->domain != b->domain && (apart > day || apart < -day);
}

static bool
share_a_time(const struct clock_evidence *a, const struct clock_evidence *b,
    const struct clock_evidence *c)
{
	int64_t from = a->from > b->from ? a->from : b->from,
	    end = a->end < b->end ? a->end : b->end;

	return (c->from > from ? c->from : from) < (c->end < end ? c->end : end);
}

/* Whether any three of those kept tell. */
static bool
three_tell(const struct our_clock *clock, int64_t wall)
{
	const struct clock_evidence *all = clock->against;

	for (uint32_t i = 0; i < clock->count; i++)
		for (uint32_t j = 0; j < i; j++)
			for (uint32_t k = 0; k < j && are_independent(&all[i], &all[j], wall); k++)
				if (are_independent(&all[i], &all[k], wall)
				    && are_independent(&all[j], &all[k], wall)
				    && share_a_time(&all[i], &all[j], &all[k]))
					return true;
	return false;
}

static void
begin_anew(struct our_clock *clock)
{
	clock->count = clock->next = 0;
	clock->contradicted = false;
}

/* The same certificate seen again is no second witness. */
static void
keep(struct our_clock *clock, const struct clock_evidence *evidence, int64_t wall)
{
	for (uint32_t i = 0; i < clock->count; i++)
		if (clock->against[i].domain == evidence->domain
		    && clock->against[i].end == evidence->end)
			return;
	assert(clock->next < CLOCK_KEPT && clock->next <= clock->count);
	clock->against[clock->next] = *evidence;
	clock->next = (clock->next + 1) % CLOCK_KEPT;
	if (clock->count < CLOCK_KEPT)
		clock->count++;
	clock->contradicted = clock->contradicted || three_tell(clock, wall);
}

void
our_clock_see(struct our_clock *clock, const struct clock_evidence *evidence, int64_t mono,
    int64_t boot, int64_t wall)
{
	int64_t offset = wall - boot;

	/* What was seen by another clock says nothing about this one. */
	if (clock->offset != 0 && (offset - clock->offset > CLOCK_DOUBT
	    || clock->offset - offset > CLOCK_DOUBT)) {
		begin_anew(clock);
		clock->valid_at = 0;
		clock->begun = mono;
	}
	clock->offset = offset;
	if (evidence->from <= wall && wall < evidence->end) {
		clock->valid_at = mono;
		begin_anew(clock);
	} else if (evidence->issuer != 0) {
		keep(clock, evidence, wall);
	}
}

enum clock_doubt_cause
our_clock_doubt(const struct our_clock *clock, int64_t mono, int64_t wall)
{
	bool vouched = clock->valid_at != 0 && mono - clock->valid_at < remembered;

	if (wall < clock_built())
		return CLOCK_BEFORE_BUILD;
	if (clock->before_store)
		return CLOCK_BEFORE_STORE;
	if (vouched)
		return CLOCK_BELIEVED;
	if (clock->contradicted)
		return CLOCK_AGAINST_ALL;
	return clock->many && mono - clock->begun < hold ? CLOCK_NOT_KNOWN : CLOCK_BELIEVED;
}

void
our_clock_add_words(struct text *text, enum clock_doubt_cause cause, int64_t wall)
{
	static const char *const why[] = {
		[CLOCK_BELIEVED] = "", [CLOCK_BEFORE_BUILD] = ", before this program was built",
		[CLOCK_BEFORE_STORE] = ", before what is stored already",
		[CLOCK_AGAINST_ALL] = ", by which the certificates of all servers are out of date",
		    [CLOCK_NOT_KNOWN] = "",
	};
	struct zone_time at = zone_at(NULL, wall / SECOND);

	text_add(text, cause == CLOCK_NOT_KNOWN ? "our own clock is not vouched for yet: it says "
	    : "our own clock is wrong: it says ");
	text_format(text, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)at.year, at.month, at.day, at.hour,
	    at.minute, at.second);
	text_add(text, why[cause]);
}
