/*
 * A binary heap of the monitor's orders of runs, by the time at which each is due, for the prober:
 * they come many at once, in any order, and leave one by one.
 */
#include "prober/waiting.h"

#include <assert.h>
#include <stdlib.h>

#include "base/vec.h"

static void
swap(struct order *left, struct order *right)
{
	struct order kept = *left;

	*left = *right;
	*right = kept;
}

bool
waiting_put(struct waiting *waiting, const struct order *order)
{
	uint32_t at = waiting->count;

	assert(waiting->count <= waiting->room);
	if (!VEC_RESERVE(waiting->orders, waiting->count, waiting->room))
		return false;
	waiting->orders[waiting->count++] = *order;
	for (; at > 0
	    && waiting->orders[at].due < waiting->orders[(at - 1) / 2].due; at = (at - 1) / 2)
		swap(&waiting->orders[at], &waiting->orders[(at - 1) / 2]);
	assert(waiting->orders[0].due <= order->due);
	return true;
}

int64_t
waiting_due(const struct waiting *waiting)
{
	return waiting->count == 0 ? INT64_MAX : waiting->orders[0].due;
}

/* A binary heap: the last order takes the place of the first and sinks below its earlier
 * children. */
bool
waiting_take(struct waiting *waiting, int64_t now, struct order *order)
{
	uint32_t at = 0, next;

	if (waiting_due(waiting) > now)
		return false;
	assert(waiting->count > 0 && waiting->count <= waiting->room);
	*order = waiting->orders[0];
	waiting->orders[0] = waiting->orders[--waiting->count];
	for (;; at = next) {
		next = at; /* the earliest of `at` and its two children */
		for (uint32_t child = 2 * at + 1; child <= 2 * at + 2
		    && child < waiting->count; child++)
			if (waiting->orders[child].due < waiting->orders[next].due)
				next = child;
		if (next == at)
			break;
		swap(&waiting->orders[at], &waiting->orders[next]);
	}
	/* The heap holds: what is left is due no earlier than what was taken. */
	assert(order->due <= waiting_due(waiting));
	return true;
}

void
waiting_clear(struct waiting *waiting)
{
	waiting->count = 0;
}

void
waiting_fini(struct waiting *waiting)
{
	free(waiting->orders);
	*waiting = (struct waiting){ .count = 0 };
}
