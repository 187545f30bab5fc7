/*
 * Queries on history.db. Results of one target are a chain from its newest: each row names the one
 * before it, and the last one that was not ok, which is where the chain goes on when those between
 * have gone.
 */
#include <stddef.h>

#include "base/clock.h"
#include "base/outcome.h"
#include "store/history.h"
#include "store/page.h"

#define RESULT_COLUMNS "r.target, r.run, r.at, r.micros, r.verdict, r.mood, r.speaks_for, r.flags," \
    " o.word, p.word, r.phases, r.text, r.prev, r.bad"
#define RESULT_WORDS " JOIN words o ON o.number = r.outcome JOIN words p ON p.number = r.phase_names"

static const char result_sql[] = "SELECT " RESULT_COLUMNS " FROM results r" RESULT_WORDS " WHERE r.id = ?1";

/* Of those since the heads were written, else what its head names; and of many targets at once. */
static const char newest_sql[] =
    "WITH upto AS (SELECT coalesce((SELECT value FROM counts WHERE key = 'heads_upto'), 0) AS id),"
    " recent AS MATERIALIZED (SELECT target, max(id) AS id FROM results WHERE id > (SELECT id FROM upto) GROUP BY target),"
    " newest AS (SELECT target, id FROM recent UNION ALL SELECT h.target, coalesce((SELECT id FROM results"
    "  WHERE id = h.last), h.bad) FROM heads h WHERE h.target NOT IN (SELECT target FROM recent))"
    " SELECT " RESULT_COLUMNS " FROM newest n JOIN results r ON r.id = n.id" RESULT_WORDS
    " WHERE n.target > ?1 ORDER BY n.target LIMIT ?2";

static uint64_t
number_of(struct db *db, const char *sql, uint64_t first, uint64_t second)
{
	struct query *query = db_query(db, sql);
	uint64_t number = 0;

	if (query == NULL)
		return 0;
	query_bind_i64(query, 1, (int64_t)first);
	query_bind_i64(query, 2, (int64_t)second);
	if (query_step(query))
		number = (uint64_t)query_i64(query, 0);
	query_reset(query);
	return number;
}

static bool
is_there(struct db *db, uint64_t row)
{
	return row != 0 && number_of(db, "SELECT id FROM results WHERE id = ?1 AND ?2 = 0", row, 0) != 0;
}

/* The newest row of a target: of those since the heads were written, else what its head names. */
static uint64_t
newest(struct db *db, uint64_t target)
{
	uint64_t upto = (uint64_t)db_number(db, "SELECT value FROM counts WHERE key = 'heads_upto'", 0);
	uint64_t row = number_of(db, "SELECT max(id) FROM results WHERE id > ?1 AND target = ?2", upto, target);

	if (row == 0)
		row = number_of(db, "SELECT last FROM heads WHERE target = ?1 AND ?2 = 0", target, 0);
	if (row != 0 && !is_there(db, row))
		row = number_of(db, "SELECT bad FROM heads WHERE target = ?1 AND ?2 = 0", target, 0);
	return row;
}

/* `times` has room for STORE_PHASES_MAX. */
static struct store_result
result_of(struct query *query, int64_t *times)
{
	return (struct store_result){ (uint64_t)query_i64(query, 0), (uint64_t)query_i64(query, 1),
		query_i64(query, 2), query_i64(query, 3), (uint32_t)query_i64(query, 4), (uint32_t)query_i64(query, 5),
		(uint32_t)query_i64(query, 6), (uint32_t)query_i64(query, 7), outcome_current(query_text(query, 8)), query_text(query, 9),
		times_unpack(query_bytes(query, 10), times, STORE_PHASES_MAX), times, query_bytes(query, 11) };
}

/* Gives the row to on_row, and says which is next. */
static bool
give(struct db *db, uint64_t row, uint64_t *next, bool *enough, store_on_result *on_row, void *arg)
{
	struct query *query = db_query(db, result_sql);
	int64_t times[STORE_PHASES_MAX];
	struct store_result result;
	uint64_t bad;

	if (query == NULL)
		return false;
	query_bind_i64(query, 1, (int64_t)row);
	if (!query_step(query))
		return false;
	result = result_of(query, times);
	*next = (uint64_t)query_i64(query, 12);
	bad = (uint64_t)query_i64(query, 13);
	*enough = !on_row(arg, &result);
	query_reset(query);
	if (!is_there(db, *next))
		*next = bad;
	return true;
}

static enum store_reading
walk(struct store_reader *reader, uint64_t *cursor, uint32_t limit, store_on_result *on_row, void *arg)
{
	int64_t until = clock_mono() + READING_MICROSECONDS;
	bool enough = false;

	for (uint32_t i = 0; i < limit && *cursor != 0 && !enough; i++) {
		if (!give(reader->history, *cursor, cursor, &enough, on_row, arg))
			*cursor = 0;
		else if (clock_mono() > until)
			break;
	}
	return *cursor == 0 || enough ? STORE_READ_END : STORE_READ_MORE;
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
store_read_history(struct store_reader *reader, uint64_t target, uint64_t *cursor, uint32_t limit,
    store_on_result *on_row, void *arg)
{
	if (reader->history == NULL)
		return STORE_READ_END;
	db_forgive(reader->history);
	db_set_deadline(reader->history, clock_mono() + 2 * READING_MICROSECONDS);
	if (*cursor == 0)
		*cursor = newest(reader->history, target);
	return outcome(reader, walk(reader, cursor, limit < STORE_PAGE_MAX ? limit : STORE_PAGE_MAX, on_row, arg));
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

enum store_reading
store_read_rollups(struct store_reader *reader, uint64_t target, enum store_span span, int64_t from, int64_t until,
    uint32_t limit, store_on_rollup *on_row, void *arg)
{
	const int64_t values[] = { (int64_t)target, span, from, until, limit };
	struct store_rollup rollup;
	struct query *query;
	uint32_t count = 0;
	bool enough = false;

	if (reader->history == NULL)
		return STORE_READ_END;
	db_forgive(reader->history);
	db_set_deadline(reader->history, clock_mono() + READING_MICROSECONDS);
	query = db_query(reader->history, "SELECT r.target, r.span, r.start, r.counts, coalesce(w.word, ''), r.phases"
	    " FROM rollups r LEFT JOIN words w ON w.number = r.phase_names"
	    " WHERE target = ?1 AND span = ?2 AND start >= ?3 AND start < ?4 ORDER BY start LIMIT ?5");
	if (query == NULL)
		return outcome(reader, STORE_READ_END);
	for (int i = 0; i < 5; i++)
		query_bind_i64(query, i + 1, values[i]);
	for (; !enough && query_step(query); count++) {
		fill_rollup(query, &rollup);
		enough = !on_row(arg, &rollup);
	}
	query_reset(query);
	return outcome(reader, count < limit || enough ? STORE_READ_END : STORE_READ_MORE);
}
