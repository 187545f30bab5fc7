/* History: chains, roll-ups and retention over simulated days, and readers beside the writer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "store/rollup.h"
#include "store_folder.h"

static const int64_t MINUTE = INT64_C(60) * SECOND, HOUR = INT64_C(3600) * SECOND, DAY = INT64_C(86400) * SECOND;
static const int64_t BEGIN = INT64_C(1795392000) * SECOND; /* an hour's beginning */

static struct folder folder;
static struct store_batch *batch;

static int
set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	folder_open(&folder);
	batch = store_batch_create(STORE_HISTORY);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	store_batch_destroy(&batch);
	folder_remove(&folder);
	return 0;
}

static void
put(uint64_t target, int64_t at, enum pw_verdict verdict, int64_t banner)
{
	const int64_t phases[] = { 100, banner, -1 };

	store_put_result(batch, &(struct store_result){ .target = target, .run = (uint64_t)at, .at = at, .micros = banner,
	    .verdict = verdict, .mood = verdict == PW_OK ? STORE_MOOD_up : STORE_MOOD_down, .speaks_for = 600,
	    .outcome = verdict == PW_OK ? "ok" : "banner_timeout", .phase_names = "connect banner quit", .phase_count = 3,
	    .phases = phases, .text = bytes_of(verdict == PW_OK ? "" : "no greeting") });
}

struct seen {
	uint32_t count, not_ok;
	int64_t last;
	uint64_t target;
	struct store_rollup rollup;
};

static void
check(struct seen *seen, const struct store_run *run)
{
	int64_t phases[STORE_PHASES_MAX];

	assert_int_equal(run->target, seen->target);
	assert_true(seen->last == 0 || run->at < seen->last);
	assert_int_equal(store_run_phases(run, phases), 3);
	assert_int_equal(phases[0], 100);
	assert_int_equal(phases[1], run->micros);
	assert_int_equal(phases[2], -1);
	assert_string_equal(run->phase_names, "connect banner quit");
	assert_string_equal(run->outcome, run->verdict == PW_OK ? "ok" : "banner_timeout");
	assert_int_equal(run->text.size, run->verdict == PW_OK ? 0 : strlen("no greeting"));
	assert_int_equal(run->run, run->at);
	assert_int_equal(run->mood, run->verdict == PW_OK ? STORE_MOOD_up : STORE_MOOD_down);
	assert_int_equal(run->speaks_for, 600);
	seen->last = run->at;
	seen->count++;
	seen->not_ok += run->verdict != PW_OK;
}

static struct seen
read_all(uint64_t target)
{
	struct store_reader *reader = folder_read(&folder);
	struct seen seen = { .target = target };
	struct store_list list;
	struct store_run run;

	store_list_open(&list, reader, STORE_LIST_HISTORY, target);
	while (store_list_next(&list, &run))
		check(&seen, &run);
	assert_int_equal(store_list_close(&list), STORE_READ_END);
	store_reader_close(&reader);
	return seen;
}

/* Targets lie mixed; each is read alone, in pages, across a restart with and without heads in the file. */
static void
chains(void **state)
{
	(void)state;
	for (int64_t i = 1; i <= 300; i++)
		put((uint64_t)(i % 3), BEGIN + i * SECOND, i % 10 == 0 ? PW_FAILED : PW_OK, i);
	folder_commit(&folder, batch);
	for (uint64_t target = 0; target < 3; target++) {
		assert_int_equal(read_all(target).count, 100);
		assert_int_equal(read_all(target).not_ok, 10);
	}
	assert_int_equal(read_all(5).count, 0);
	store_close(&folder.store);
	folder_open(&folder);
	put(1, BEGIN + 400 * SECOND, PW_OK, 5);
	folder_commit(&folder, batch);
	assert_int_equal(read_all(1).count, 101);
	assert_int_equal(read_all(2).count, 100);
}

/* 3 days of those that were ok, 90 days of the others; what is left of a chain is found. */
static void
retention(void **state)
{
	(void)state;
	for (int day = 0; day < 100; day++) {
		for (int i = 0; i < 20; i++)
			put(4, BEGIN + day * DAY + i * HOUR, i == 7 ? PW_FAILED : PW_OK, i);
		folder_commit(&folder, batch);
	}
	assert_int_equal(read_all(4).count, 2000);
	folder_tend(&folder, BEGIN + 100 * DAY);
	assert_int_equal(read_all(4).not_ok, 90);
	assert_int_equal(read_all(4).count, 90 + 3 * 19);
	folder_tend(&folder, BEGIN + 110 * DAY);
	assert_int_equal(read_all(4).count, 80);
	folder_tend(&folder, BEGIN + 300 * DAY);
	assert_int_equal(read_all(4).count, 0);
	put(4, BEGIN + 300 * DAY, PW_OK, 1);
	folder_commit(&folder, batch);
	assert_int_equal(read_all(4).count, 1);
}

static uint32_t
count_rows(const char *table)
{
	char sql[64];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
	return (uint32_t)db_number(folder.store->db_files[STORE_MAIN].db, sql, -1);
}

/* 90 days, unless somebody is still to be told; then as long as that lasts. */
static void
evidence_of_notices(void **state)
{
	struct store_batch *main = store_batch_create(STORE_MAIN);
	struct store_delivery waiting = { .notice = 1, .notifier = "n", .recipient = "r", .state = STORE_DELIVERY_waiting };

	(void)state;
	for (uint64_t number = 1; number <= 2; number++) {
		store_put_notice(main, &(struct store_notice){ .number = number, .target = 1, .change = number, .kind = "fact", .confirmed = BEGIN });
		store_put_notice_evidence(main, &(struct store_notice_evidence){ .notice = number, .run = number, .at = BEGIN });
	}
	store_add_delivery(main, &waiting);
	assert_int_equal(folder_submit(&folder, main), STORE_COMMITTED);
	folder_tend(&folder, BEGIN + 89 * DAY);
	assert_int_equal(count_rows("notice_evidence"), 2);
	folder_tend(&folder, BEGIN + 91 * DAY);
	assert_int_equal(count_rows("notice_evidence"), 1);
	store_batch_clear(main);
	waiting.state = STORE_DELIVERY_sent;
	waiting.ended = BEGIN;
	store_put_delivery(main, &waiting);
	assert_int_equal(folder_submit(&folder, main), STORE_COMMITTED);
	folder_tend(&folder, BEGIN + 92 * DAY);
	assert_int_equal(count_rows("notice_evidence"), 0);
	assert_int_equal(count_rows("notices"), 2);
	store_batch_destroy(&main);
}

/* As history.db has it: counts by verdict, then times by mood. */
static void
fill_rollup(struct query *query, struct store_rollup *rollup)
{
	int64_t counts[PW_UNKNOWN + 1 + STORE_MOODS_END] = { 0 };

	*rollup = (struct store_rollup){ .target = (uint64_t)query_i64(query, 0), .span = (uint32_t)query_i64(query, 1),
		.start = query_i64(query, 2), .phase_names = query_text(query, 4) };
	times_unpack(query_bytes(query, 3), counts, sizeof counts / sizeof counts[0]);
	for (int i = 0; i <= PW_UNKNOWN; i++)
		rollup->runs[i] = (uint32_t)counts[i];
	for (int i = 0; i < STORE_MOODS_END; i++)
		rollup->time[i] = counts[PW_UNKNOWN + 1 + i];
	rollup->phase_count = times_unpack(query_bytes(query, 5), &rollup->phases[0].p50, 3 * STORE_PHASES_MAX) / 3;
}

/* How many there are of the target, and the last one. */
static struct seen
rollups(uint64_t target, enum store_span span, int64_t from, int64_t until)
{
	struct db *db = folder.store->db_files[STORE_HISTORY].db;
	struct query *query = db_query(db, "SELECT r.target, r.span, r.start, r.counts, coalesce(w.word, ''), r.phases"
	    " FROM rollups r LEFT JOIN words w ON w.number = r.phase_names"
	    " WHERE target = ?1 AND span = ?2 AND start >= ?3 AND start < ?4 ORDER BY start");
	struct seen seen = { 0 };

	query_bind(query, BINDS(BIND(target), BIND(span), BIND(from), BIND(until)));
	for (; query_step(query); seen.count++) {
		fill_rollup(query, &seen.rollup);
		seen.rollup.phase_names = strcmp(seen.rollup.phase_names, "connect banner quit") == 0 ? "right" : "wrong";
	}
	assert_int_equal(db_fault(db), DB_WELL);
	return seen;
}

static void
rolled_up(void **state)
{
	struct seen seen;

	(void)state;
	folder_tend(&folder, BEGIN); /* watching begins */
	for (int i = 0; i < 120; i++)
		put(9, BEGIN + i * MINUTE + SECOND, i >= 20 && i < 30 ? PW_FAILED : PW_OK, i + 1);
	folder_commit(&folder, batch);
	assert_int_equal(folder_tend(&folder, BEGIN + 16 * MINUTE), 0); /* stragglers may come */
	assert_int_equal(folder_tend(&folder, BEGIN + 21 * MINUTE), 1);
	assert_int_equal(folder_tend(&folder, BEGIN + 21 * MINUTE), 0);
	assert_int_equal(folder_tend(&folder, BEGIN + 126 * MINUTE), 7 + 2);
	seen = rollups(9, STORE_QUARTER, 0, INT64_MAX);
	assert_int_equal(seen.count, 8);
	seen = rollups(9, STORE_QUARTER, BEGIN + 15 * MINUTE, BEGIN + 30 * MINUTE);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.rollup.phase_names, "right");
	assert_int_equal(seen.rollup.runs[PW_OK], 5);
	assert_int_equal(seen.rollup.runs[PW_FAILED], 10);
	assert_int_equal(seen.rollup.time[STORE_MOOD_up], 5 * MINUTE + SECOND);
	assert_int_equal(seen.rollup.time[STORE_MOOD_down], 10 * MINUTE - SECOND);
	assert_int_equal(seen.rollup.phase_count, 3);
	assert_int_equal(seen.rollup.phases[0].p50, 100);
	assert_int_equal(seen.rollup.phases[1].p50, 23);
	assert_int_equal(seen.rollup.phases[1].p95, 30);
	assert_int_equal(seen.rollup.phases[1].max, 30);
	assert_int_equal(seen.rollup.phases[2].max, -1);
	seen = rollups(9, STORE_HOUR, BEGIN, BEGIN + HOUR);
	assert_int_equal(seen.rollup.runs[PW_OK], 50);
	struct db *db = folder.store->db_files[STORE_HISTORY].db;
	assert_int_equal(db_number(db, "SELECT up_s * 10 + degraded_s + unknown_s + paused_s FROM availability WHERE target = 9"
	    " AND hour_us = 1795392000000000", -1), 10 * (50 * 60 - 1) + 1);
	assert_int_equal(db_number(db, "SELECT round(1000 * percent) FROM availability WHERE target = 9 AND hour_us = 1795392000000000", -1),
	    83329);
	/* Runs 21 to 30 failed: of the 50 others, that took 1 to 20 and 31 to 60 us, the 25th took 35, and the 48th 58. */
	assert_int_equal(db_number(db, "SELECT p50 * 100 + p95 FROM rollups WHERE target = 9 AND span = 1 AND start = 1795392000000000", -1), 3558);
	assert_int_equal(db_number(db, "SELECT count(*) FROM rollups WHERE p50 IS NULL", -1), 0);
	assert_int_equal(db_number(db, "SELECT count(*) FROM last_run WHERE target = 9 AND verdict = 'ok' AND started_us = "
	    "(SELECT max(at) FROM results)", -1), 1);
	/* The last result speaks for ten minutes; then nobody knows, and soon there is no row. */
	assert_int_equal(folder_tend(&folder, BEGIN + 5 * HOUR), 1 + 1);
	seen = rollups(9, STORE_QUARTER, BEGIN + 120 * MINUTE, INT64_MAX);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.rollup.time[STORE_MOOD_up], 9 * MINUTE + SECOND);
	assert_int_equal(seen.rollup.time[STORE_MOOD_unknown], 6 * MINUTE - SECOND);
	assert_int_equal(seen.rollup.phase_count, 0);
	assert_int_equal(db_number(db, "SELECT count(*) FROM rollups WHERE p50 IS NULL AND p95 IS NULL AND span = 0", -1), 1);
	/* Those of an earlier version have their counts alone, until they are looked at. */
	assert_true(db_exec(db, "UPDATE rollups SET up = NULL, degraded = NULL, down = NULL, unknown = NULL, paused = NULL"));
	assert_int_equal(db_number(db, "SELECT count(*) FROM availability", -1), 0);
	folder_tend(&folder, BEGIN + 9 * HOUR);
	assert_int_equal(db_number(db, "SELECT round(1000 * percent) FROM availability WHERE target = 9 AND hour_us = 1795392000000000", -1),
	    83329);
	assert_int_equal(db_number(db, "SELECT count(*) FROM rollups WHERE up IS NULL OR paused IS NULL", -1), 0);
	folder_tend(&folder, BEGIN + 800 * DAY);
	assert_int_equal(rollups(9, STORE_QUARTER, 0, INT64_MAX).count, 0);
}

/* history_max: the oldest go first, whatever their age. */
static void
crowded(void **state)
{
	struct store_maintained tended;
	uint64_t deleted = 0;

	(void)state;
	folder.store->settings.history_max = 200 * 1024;
	for (int64_t i = 0; i < 6000; i++)
		put(1, BEGIN + i * SECOND, PW_OK, i);
	folder_commit(&folder, batch);
	do {
		store_maintain(folder.store, BEGIN + 100 * MINUTE, &tended);
		deleted += tended.crowded;
	} while (tended.more);
	assert_true(deleted >= 1000 && deleted <= 5000);
	assert_int_equal(read_all(1).count, 6000 - deleted);
}

/* A clock that was wrong for a while stops nothing. */
static void
wrong_clock(void **state)
{
	(void)state;
	folder_tend(&folder, BEGIN);
	put(1, BEGIN + 400 * DAY, PW_OK, 1);
	folder_commit(&folder, batch);
	folder_tend(&folder, BEGIN + 400 * DAY);
	put(2, BEGIN + MINUTE, PW_OK, 1);
	folder_commit(&folder, batch);
	folder_tend(&folder, BEGIN + HOUR);
	put(2, BEGIN + HOUR + MINUTE, PW_OK, 1);
	folder_commit(&folder, batch);
	assert_true(folder_tend(&folder, BEGIN + 3 * HOUR) > 0);
	folder_tend(&folder, BEGIN + 10 * DAY);
	assert_int_equal(read_all(1).count, 0);
	assert_int_equal(read_all(2).count, 0);
}

static void
traces(void **state)
{
	struct store_trace trace = { 1, 5, 0, BEGIN, bytes_of("bytes") };

	(void)state;
	store_put_trace(batch, &trace);
	folder_commit(&folder, batch);
	folder_tend(&folder, BEGIN + DAY);
	assert_int_equal(db_number(folder.store->db_files[STORE_HISTORY].db, "SELECT count(*) FROM traces", -1), 1);
	folder_tend(&folder, BEGIN + 91 * DAY);
	assert_int_equal(db_number(folder.store->db_files[STORE_HISTORY].db, "SELECT count(*) FROM traces", -1), 0);
}

/* Two years after a notice its deliveries go with it, but not one that is under way. */
static void
old_notices(void **state)
{
	struct store_batch *main = store_batch_create(STORE_MAIN);
	struct db *db = folder.store->db_files[STORE_MAIN].db;

	(void)state;
	for (uint64_t i = 1; i <= 3; i++) {
		store_put_notice(main, &(struct store_notice){ .number = i, .change = i, .kind = "down",
		    .confirmed = i < 3 ? BEGIN : BEGIN + 10 * DAY });
		store_add_delivery(main, &(struct store_delivery){ .notice = i, .notifier = "n",
		    .state = i == 1 ? STORE_DELIVERY_again : STORE_DELIVERY_sent, .ended = i == 1 ? 0 : BEGIN });
	}
	assert_int_equal(folder_submit(&folder, main), STORE_COMMITTED);
	store_batch_destroy(&main);
	folder_tend(&folder, BEGIN + 729 * DAY);
	assert_int_equal(db_number(db, "SELECT count(*) FROM notices", -1), 3);
	folder_tend(&folder, BEGIN + 731 * DAY);
	assert_int_equal(db_number(db, "SELECT count(*) FROM notices", -1), 2);
	assert_int_equal(db_number(db, "SELECT count(*) FROM deliveries", -1), 2);
}

/* Two years after its end a pause goes; not one that lasts, nor the last of all. */
static void
old_pauses(void **state)
{
	struct store_batch *main = store_batch_create(STORE_MAIN);
	struct db *db = folder.store->db_files[STORE_MAIN].db;

	(void)state;
	for (uint64_t i = 1; i <= 4; i++)
		store_put_pause(main, &(struct store_pause){ .number = i, .tag = "lab", .from = BEGIN,
		    .until = i == 2 ? BEGIN + 900 * DAY : BEGIN + DAY, .ended = i == 3 ? BEGIN + HOUR : 0 });
	assert_int_equal(folder_submit(&folder, main), STORE_COMMITTED);
	store_batch_destroy(&main);
	folder_tend(&folder, BEGIN + 730 * DAY + HOUR / 2);
	assert_int_equal(db_number(db, "SELECT count(*) FROM pauses", -1), 4);
	folder_tend(&folder, BEGIN + 730 * DAY + 2 * HOUR);
	assert_int_equal(db_number(db, "SELECT sum(number) FROM pauses", -1), 1 + 2 + 4);
	folder_tend(&folder, BEGIN + 732 * DAY);
	assert_int_equal(db_number(db, "SELECT sum(number) FROM pauses", -1), 2 + 4);
	folder_tend(&folder, BEGIN + 1700 * DAY);
	assert_int_equal(db_number(db, "SELECT sum(number) FROM pauses", -1), 4);
}

/* A reader sees what is committed, keeps nobody waiting, and writes nothing; one may be in the midst of a page, and as long
 * as it likes: what is written meanwhile can be moved from the log into the file. */
static void
readers_beside_the_writer(void **state)
{
	struct db *db = folder.store->db_files[STORE_HISTORY].db;
	struct seen seen = { .target = 1 };
	struct store_reader *reader;
	struct store_list list;
	struct store_run run;

	(void)state;
	for (int i = 0; i < 10; i++)
		put(1, BEGIN + i, PW_OK, 1);
	folder_commit(&folder, batch);
	reader = folder_read(&folder);
	store_list_open(&list, reader, STORE_LIST_HISTORY, 1);
	while (seen.count < 5) {
		assert_true(store_list_next(&list, &run));
		check(&seen, &run);
		put(1, BEGIN + DAY + seen.count, PW_OK, 1);
		folder_commit(&folder, batch);
		assert_int_equal(db_number(db, "PRAGMA wal_checkpoint(TRUNCATE)", -1), 0);
	}
	assert_int_equal(store_list_close(&list), STORE_READ_END);
	assert_int_equal(db_number(db, "SELECT count(*) FROM results", -1), 15);
	store_reader_close(&reader);
	assert_int_equal(read_all(1).count, 15);
}

static void
readers_alone(void **state)
{
	enum store_reader_opening opening;
	struct store_reader *reader;
	struct reason why;

	(void)state;
	put(1, BEGIN, PW_OK, 1);
	folder_commit(&folder, batch);
	store_close(&folder.store);
	assert_int_equal(read_all(1).count, 1);
	assert_false(store_daemon_runs(folder.path));
	assert_int_equal(unlink(folder_file(&folder, "history.db")), 0);
	assert_int_equal(read_all(1).count, 0);
	assert_int_equal(unlink(folder_file(&folder, "postwatch.db")), 0);
	reader = store_reader_open(folder.path, &opening, &why);
	assert_null(reader);
	assert_int_equal(opening, STORE_READER_NOTHING);
	assert_int_not_equal(access(folder_file(&folder, "postwatch.db"), F_OK), 0);
}

/* All runs are read over pages; and where a word of them cannot be, the reading says so, however many pages there are. */
static void
runs_over_pages(void **state)
{
	struct store_reader *reader;
	struct store_runs *runs;
	struct store_run run;
	uint32_t count = 0;

	(void)state;
	for (int64_t i = 0; i <= STORE_PAGE_MAX; i++)
		put(1, BEGIN + i * SECOND, PW_OK, 1);
	folder_commit(&folder, batch);
	reader = folder_read(&folder);
	runs = store_runs_create(reader, 0);
	for (; store_runs_next(runs, &run); count++) {
		assert_true(run.at == BEGIN + (int64_t)count * SECOND);
		assert_string_equal(run.outcome, "ok");
	}
	assert_int_equal(count, STORE_PAGE_MAX + 1);
	assert_int_equal(store_runs_destroy(&runs), STORE_READ_END);
	assert_true(db_exec(folder.store->db_files[STORE_HISTORY].db, "DROP TABLE words"));
	runs = store_runs_create(reader, 0);
	while (store_runs_next(runs, &run))
		assert_string_equal(run.outcome, "ok");
	assert_int_equal(store_runs_destroy(&runs), STORE_READ_BROKEN);
	store_reader_close(&reader);
}

static void
times_as_bytes(void **state)
{
	const int64_t times[] = { 0, -1, 127, 128, 60000000, INT64_MAX / 4 };
	int64_t read[6];
	unsigned char bytes[64];
	size_t size = times_pack(times, 6, bytes, sizeof bytes);

	(void)state;
	assert_int_equal(times_unpack((struct pw_bytes){ (char *)bytes, size }, read, 6), 6);
	assert_memory_equal(times, read, sizeof times);
	assert_int_equal(times_unpack((struct pw_bytes){ (char *)bytes, size }, read, 2), 2);
	assert_int_equal(times_pack(times, 6, bytes, 3), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(chains, set_up, tear_down),
		cmocka_unit_test_setup_teardown(retention, set_up, tear_down),
		cmocka_unit_test_setup_teardown(evidence_of_notices, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rolled_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(crowded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_clock, set_up, tear_down),
		cmocka_unit_test_setup_teardown(traces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(old_notices, set_up, tear_down),
		cmocka_unit_test_setup_teardown(old_pauses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(readers_beside_the_writer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(readers_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(runs_over_pages, set_up, tear_down),
		cmocka_unit_test(times_as_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
