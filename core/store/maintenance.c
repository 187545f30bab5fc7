/*
 * The store's jobs in the background, which take turns in the keeper: roll-ups, deletion of what is
 * old, verification, the reserve of disk space.
 *
 * Results lie in order of arrival, so what is old is at the beginning: a step looks at some rows
 * there and deletes up to the first that is to stay. A row from the future (the clock was wrong) is
 * as old as its neighbours.
 */
#include "store/maintenance.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "store/store_private.h"

enum { ROWS_A_STEP = 1000, TRACES_A_STEP = 50, TARGETS_A_STEP = 64, NOTICES_A_STEP = 200,
    INCIDENTS_A_STEP = 20 };
static const int64_t DAY = INT64_C(86400) * SECOND;

/* The last key of the leading rows of `sql` (key, time; ?1 the key to begin behind, ?2 how many)
 * that are old enough; 0: none is. */
static uint64_t
leading(struct db *db, const char *sql, uint64_t behind, int rows, int64_t cutoff, int64_t now)
{
	struct query *query = DB_ROWS(db, sql, BIND(behind), BIND(rows));
	uint64_t last = 0;

	while (query_step(query)) {
		int64_t at = query_i64(query, 1);

		if (at >= cutoff && at <= now + DAY)
			break;
		last = (uint64_t)query_i64(query, 0);
	}
	query_reset(query);
	return last;
}

static bool
delete(struct db *db, const char *sql, uint64_t *deleted, struct binds binds)
{
	if (!db_run(db, sql, binds))
		return false;
	*deleted += (uint64_t)db_changes(db);
	return true;
}
#define DELETE(db, sql, deleted, ...) delete(db, sql, deleted, BINDS(__VA_ARGS__))

/* A table that is gone through from its first key, some rows at a step, over and over. */
struct sweep {
	size_t keep;                /* offset of the setting: for how long a row stays */
	const char *rows;           /* key, time: as for leading() */
	int rows_a_step;
	/* of the rows with keys above ?1 up to ?2; ?3: before that time they are old. NULL behind
	 * the last */
	const char *deletes[8];
};

/* One step: rows up to the first that is to stay. `cursor`: the last key that was looked at, 0:
 * begin again. */
static enum step
take_sweep(struct store *store, enum store_file file, const struct sweep *sweep, uint64_t *cursor,
    int64_t now, uint64_t *deleted)
{
	int64_t cutoff = now - *(const int64_t *)(const void *)((const char *)&store->settings
	    + sweep->keep);
	struct db *db = store->db_files[file].db;
	uint64_t upto = leading(db, sweep->rows, *cursor, sweep->rows_a_step, cutoff, now);

	if (upto == 0) {
		*cursor = 0;
		return STEP_NOTHING;
	}
	assert(*cursor < upto);
	for (size_t i = 0; sweep->deletes[i] != NULL; i++)
		if (!DELETE(db, sweep->deletes[i], deleted, BIND(*cursor), BIND(upto),
		    BIND(cutoff)))
			return STEP_BROKEN;
	*cursor = upto;
	return STEP_DONE;
}

#define RESULTS_AFTER "SELECT id, at FROM results WHERE id > ?1 ORDER BY id LIMIT ?2"
#define TRACES_AFTER "SELECT id, at FROM traces WHERE id > ?1 ORDER BY id LIMIT ?2"

#define NOBODY_WAITS_FOR(notice) \
	"NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.notice = " notice " AND ended = 0)"

/* Closed so long ago that it goes, and nobody is still to be told of it. */
#define IS_OLD_INCIDENT "(SELECT number FROM incidents WHERE number > ?1 AND number <= ?2 AND end_confirmed > 0" \
    " AND end_confirmed < ?3 AND NOT EXISTS (SELECT 1 FROM deliveries JOIN notices ON notices.number = deliveries.notice" \
    " WHERE notices.incident = incidents.number AND notices.incident > 0 AND deliveries.ended = 0))"

/* The target left the configuration so long ago that it goes, and nothing that is kept names it. */
#define IS_OLD_TARGET "(SELECT number FROM targets WHERE number > ?1 AND number <= ?2 AND gone > 0 AND gone < ?3" \
    " AND NOT EXISTS (SELECT 1 FROM incidents WHERE target = targets.number)" \
    " AND NOT EXISTS (SELECT 1 FROM notices WHERE target = targets.number))"

#define KEEP(member) .keep = offsetof(struct store_settings, member)

static const struct sweep results = { KEEP(keep_not_ok), RESULTS_AFTER, ROWS_A_STEP,
	{ "DELETE FROM results WHERE id > ?1 AND id <= ?2" } };
static const struct sweep traces = { KEEP(keep_not_ok), TRACES_AFTER, TRACES_A_STEP,
	{ "DELETE FROM traces WHERE id > ?1 AND id <= ?2" } };
/* As long as what lies in the history; then for as long as it is still to be told. */
static const struct sweep notice_evidence = { KEEP(keep_not_ok),
	"SELECT id, at FROM notice_evidence WHERE id > ?1 ORDER BY id LIMIT ?2", TRACES_A_STEP,
	{ "DELETE FROM notice_evidence WHERE id > ?1 AND id <= ?2 AND "
	    NOBODY_WAITS_FOR("notice_evidence.notice") } };
/* Deliveries go with their notice. One that is still under way keeps it. */
static const struct sweep notices = { KEEP(keep_deliveries),
	"SELECT number, confirmed FROM notices WHERE number > ?1 ORDER BY number LIMIT ?2",
	NOTICES_A_STEP, { "DELETE FROM notices WHERE number > ?1 AND number <= ?2 AND "
	    NOBODY_WAITS_FOR("notices.number") } };
/* Evidence and notices go with their incident. */
static const struct sweep incidents = { KEEP(keep_incidents),
	"SELECT number, confirmed FROM incidents WHERE number > ?1 ORDER BY number LIMIT ?2",
	INCIDENTS_A_STEP, { "DELETE FROM evidence WHERE incident IN " IS_OLD_INCIDENT,
	    "DELETE FROM notices WHERE incident > 0 AND incident IN " IS_OLD_INCIDENT,
	    "DELETE FROM incidents WHERE number IN " IS_OLD_INCIDENT } };
/* Conditions that ended, and all that is kept of targets that are gone, as long as incidents. A
 * target's number is not given again: the counters in `meta` know it. */
static const struct sweep targets = { KEEP(keep_incidents),
	"SELECT number, 0 FROM targets WHERE number > ?1 ORDER BY number LIMIT ?2", TARGETS_A_STEP,
	{ "DELETE FROM conditions WHERE target > ?1 AND target <= ?2 AND cleared > 0"
	    " AND cleared < ?3", "DELETE FROM conditions WHERE target IN " IS_OLD_TARGET,
	    "DELETE FROM ledger WHERE target IN " IS_OLD_TARGET,
	    "DELETE FROM states WHERE target IN " IS_OLD_TARGET,
	    "DELETE FROM servers WHERE target IN " IS_OLD_TARGET,
	    "DELETE FROM evidence WHERE target IN " IS_OLD_TARGET,
	    "DELETE FROM targets WHERE number IN " IS_OLD_TARGET } };

static enum step
forget_ok(struct store *store, int64_t now, struct store_maintained *tended)
{
	struct db *db = store->db_files[STORE_HISTORY].db;
	uint64_t from = (uint64_t)history_count(db, "ok_upto");
	uint64_t upto = leading(db, RESULTS_AFTER, from, ROWS_A_STEP, now - store->settings.keep_ok,
	    now);

	if (upto == 0)
		return STEP_NOTHING;
	return DELETE(db, "DELETE FROM results WHERE id > ?1 AND id <= ?2 AND verdict = 0",
	    &tended->deleted, BIND(from), BIND(upto)) && history_set_count(db, "ok_upto",
	    (int64_t)upto) ? STEP_DONE : STEP_BROKEN;
}

static bool
trim_rollups(struct db *db, uint64_t target, int64_t before, uint64_t *deleted)
{
	return DELETE(db, "DELETE FROM rollups WHERE target = ?1 AND span IN (0, 1) AND start < ?2",
	    deleted, BIND(target), BIND(before));
}
static_assert(STORE_QUARTER == 0 && STORE_HOUR == 1 && STORE_SPANS == 2, "those of rollups");

static enum step
forget_rollups(struct store *store, int64_t now, struct store_maintained *tended)
{
	struct db *db = store->db_files[STORE_HISTORY].db;
	uint64_t *target = &store->maintenance.trimmed;

	for (int i = 0; i < TARGETS_A_STEP && *target < store->history.head_count; i++, ++*target) {
		if (!trim_rollups(db, *target, now - store->settings.keep_rollups,
		    &tended->deleted))
			return STEP_BROKEN;
	}
	if (*target < store->history.head_count)
		return STEP_DONE;
	*target = 0;
	return STEP_NOTHING;
}

/* As long as deliveries, from their end; the last stays, for its number is not to be given
 * twice. */
static enum step
forget_pauses(struct store *store, int64_t now, struct store_maintained *tended)
{
	uint64_t before = tended->deleted;

	if (!DELETE(store->db_files[STORE_MAIN].db,
	    "DELETE FROM pauses WHERE number IN (SELECT number FROM pauses WHERE"
	    " CASE ended WHEN 0 THEN ends ELSE ended END BETWEEN 1 AND ?1 AND number < (SELECT"
	    " max(number) FROM pauses) ORDER BY number LIMIT ?2)", &tended->deleted,
	    BIND(now - store->settings.keep_deliveries), BIND(NOTICES_A_STEP)))
		return STEP_BROKEN;
	return tended->deleted == before ? STEP_NOTHING : STEP_DONE;
}

/* The oldest week of a target's roll-ups, where nothing else is left to give. */
static enum step
shorten_rollups(struct store *store, struct store_maintained *tended)
{
	struct db *db = store->db_files[STORE_HISTORY].db;
	int64_t oldest = db_number(db, "SELECT min(start) FROM rollups", 0);
	uint64_t before = tended->deleted;

	if (oldest == 0)
		return STEP_NOTHING;
	for (uint64_t target = 0; target < store->history.head_count; target++) {
		if (!trim_rollups(db, target, oldest + 7 * DAY, &tended->deleted))
			return STEP_BROKEN;
	}
	tended->crowded += tended->deleted - before;
	return STEP_DONE;
}

static enum step
make_room(struct store *store, int64_t now, struct store_maintained *tended)
{
	struct db *db = store->db_files[STORE_HISTORY].db;
	uint64_t before = tended->deleted, trace, result;

	(void)now;
	if (db_size(db) <= store->settings.history_max)
		return STEP_NOTHING;
	trace = leading(db, TRACES_AFTER, 0, TRACES_A_STEP, INT64_MAX, 0);
	result = leading(db, RESULTS_AFTER, 0, ROWS_A_STEP, INT64_MAX, 0);
	if (trace == 0 && result == 0)
		return shorten_rollups(store, tended);
	if (!DELETE(db, "DELETE FROM traces WHERE id <= ?1", &tended->deleted, BIND(trace))
	    || !DELETE(db, "DELETE FROM results WHERE id <= ?1", &tended->deleted, BIND(result)))
		return STEP_BROKEN;
	tended->crowded += tended->deleted - before;
	return STEP_DONE;
}

static enum step
roll(struct store *store, int64_t now, struct store_maintained *tended)
{
	enum step step = maintenance_roll(store, STORE_QUARTER, now, tended);

	return step != STEP_NOTHING ? step : maintenance_roll(store, STORE_HOUR, now, tended);
}

static enum step
keep_reserve(struct store *store, int64_t now, struct store_maintained *tended)
{
	(void)now;
	(void)tended;
	if (store->db_files[STORE_MAIN].trouble == STORE_WELL
	    && store->db_files[STORE_HISTORY].trouble == STORE_WELL)
		store_make_reserve(store);
	return STEP_NOTHING;
}

/* STEP_NOTHING, so that other work is not held up: a little each second is enough. */
static enum step
verify_main(struct store *store, int64_t now, struct store_maintained *tended)
{
	(void)tended;
	verify_step(&store->maintenance.verify[STORE_MAIN], &store->db_files[STORE_MAIN], now);
	return STEP_NOTHING;
}

static enum step
verify_history(struct store *store, int64_t now, struct store_maintained *tended)
{
	(void)tended;
	verify_step(&store->maintenance.verify[STORE_HISTORY], &store->db_files[STORE_HISTORY],
	    now);
	return STEP_NOTHING;
}

static const struct job {
	enum step (*step)(struct store *, int64_t now, struct store_maintained *);
	enum store_file file;
	int seconds; /* until it is asked again where there was nothing */
	const struct sweep *sweep; /* in place of `step` */
} jobs[] = {
	{ roll, STORE_HISTORY, 5, NULL },
	{ maintenance_fill_rollups, STORE_HISTORY, 3600, NULL },
	{ make_room, STORE_HISTORY, 5, NULL },
	{ forget_ok, STORE_HISTORY, 5, NULL },
	{ NULL, STORE_HISTORY, 60, &results },
	{ NULL, STORE_HISTORY, 60, &traces },
	{ forget_rollups, STORE_HISTORY, 3600, NULL },
	{ NULL, STORE_MAIN, 3600, &notice_evidence },
	{ NULL, STORE_MAIN, 3600, &notices },
	{ forget_pauses, STORE_MAIN, 3600, NULL },
	{ NULL, STORE_MAIN, 3600, &incidents },
	{ NULL, STORE_MAIN, 3600, &targets },
	{ verify_main, STORE_MAIN, 1, NULL },
	{ verify_history, STORE_HISTORY, 1, NULL },
	{ keep_reserve, STORE_MAIN, 60, NULL },
};
enum { JOBS = sizeof jobs / sizeof jobs[0] };

void
maintenance_reset(struct maintenance *maintenance)
{
	memset(maintenance, 0, offsetof(struct maintenance, runs));
}

/* One step of one job, in a transaction of its own. */
static enum step
take_step(struct store *store, const struct job *job, int64_t now, struct store_maintained *tended)
{
	struct db_file *db_file = &store->db_files[job->file];
	enum step step;

	if (db_file->trouble != STORE_WELL || (job->file == STORE_MAIN && store->group != NULL))
		return STEP_NOTHING;
	if (!db_begin(db_file->db)) {
		db_file_fail(db_file, "maintenance");
		return STEP_BROKEN;
	}
	step = job->sweep == NULL ? job->step(store, now, tended)
	    : take_sweep(store, job->file, job->sweep, &store->maintenance.cursors[job - jobs],
	        now, &tended->deleted);
	if (step != STEP_BROKEN && db_fault(db_file->db) == DB_WELL && db_commit(db_file->db))
		return step;
	db_file_fail(db_file, "maintenance");
	return STEP_BROKEN;
}

void
store_maintain(struct store *store, int64_t now, struct store_maintained *tended)
{
	struct maintenance *maintenance = &store->maintenance;

	*tended = (struct store_maintained){ 0 };
	for (uint32_t i = 0; i < JOBS; i++) {
		uint32_t job = (maintenance->turn + i) % JOBS;
		int64_t pause = jobs[job].seconds * (int64_t)SECOND;
		int64_t in = maintenance->next[job] - now;

		if (in > 0 && in <= pause) /* a clock that was set back puts none to sleep */
			continue;
		if (take_step(store, &jobs[job], now, tended) == STEP_DONE) {
			maintenance->turn = (job + 1) % JOBS;
			tended->more = true;
			return;
		}
		maintenance->next[job] = now + pause;
	}
}
