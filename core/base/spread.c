/*
 * A histogram of durations with logarithmic buckets: 16 for each power of two, the first 16 for 0
 * to 15.
 */
#include <assert.h>
#include "base/spread.h"

/* The largest value that falls into it. */
static int64_t
top_of(unsigned bucket)
{
	unsigned power = bucket / 16 + 3;

	if (bucket < 16)
		return bucket;
	return ((int64_t)(16 + bucket % 16 + 1) << (power - 4)) - 1;
}

void
spread_add(struct spread *spread, int64_t micros)
{
	uint64_t value = micros > 0 ? (uint64_t)micros : 0;
	unsigned power = 63 - (unsigned)__builtin_clzll(value | 1);
	unsigned bucket = value < 16 ? (unsigned)value
	    : (power - 3) * 16 + (unsigned)(value >> (power - 4) & 15);

	spread->buckets[bucket < SPREAD_BUCKETS ? bucket : SPREAD_BUCKETS - 1]++;
	spread->count++;
	if (micros > spread->max)
		spread->max = micros;
}

int64_t
spread_at(const struct spread *spread, unsigned permille)
{
	uint64_t wanted = (spread->count * permille + 999) / 1000, seen = 0;

	assert(permille >= 1 && permille <= 1000);
	assert(spread->count > 0 || spread->max == 0);
	if (permille == 1000)
		return spread->max;
	for (unsigned bucket = 0; bucket < SPREAD_BUCKETS; bucket++) {
		seen += spread->buckets[bucket];
		if (seen >= wanted && seen > 0)
			return top_of(bucket) < spread->max ? top_of(bucket) : spread->max;
	}
	return 0;
}
