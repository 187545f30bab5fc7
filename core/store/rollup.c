/* The arithmetic of roll-ups. Percentiles are by nearest rank: always a value that was measured. */
#include <stdlib.h>

#include "base/clock.h"
#include "store/rollup.h"

/* The time between two instants counts as the mood of the run before it, for as long as that one speaks. */
static void
account(struct store_rollup *made, const struct rollup_run *run, int64_t from, int64_t until)
{
	int64_t spoken = from;

	if (until <= from)
		return;
	if (run != NULL) {
		int64_t end = run->at + (int64_t)run->speaks_for * SECOND;

		spoken = end < from ? from : end > until ? until : end;
		made->time[run->mood < STORE_MOODS_END ? run->mood : STORE_MOOD_unknown] += spoken - from;
	}
	made->time[STORE_MOOD_unknown] += until - spoken;
}

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t
percentile(const int64_t *sorted, size_t count, size_t percent)
{
	return sorted[(count * percent + 99) / 100 - 1];
}

static void
measure(const struct rollup_run *runs, uint32_t count, uint32_t phase, int64_t *values, struct store_phase_times *times)
{
	uint32_t names = runs[count - 1].phase_names;
	size_t found = 0;

	*times = (struct store_phase_times){ -1, -1, -1 };
	for (uint32_t i = 0; i < count; i++) {
		if (runs[i].phase_names == names && phase < runs[i].phase_count && runs[i].phases[phase] >= 0)
			values[found++] = runs[i].phases[phase];
	}
	if (found == 0)
		return;
	qsort(values, found, sizeof *values, by_size);
	*times = (struct store_phase_times){ percentile(values, found, 50), percentile(values, found, 95),
		values[found - 1] };
}

bool
rollup_make(const struct rollup_run *runs, uint32_t count, const struct rollup_run *before, int64_t start,
    int64_t length, struct store_rollup *made, uint32_t *phase_names)
{
	int64_t *values = count == 0 ? NULL : malloc(count * sizeof *values);
	int64_t from = start;

	*made = (struct store_rollup){ .start = start };
	*phase_names = 0;
	for (uint32_t i = 0; i < count; i++) {
		account(made, before, from, runs[i].at);
		from = runs[i].at > from ? runs[i].at : from;
		before = &runs[i];
		made->runs[runs[i].verdict <= PW_UNKNOWN ? runs[i].verdict : PW_UNKNOWN]++;
	}
	account(made, before, from, start + length);
	if (values != NULL) {
		*phase_names = runs[count - 1].phase_names;
		made->phase_count = runs[count - 1].phase_count;
		for (uint32_t phase = 0; phase < made->phase_count; phase++)
			measure(runs, count, phase, values, &made->phases[phase]);
	}
	free(values);
	return count > 0 || made->time[STORE_MOOD_unknown] < length;
}
