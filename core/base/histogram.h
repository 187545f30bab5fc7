/*
 * A histogram of durations in microseconds, for quantiles. The monitor counts in it how late runs
 * began. Each power of two is divided into 16 buckets, so a quantile is at most 7 % too high. It
 * has a fixed size, starts as zeroes, and holds no memory that would have to be freed.
 */
#pragma once

#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 42 * 16 }; /* up to 2^45 us, a year */

struct histogram {
	uint64_t count;
	int64_t max;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* Microseconds; less than zero counts as zero. */
void histogram_add(struct histogram *, int64_t micros);

/* What `permille` of all (1 to 1000) do not exceed; 1000: the largest, exactly. 0 where there were
 * none. */
int64_t histogram_at(const struct histogram *, unsigned permille);
