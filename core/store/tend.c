/*
 * Runs the maintenance jobs of the store in turn: roll-ups, retention, verification, checkpoints.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/tending.h"

static enum step
roll(struct store *store, int64_t now, struct store_tended *tended)
{
	enum step step = tending_roll(store, STORE_QUARTER, now, tended);

	return step != STEP_NOTHING ? step : tending_roll(store, STORE_HOUR, now, tended);
}

static enum step
keep_ballast(struct store *store, int64_t now, struct store_tended *tended)
{
	(void)now;
	(void)tended;
	if (store->shelves[STORE_MAIN].trouble == STORE_WELL && store->shelves[STORE_HISTORY].trouble == STORE_WELL)
		ballast_make(store->folder, store->settings.ballast);
	return STEP_NOTHING;
}

/* STEP_NOTHING, so that other work is not held up: a little each second is enough. */
static enum step
verify_main(struct store *store, int64_t now, struct store_tended *tended)
{
	(void)tended;
	verify_step(&store->tending->verify[STORE_MAIN], &store->shelves[STORE_MAIN], now);
	return STEP_NOTHING;
}

static enum step
verify_history(struct store *store, int64_t now, struct store_tended *tended)
{
	(void)tended;
	verify_step(&store->tending->verify[STORE_HISTORY], &store->shelves[STORE_HISTORY], now);
	return STEP_NOTHING;
}

static const struct job {
	enum step (*step)(struct store *, int64_t now, struct store_tended *);
	enum store_file file;
	int seconds; /* until it is asked again where there was nothing */
} jobs[] = {
	{ roll, STORE_HISTORY, 5 },
	{ tending_fill_rollups, STORE_HISTORY, 3600 },
	{ tending_make_room, STORE_HISTORY, 5 },
	{ tending_forget_ok, STORE_HISTORY, 5 },
	{ tending_forget_all, STORE_HISTORY, 60 },
	{ tending_forget_traces, STORE_HISTORY, 60 },
	{ tending_forget_rollups, STORE_HISTORY, 3600 },
	{ tending_forget_notice_evidence, STORE_MAIN, 3600 },
	{ tending_forget_notices, STORE_MAIN, 3600 },
	{ tending_forget_pauses, STORE_MAIN, 3600 },
	{ tending_forget_incidents, STORE_MAIN, 3600 },
	{ tending_forget_targets, STORE_MAIN, 3600 },
	{ verify_main, STORE_MAIN, 1 },
	{ verify_history, STORE_HISTORY, 1 },
	{ keep_ballast, STORE_MAIN, 60 },
};
enum { JOBS = sizeof jobs / sizeof jobs[0] };

struct tending *
tending_create(void)
{
	return calloc(1, sizeof(struct tending));
}

void
tending_destroy(struct tending **tending)
{
	free(*tending);
	*tending = NULL;
}

void
tending_reset(struct tending *tending)
{
	memset(tending, 0, offsetof(struct tending, runs));
}

int64_t
tending_count(struct db *db, const char *key)
{
	struct query *query = DB_ROW(db, "SELECT value FROM counts WHERE key = ?1", BIND_TEXT(key));
	int64_t value = query == NULL ? 0 : query_i64(query, 0);

	if (query != NULL)
		query_reset(query);
	return value;
}

bool
tending_set_count(struct db *db, const char *key, int64_t value)
{
	return DB_RUN(db, "INSERT INTO counts (key, value) VALUES (?1, ?2)"
	    " ON CONFLICT (key) DO UPDATE SET value = excluded.value", BIND_TEXT(key), BIND(value));
}

/* One step of one job, in a transaction of its own. */
static enum step
take_step(struct store *store, const struct job *job, int64_t now, struct store_tended *tended)
{
	struct shelf *shelf = &store->shelves[job->file];
	enum step step;

	if (shelf->trouble != STORE_WELL || (job->file == STORE_MAIN && store->group != NULL))
		return STEP_NOTHING;
	if (!db_begin(shelf->db)) {
		shelf_fail(shelf, "tending");
		return STEP_BROKEN;
	}
	step = job->step(store, now, tended);
	if (step != STEP_BROKEN && db_fault(shelf->db) == DB_WELL && db_commit(shelf->db))
		return step;
	shelf_fail(shelf, "tending");
	return STEP_BROKEN;
}

/* A clock that was set back does not put a job to sleep. */
static bool
is_due(const struct tending *tending, uint32_t job, int64_t now)
{
	int64_t in = tending->next[job] - now;

	return in <= 0 || in > jobs[job].seconds * (int64_t)SECOND;
}

void
store_tend(struct store *store, int64_t now, struct store_tended *tended)
{
	struct tending *tending = store->tending;

	*tended = (struct store_tended){ 0 };
	for (uint32_t i = 0; i < JOBS; i++) {
		uint32_t job = (tending->turn + i) % JOBS;

		if (!is_due(tending, job, now))
			continue;
		if (take_step(store, &jobs[job], now, tended) == STEP_DONE) {
			tending->turn = (job + 1) % JOBS;
			tended->more = true;
			return;
		}
		tending->next[job] = now + jobs[job].seconds * (int64_t)SECOND;
	}
}
