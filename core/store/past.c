/* Queries on history.db beside the lists: the newest results, traces, and how far runs are numbered. */
#include <stddef.h>

#include "base/clock.h"
#include "base/outcome.h"
#include "store/history.h"
#include "store/page.h"

#define RESULT_COLUMNS "r.target, r.run, r.at, r.micros, r.verdict, r.mood, r.speaks_for, r.flags," \
    " o.word, p.word, r.phases, r.text"
#define RESULT_WORDS " JOIN words o ON o.number = r.outcome JOIN words p ON p.number = r.phase_names"

/* Of those since the heads were written, else what its head names; and of many targets at once. */
static const char newest_sql[] =
    "WITH upto AS (SELECT coalesce((SELECT value FROM counts WHERE key = 'heads_upto'), 0) AS id),"
    " recent AS MATERIALIZED (SELECT target, max(id) AS id FROM results WHERE id > (SELECT id FROM upto) GROUP BY target),"
    " newest AS (SELECT target, id FROM recent UNION ALL SELECT h.target, coalesce((SELECT id FROM results"
    "  WHERE id = h.last), h.bad) FROM heads h WHERE h.target NOT IN (SELECT target FROM recent))"
    " SELECT " RESULT_COLUMNS " FROM newest n JOIN results r ON r.id = n.id" RESULT_WORDS
    " WHERE n.target > ?1 ORDER BY n.target LIMIT ?2";

/* `times` has room for STORE_PHASES_MAX. */
static struct store_result
result_of(struct query *query, int64_t *times)
{
	return (struct store_result){ (uint64_t)query_i64(query, 0), (uint64_t)query_i64(query, 1),
		query_i64(query, 2), query_i64(query, 3), (uint32_t)query_i64(query, 4), (uint32_t)query_i64(query, 5),
		(uint32_t)query_i64(query, 6), (uint32_t)query_i64(query, 7), outcome_current(query_text(query, 8)), query_text(query, 9),
		times_unpack(query_bytes(query, 10), times, STORE_PHASES_MAX), times, query_bytes(query, 11) };
}

static enum store_reading
outcome(struct store_reader *reader, enum store_reading reading)
{
	db_set_deadline(reader->history, 0);
	if (db_fault(reader->history) == DB_WELL)
		return reading;
	reason_set(&reader->why, "%s", db_why(reader->history));
	return STORE_READ_BROKEN;
}

enum store_reading
store_read_newest(struct store_reader *reader, uint64_t after, uint32_t limit, store_on_result *on_row, void *arg)
{
	uint32_t most = limit < STORE_PAGE_MAX ? limit : STORE_PAGE_MAX, count = 0;
	int64_t times[STORE_PHASES_MAX];
	struct query *query;
	bool enough = false;

	if (reader->history == NULL)
		return STORE_READ_END;
	db_forgive(reader->history);
	db_set_deadline(reader->history, clock_mono() + 2 * READING_MICROSECONDS);
	query = db_query(reader->history, newest_sql);
	if (query == NULL)
		return outcome(reader, STORE_READ_END);
	query_bind_i64(query, 1, (int64_t)after);
	query_bind_i64(query, 2, most);
	for (; !enough && query_step(query); count++) {
		struct store_result result = result_of(query, times);
		enough = !on_row(arg, &result);
	}
	query_reset(query);
	return outcome(reader, count < most || enough ? STORE_READ_END : STORE_READ_MORE);
}

enum store_reading
store_read_trace(struct store_reader *reader, uint64_t target, uint64_t run, store_on_trace *on_row, void *arg)
{
	const struct bind binds[] = { BIND(target), BIND(run) };
	struct page page;

	page_begin(&page, reader, ROW_TRACE, "WHERE target = ?1 AND run = ?2 ORDER BY leg", STORE_PAGE_MAX, 2, binds);
	return PAGE_READ(&page, trace, on_row, arg);
}

static uint64_t
last_run(struct db *db, const char *sql)
{
	if (db == NULL)
		return 0;
	db_forgive(db);
	db_set_deadline(db, clock_mono() + READING_MICROSECONDS);
	int64_t run = db_number(db, sql, 0);
	db_set_deadline(db, 0);
	db_forgive(db);
	return run > 0 ? (uint64_t)run : 0;
}

/* Runs end in another order than they are numbered in, so a few rows are looked at. */
uint64_t
store_read_last_run(struct store_reader *reader)
{
	uint64_t evidence = last_run(reader->main, "SELECT max(run) FROM (SELECT run FROM evidence ORDER BY id DESC LIMIT 1000)");
	uint64_t results = last_run(reader->history, "SELECT max(run) FROM (SELECT run FROM results ORDER BY id DESC LIMIT 1000)");

	return evidence > results ? evidence : results;
}
