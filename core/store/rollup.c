/*
 * For the store's maintenance: makes roll-ups, rows that sum up the runs of a target in a quarter
 * of an hour or an hour. Percentiles are by nearest rank, always a value that was measured.
 */
#include "store/rollup.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/store_private.h"

/* The time between two instants counts as the mood of the run before it, for as long as that one
 * speaks. */
static void
account(struct store_rollup *made, const struct rollup_run *run, int64_t from, int64_t until)
{
	int64_t spoken = from;

	if (until <= from)
		return;
	if (run != NULL) {
		int64_t end = run->at + (int64_t)run->speaks_for * SECOND;

		spoken = end < from ? from : end > until ? until : end;
		assert(spoken >= from && spoken <= until);
		made->time[run->mood < STORE_MOODS_END ? run->mood
		    : STORE_MOOD_unknown] += spoken - from;
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
	assert(count > 0 && percent > 0 && percent <= 100 && sorted[0] <= sorted[count - 1]);
	return sorted[(count * percent + 99) / 100 - 1];
}

static struct store_phase_times
times_of(int64_t *values, size_t count)
{
	if (count == 0)
		return (struct store_phase_times){ -1, -1, -1 };
	qsort(values, count, sizeof *values, by_size);
	return (struct store_phase_times){ percentile(values, count, 50),
	    percentile(values, count, 95), values[count - 1] };
}

static struct store_phase_times
measure(const struct rollup_run *runs, uint32_t count, uint32_t phase, int64_t *values)
{
	uint32_t names = runs[count - 1].phase_names;
	size_t found = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (runs[i].phase_names == names && phase < runs[i].phase_count
		    && runs[i].phases[phase] >= 0)
			values[found++] = runs[i].phases[phase];
	}
	assert(found <= count);
	return times_of(values, found);
}

bool
rollup_make(const struct rollup_run *runs, uint32_t count, const struct rollup_run *before,
    int64_t start, int64_t length, struct store_rollup *made, uint32_t *phase_names)
{
	int64_t *values = count == 0 ? NULL : malloc(count * sizeof *values);
	int64_t from = start;
	size_t found = 0;

	*made = (struct store_rollup){ .start = start, .whole = { -1, -1, -1 } };
	*phase_names = 0;
	for (uint32_t i = 0; i < count; i++) {
		account(made, before, from, runs[i].at);
		from = runs[i].at > from ? runs[i].at : from;
		before = &runs[i];
		made->runs[runs[i].verdict <= PW_UNKNOWN ? runs[i].verdict : PW_UNKNOWN]++;
	}
	assert(from >= start);
	account(made, before, from, start + length);
	if (values != NULL) {
		*phase_names = runs[count - 1].phase_names;
		made->phase_count = runs[count - 1].phase_count;
		assert(made->phase_count <= sizeof made->phases / sizeof made->phases[0]);
		for (uint32_t phase = 0; phase < made->phase_count; phase++)
			made->phases[phase] = measure(runs, count, phase, values);
		/* How long a run takes that fails says what its limits are, not how fast the server
		 * is. */
		for (uint32_t i = 0; i < count; i++)
			if (runs[i].verdict == PW_OK || runs[i].verdict == PW_DEGRADED)
				values[found++] = runs[i].micros;
		made->whole = times_of(values, found);
	}
	free(values);
	return count > 0 || made->time[STORE_MOOD_unknown] < length;
}

enum { TARGETS_A_STEP = 16, ROLLUPS_A_STEP = 256, ROWS_A_TARGET = 16384, COUNTS = PW_UNKNOWN + 1
    + STORE_MOODS_END };
static_assert(STORE_MOOD_up == 0 && STORE_MOOD_degraded == 1 && STORE_MOOD_down == 2
    && STORE_MOOD_unknown == 3 && STORE_MOOD_paused == 4 && STORE_MOODS_END == 5,
    "the columns of rollups stand in the order of enum store_mood");
/* a run counts where it began, and is kept when it has ended */
static const int64_t GRACE = INT64_C(300) * SECOND;

static const char *const keys[STORE_SPANS] = { [STORE_QUARTER] = "rolled_quarters",
    [STORE_HOUR] = "rolled_hours" };

/* 15 min or 1 h in microseconds. */
static int64_t
length_of(enum store_span span)
{
	return (span == STORE_HOUR ? 60 : 15) * INT64_C(60) * SECOND;
}

/* Where rolling up goes on. What is past retention is passed over, and so is what a clock gone
 * wrong has left. */
static bool
find_span(struct store *store, enum store_span span, int64_t now)
{
	struct maintenance *maintenance = &store->maintenance;
	struct db *db = store->db_files[STORE_HISTORY].db;
	int64_t length = length_of(span), *begins = &maintenance->begins[span];
	int64_t oldest = now - store->settings.keep_ok;

	if (*begins == 0)
		*begins = history_count(db, keys[span]);
	if (*begins == 0 || *begins > now) {
		*begins = now - now % length;
		maintenance->target[span] = 0;
		return history_set_count(db, keys[span], *begins);
	}
	if (*begins < oldest - oldest % length) {
		*begins = oldest - oldest % length;
		maintenance->target[span] = 0;
	}
	return true;
}

/* Runs of the span into the end of `runs`, which is read from the newest back; the one before them,
 * where there is one, lies before the first. Returns the index of the first. */
static uint32_t
collect(struct store *store, uint64_t row, int64_t begins, int64_t ends, bool *before)
{
	struct rollup_run *runs = store->maintenance.runs;
	uint32_t first = ROLLUP_RUNS_MAX + 1;
	uint64_t prev;

	*before = false;
	for (int i = 0; i < ROWS_A_TARGET && row != 0 && first > 0; i++, row = prev) {
		struct rollup_run *run = &runs[first - 1];
		struct query *query = DB_ROW(store->db_files[STORE_HISTORY].db,
		    "SELECT at, verdict, mood, speaks_for, phase_names, phases, prev, micros"
		    " FROM results WHERE id = ?1", BIND(row));

		if (query == NULL)
			break;
		run->at = query_i64(query, 0);
		run->verdict = (uint32_t)query_i64(query, 1);
		run->mood = (uint32_t)query_i64(query, 2);
		run->speaks_for = (uint32_t)query_i64(query, 3);
		run->phase_names = (uint32_t)query_i64(query, 4);
		run->phase_count = times_unpack(query_bytes(query, 5), run->phases,
		    STORE_PHASES_MAX);
		prev = (uint64_t)query_i64(query, 6);
		run->micros = query_i64(query, 7);
		query_reset(query);
		if (run->at >= ends)
			continue;
		if (run->at < begins) {
			*before = true;
			break;
		}
		first--;
	}
	return first;
}

static bool
write_rollup(struct db *db, const struct store_rollup *made, uint32_t names)
{
	const int64_t *time = made->time;
	unsigned char counts[TIMES_MAX], phases[TIMES_MAX];
	int64_t values[COUNTS];
	size_t count_size, phase_size;

	for (int i = 0; i <= PW_UNKNOWN; i++)
		values[i] = made->runs[i];
	memcpy(values + PW_UNKNOWN + 1, time, sizeof made->time);
	count_size = times_pack(values, COUNTS, counts, sizeof counts);
	phase_size = times_pack(&made->phases[0].p50, 3 * made->phase_count, phases, sizeof phases);
	return DB_RUN(db, "INSERT INTO rollups (target, span, start, counts, phase_names, phases,"
	    " up, degraded, down, unknown, paused, p50, p95)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, nullif(?12, -1), nullif(?13, -1))"
	    " ON CONFLICT (target, span, start) DO UPDATE SET counts = excluded.counts,"
	    " phase_names = excluded.phase_names, phases = excluded.phases, up = excluded.up,"
	    " degraded = excluded.degraded, down = excluded.down, unknown = excluded.unknown,"
	    " paused = excluded.paused, p50 = excluded.p50, p95 = excluded.p95",
	    BIND(made->target), BIND(made->span), BIND(made->start),
	    BIND_BYTES(((struct pw_bytes){ (const char *)counts, count_size })), BIND(names),
	    BIND_BYTES(((struct pw_bytes){ (const char *)phases, phase_size })),
	    BIND(time[STORE_MOOD_up]), BIND(time[STORE_MOOD_degraded]), BIND(time[STORE_MOOD_down]),
	    BIND(time[STORE_MOOD_unknown]), BIND(time[STORE_MOOD_paused]), BIND(made->whole.p50),
	    BIND(made->whole.p95));
}

/* Gives the oldest of the roll-ups without columns for their times what their counts say; false
 * where there is none. */
static bool
fill_rollup(struct db *db)
{
	struct query *query = db_query(db,
	    "SELECT target, span, start, counts FROM rollups WHERE up IS NULL"
	    " ORDER BY target, span, start LIMIT 1");
	int64_t values[COUNTS] = { 0 }, key[3], *time = values + PW_UNKNOWN + 1;

	if (!query_step(query))
		return false;
	for (int i = 0; i < 3; i++)
		key[i] = query_i64(query, i);
	times_unpack(query_bytes(query, 3), values, COUNTS);
	query_reset(query);
	return DB_RUN(db,
	    "UPDATE rollups SET up = ?4, degraded = ?5, down = ?6, unknown = ?7, paused = ?8"
	    " WHERE target = ?1 AND span = ?2 AND start = ?3", BIND(key[0]), BIND(key[1]),
	    BIND(key[2]), BIND(time[STORE_MOOD_up]), BIND(time[STORE_MOOD_degraded]),
	    BIND(time[STORE_MOOD_down]), BIND(time[STORE_MOOD_unknown]),
	    BIND(time[STORE_MOOD_paused]));
}

enum step
maintenance_fill_rollups(struct store *store, int64_t now, struct store_maintained *tended)
{
	struct db *db = store->db_files[STORE_HISTORY].db;
	int filled = 0;

	(void)now;
	(void)tended;
	while (filled < ROLLUPS_A_STEP && fill_rollup(db))
		filled++;
	if (db_fault(db) != DB_WELL)
		return STEP_BROKEN;
	return filled == 0 ? STEP_NOTHING : STEP_DONE;
}

static bool
roll_target(struct store *store, enum store_span span, uint64_t target,
    struct store_maintained *tended)
{
	struct db *db = store->db_files[STORE_HISTORY].db;
	struct maintenance *maintenance = &store->maintenance;
	int64_t begins = maintenance->begins[span], length = length_of(span);
	struct store_rollup made;
	uint32_t names;
	bool before;
	uint32_t first = collect(store, store->history.heads[target].last, begins, begins + length,
	    &before);

	if (db_fault(db) != DB_WELL)
		return false;
	if (!rollup_make(maintenance->runs + first, ROLLUP_RUNS_MAX + 1 - first,
	    before ? &maintenance->runs[first - 1] : NULL, begins, length, &made, &names))
		return true;
	made.target = target;
	made.span = span;
	tended->rolled_up++;
	return write_rollup(db, &made, names);
}

enum step
maintenance_roll(struct store *store, enum store_span span, int64_t now,
    struct store_maintained *tended)
{
	struct maintenance *maintenance = &store->maintenance;
	uint64_t *target = &maintenance->target[span];
	int64_t length = length_of(span);

	if (!find_span(store, span, now))
		return STEP_BROKEN;
	if (now < maintenance->begins[span] + length + GRACE)
		return STEP_NOTHING;
	for (int made = 0; made < TARGETS_A_STEP && *target < store->history.head_count;
	    ++*target) {
		if (store->history.heads[*target].last == 0)
			continue;
		if (!roll_target(store, span, *target, tended))
			return STEP_BROKEN;
		made++;
	}
	if (*target < store->history.head_count)
		return STEP_DONE;
	*target = 0;
	maintenance->begins[span] += length;
	return history_set_count(store->db_files[STORE_HISTORY].db, keys[span],
	    maintenance->begins[span]) ? STEP_DONE : STEP_BROKEN;
}

int64_t
store_summed_up(const struct store *store)
{
	const int64_t *begins = store->maintenance.begins;

	return begins[STORE_QUARTER] < begins[STORE_HOUR] ? begins[STORE_QUARTER]
	    : begins[STORE_HOUR];
}
