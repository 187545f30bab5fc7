/*
 * For notices and the pages of incidents: lists what differs on one address between a failed run
 * and a passed one: steps by how they ended, facts of the server by their values.
 */
#include "base/difference.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/transcript.h"

enum { WORDS_MAX = 2048, SPEED_FACTOR = 4 };
static const int64_t noticeable = SECOND / 2;

/* Another address, or another port, is another server: what differs there explains nothing. */
bool
difference_same_place(const struct evidence *left, const struct evidence *right)
{
	return text_same(left->address, right->address) && left->port == right->port;
}

static const struct evidence_phase *
find_phase(const struct evidence *leg, const char *name)
{
	for (uint32_t i = 0; i < leg->phase_count; i++)
		if (strcmp(leg->phases[i].name, name) == 0)
			return &leg->phases[i];
	return NULL;
}

/* Another end, or much faster or slower. */
static bool
is_other(const struct evidence_phase *then, const struct evidence_phase *now)
{
	int64_t less = then->micros < now->micros ? then->micros : now->micros;
	int64_t more = then->micros < now->micros ? now->micros : then->micros;

	assert(less <= more);
	return then->status != now->status || (more - less >= noticeable
	    && more / SPEED_FACTOR >= less);
}

void
difference_each(const struct evidence *failed, const struct evidence *passed,
    difference_found *found, void *arg)
{
	struct pw_bytes facts = passed->facts;
	struct evidence_fact fact, old_fact;

	/* By the order of the passed run, which came through more phases. */
	for (uint32_t i = 0; i < passed->phase_count; i++) {
		const struct evidence_phase *now = &passed->phases[i],
		    *then = find_phase(failed, now->name);
		struct text left = TEXT_ROOM(128), right = TEXT_ROOM(128);

		if (then == NULL || !is_other(then, now))
			continue;
		transcript_add_phase(&left, then);
		transcript_add_phase(&right, now);
		found(arg, &(struct difference){ now->name, left.bytes, right.bytes, then, now });
	}
	/* Facts that only one of the two has are left out: the failed run ended before it could
	 * see them. */
	while (evidence_next_fact(&facts, &fact)) {
		struct pw_bytes old = failed->facts;

		while (evidence_next_fact(&old, &old_fact)) {
			if (strcmp(fact.name, old_fact.name) != 0
			    || text_same(fact.value, old_fact.value))
				continue;
			struct text left = TEXT_ROOM(WORDS_MAX), right = TEXT_ROOM(WORDS_MAX);
			text_escape(&left, old_fact.value);
			text_escape(&right, fact.value);
			found(arg, &(struct difference){ fact.name, left.bytes, right.bytes,
			    NULL, NULL });
		}
	}
}
