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
tally_of(struct tallies *tallies, const char *probe, struct pw_bytes phase)
{
	struct tally tally = { .count = 0 };

	for (uint32_t i = 0; i < tallies->count; i++) {
		struct tally *it = &tallies->items[i];

		if (strncmp(it->phase, phase.data, phase.size) == 0 && it->phase[phase.size] == '\0' && strcmp(it->probe, probe) == 0)
			return it;
	}
	if (tallies->count == TALLIES_MAX || !VEC_RESERVE(tallies->items, tallies->count, tallies->room))
		return NULL;
	tally.probe = strdup(probe);
	tally.phase = strndup(phase.data, phase.size);
	if (tally.probe == NULL || tally.phase == NULL) {
		free(tally.probe);
		free(tally.phase);
		return NULL;
	}
	assert(tallies->count < tallies->room);
	tallies->items[tallies->count] = tally;
	return &tallies->items[tallies->count++];
}

bool
run_steps_next(struct run_steps *steps)
{
	if (steps->left == 0 || steps->names == NULL || *steps->names == '\0')
		return false;
	steps->name = (struct pw_bytes){ steps->names, strcspn(steps->names, " ") };
	steps->names += steps->name.size + (steps->names[steps->name.size] == ' ');
	steps->micros = *steps->times++;
	steps->left--;
	return true;
}

/* A sum that would overflow stays at its end: the file may be damaged, and hold times of any
 * size. */
void
tallies_add(struct tallies *tallies, const char *probe, const struct store_run *run)
{
	int64_t times[STORE_PHASES_MAX];
	struct run_steps steps = { .names = run->phase_names, .times = times, .left = store_run_phases(run, times) };

	while (run_steps_next(&steps)) {
		struct tally *tally = steps.micros < 0 ? NULL : tally_of(tallies, probe, steps.name);
		uint32_t bucket = 0;

		if (tally == NULL)
			continue;
		while (bucket < TALLY_BUCKETS && steps.micros > tally_bounds[bucket])
			bucket++;
		if (bucket < TALLY_BUCKETS)
			tally->buckets[bucket]++;
		tally->count++;
		if (__builtin_add_overflow(tally->sum, steps.micros, &tally->sum))
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
