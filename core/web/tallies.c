/*
 * For the metrics of the web process: counts how long steps of attempts took, by probe and step,
 * for Prometheus histograms.
 */
#include "web/tallies.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "store/list.h"

enum { TALLIES_MAX = 500 /* of a damaged file, which may hold any names */ };

const int64_t tally_bounds[TALLY_BUCKETS] = { 1000, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000,
	10000000, 30000000, 60000000 };

/* NULL: there is no room. */
static struct tally *
tally_of(struct tallies *tallies, const char *probe, const char *phase, size_t size)
{
	struct tally tally = { .count = 0 };

	for (uint32_t i = 0; i < tallies->count; i++) {
		const struct tally *it = &tallies->items[i];

		if (strncmp(it->phase, phase, size) == 0 && it->phase[size] == '\0' && strcmp(it->probe, probe) == 0)
			return &tallies->items[i];
	}
	if (tallies->count == TALLIES_MAX || !VEC_RESERVE(tallies->items, tallies->count, tallies->room))
		return NULL;
	tally.probe = strdup(probe);
	tally.phase = strndup(phase, size);
	if (tally.probe == NULL || tally.phase == NULL) {
		free(tally.probe);
		free(tally.phase);
		return NULL;
	}
	assert(tallies->count < tallies->room);
	tallies->items[tallies->count] = tally;
	return &tallies->items[tallies->count++];
}

/* A sum that would overflow stays at its end: the file may be damaged, and hold times of any
 * size. */
void
tallies_add(struct tallies *tallies, const char *probe, const struct store_run *run)
{
	const char *names = run->phase_names;
	int64_t times[STORE_PHASES_MAX];
	uint32_t count = store_run_phases(run, times);

	for (uint32_t i = 0, bucket; i < count && *names != '\0'; i++) {
		size_t size = strcspn(names, " ");
		struct tally *tally = times[i] < 0 ? NULL : tally_of(tallies, probe, names, size);

		names += size + (names[size] == ' ');
		if (tally == NULL)
			continue;
		for (bucket = 0; bucket < TALLY_BUCKETS && times[i] > tally_bounds[bucket]; bucket++)
			continue;
		if (bucket < TALLY_BUCKETS)
			tally->buckets[bucket]++;
		tally->count++;
		if (__builtin_add_overflow(tally->sum, times[i], &tally->sum))
			tally->sum = INT64_MAX;
	}
}

void
tallies_fini(struct tallies *tallies)
{
	for (uint32_t i = 0; i < tallies->count; i++) {
		free(tallies->items[i].probe);
		free(tallies->items[i].phase);
	}
	free(tallies->items);
	*tallies = (struct tallies){ .count = 0 };
}
