/*
 * Counts durations in logarithmic buckets and reads quantiles from them. Values of 0 to 15 us have
 * a bucket each, and each power of two above has 16 buckets of equal width.
 */
#include <assert.h>
#include "base/histogram.h"

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
histogram_add(struct histogram *histogram, int64_t micros)
{
	uint64_t value = micros > 0 ? (uint64_t)micros : 0;
	unsigned power = 63 - (unsigned)__builtin_clzll(value | 1);
	unsigned bucket = value < 16 ? (unsigned)value
	    : (power - 3) * 16 + (unsigned)(value >> (power - 4) & 15);

	histogram->buckets[bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1]++;
	histogram->count++;
	if (micros > histogram->max)
		histogram->max = micros;
}

int64_t
histogram_at(const struct histogram *histogram, unsigned permille)
{
	uint64_t wanted = (histogram->count * permille + 999) / 1000, seen = 0;

	assert(permille >= 1 && permille <= 1000);
	assert(histogram->count > 0 || histogram->max == 0);
	if (permille == 1000)
		return histogram->max;
	for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
		seen += histogram->buckets[bucket];
		if (seen >= wanted && seen > 0)
			return top_of(bucket) < histogram->max ? top_of(bucket) : histogram->max;
	}
	return 0;
}
