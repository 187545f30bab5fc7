/*
 * For `postwatch shadow`: outages of the same targets as Postwatch would have told them and as the
 * log of another monitor (Nagios) has them: which of them both have, and which only one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An outage as one side told it. */
struct shadow_spell {
	size_t target;
	int64_t from, to; /* UTC; to INT64_MAX: it was not told that it is over */
	const char *text; /* that told its beginning */
	bool is_theirs;
	struct shadow_spell *other; /* the other side's of the same; NULL: none */
};

struct shadow_spells {
	struct shadow_spell *items;
	uint32_t count, room;
};

/* A beginning; one that goes on is not begun again, but may have been told earlier. */
void
shadow_begin(struct shadow_spells *, size_t target, bool is_theirs, int64_t at, const char *text);
/* The end of what goes on, if anything does. */
void shadow_end(struct shadow_spells *, size_t target, bool is_theirs, int64_t at);

/*
 * Sorts them by their beginnings, and pairs those of one target that overlap, or are no more than
 * ten minutes apart, in the order of time. No spell is added from then on.
 */
void shadow_pair(struct shadow_spells *);
