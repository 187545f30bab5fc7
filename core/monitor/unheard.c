#include "monitor/unheard.h"

enum { COUNTED = 3 };

static uint32_t
kept(const struct unheard *unheard)
{
	return unheard->count < UNHEARD_KEPT ? unheard->count : UNHEARD_KEPT;
}

static void
decide(struct unheard *unheard, uint32_t target, enum unheard_fate fate)
{
	for (uint32_t i = 0; i < kept(unheard); i++)
		if (unheard->items[i].target == target && unheard->items[i].fate == UNHEARD_OPEN)
			unheard->items[i].fate = fate;
}

void
unheard_add(struct unheard *unheard, uint32_t target, uint64_t network, int64_t from, int64_t to)
{
	uint32_t at = unheard->count++ % UNHEARD_KEPT;

	decide(unheard, target, UNHEARD_FAILED);
	unheard->items[at].target = target;
	unheard->items[at].network = network;
	unheard->items[at].from = from;
	unheard->items[at].to = to;
	unheard->items[at].fate = UNHEARD_OPEN;
}

void
unheard_end(struct unheard *unheard, uint32_t target, enum unheard_fate fate)
{
	decide(unheard, target, fate);
}

static bool
is_among(const struct unheard *unheard, uint32_t at, enum unheard_fate fate, int64_t from,
    int64_t to)
{
	return unheard->items[at].fate == fate && unheard->items[at].from < to
	    && unheard->items[at].to > from;
}

uint32_t
unheard_networks(const struct unheard *unheard, enum unheard_fate fate, uint64_t but, int64_t from,
    int64_t to)
{
	uint64_t networks[COUNTED];
	uint32_t count = 0;

	for (uint32_t i = 0; i < kept(unheard) && count < COUNTED; i++) {
		uint64_t network = unheard->items[i].network;
		uint32_t known = 0;
		if (network == but || !is_among(unheard, i, fate, from, to))
			continue;
		while (known < count && networks[known] != network)
			known++;
		if (known == count)
			networks[count++] = network;
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
