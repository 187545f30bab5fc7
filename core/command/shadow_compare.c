/*
 * For `postwatch shadow`: pairs the outages that Postwatch would have told with those in the log of
 * another monitor, where they overlap, and lists those that only one of them has. Outages within a
 * tolerance of each other are one, since two monitors never see the same second.
 */
#include "command/shadow_compare.h"

#include <stdlib.h>

#include "base/clock.h"
#include "command/command.h"

static const int64_t slack = 600 * (int64_t)SECOND;

/* The one that goes on; NULL: none. Of a target the newest is the last. */
static struct shadow_spell *
find_open(struct shadow_spells *spells, size_t target, bool is_theirs)
{
	for (uint32_t i = spells->count; i-- > 0;) {
		struct shadow_spell *spell = &spells->items[i];

		if (spell->target == target && spell->is_theirs == is_theirs)
			return spell->to == INT64_MAX ? spell : NULL;
	}
	return NULL;
}

void
shadow_begin(
    struct shadow_spells *spells, size_t target, bool is_theirs, int64_t at, const char *text)
{
	struct shadow_spell *open = find_open(spells, target, is_theirs);

	if (open != NULL) {
		open->from = at < open->from ? at : open->from;
		return;
	}
	*MUST_ADD(spells->items, spells->count, spells->room) =
	    (struct shadow_spell){ target, at, INT64_MAX, text, is_theirs, NULL };
}

void
shadow_end(struct shadow_spells *spells, size_t target, bool is_theirs, int64_t at)
{
	struct shadow_spell *open = find_open(spells, target, is_theirs);

	if (open != NULL)
		open->to = at > open->from ? at : open->from;
}

static int
compare(const void *left, const void *right)
{
	const struct shadow_spell *a = left, *b = right;

	return a->from < b->from ? -1 : a->from > b->from;
}

static bool
is_same(const struct shadow_spell *one, const struct shadow_spell *other)
{
	return one->target == other->target && one->is_theirs != other->is_theirs
	    && one->from - slack <= other->to - (other->to == INT64_MAX ? 0 : -slack)
	    && other->from - slack <= one->to - (one->to == INT64_MAX ? 0 : -slack);
}

void
shadow_pair(struct shadow_spells *spells)
{
	qsort(spells->items, spells->count, sizeof *spells->items, compare);
	for (uint32_t i = 0; i < spells->count; i++)
		for (uint32_t j = i + 1; j < spells->count && spells->items[i].other == NULL; j++) {
			struct shadow_spell *one = &spells->items[i], *other = &spells->items[j];

			if (other->other != NULL || !is_same(one, other))
				continue;
			one->other = other;
			other->other = one;
		}
}
