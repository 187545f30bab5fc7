/*
 * Pages: a statement lives only within one call, so no reader holds up the checkpoint for more than
 * its second. Where whoever is given the rows may write to the same connection, all are read before
 * the first is given: no statement is under way then that what is written, or rolled back, could
 * change. Behind them the readers that give rows one by one: each list is a tail to SELECT, whose
 * order is that of an index.
 */
#include "store/page.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/outcome.h"
#include "base/text.h"
#include "store/batch.h"
#include "store/history.h"

void
page_begin(struct page *page, struct store_reader *reader, const struct page_of *of,
    struct binds binds)
{
	struct db *db = reader == NULL ? NULL : of->kind == ROW_TRACE || of->kind >= ROW_LAST_RUN
	    ? reader->history : reader->main;

	*page = (struct page){ .reader = reader, .db = db, .kind = of->kind, .until = clock_mono()
	    + READING_MICROSECONDS };
	page->limit = of->limit < STORE_PAGE_MAX ? of->limit : STORE_PAGE_MAX;
	if (db == NULL)
		return;
	db_forgive(db);
	db_set_deadline(db, page->until);
	page->query = row_reading(db, of->kind, of->tail);
	if (page->query == NULL)
		return;
	db_hold(db);
	query_bind(page->query, binds);
	query_bind_i64(page->query, PAGE_LIMIT_PARAMETER, page->limit);
	db_forgive(db); /* a list without a limit has no such parameter */
}

static bool
read_row(struct page *page, void *row)
{
	if (page->query == NULL || page->count == page->limit
	    || (page->count > 0 && clock_mono() > page->until))
		return false;
	if (!query_step(page->query)) {
		page->ran_out = true;
		return false;
	}
	row_fill(page->kind, page->query, row);
	page->count++;
	assert(page->count <= page->limit);
	return true;
}

static enum store_reading
end_reading(struct page *page, bool enough)
{
	enum store_reading reading = enough || page->ran_out ? STORE_READ_END : STORE_READ_MORE;

	if (page->query != NULL)
		query_reset(page->query);
	db_set_deadline(page->db, 0);
	if (db_fault(page->db) != DB_WELL
	    && (db_fault(page->db) != DB_STOPPED || page->count == 0)) {
		reason_set(&page->reader->why, "%s", db_why(page->db));
		page->reader->damaged |= page->db == page->reader->main && db_fault(page->db)
		    == DB_DAMAGED;
		reading = STORE_READ_BROKEN;
	}
	db_forgive(page->db);
	return reading;
}

static void
read_all(struct page *page)
{
	_Alignas(8) char row[ROW_SIZE_MAX];

	page->rows = store_batch_create(STORE_MAIN);
	while (page->rows != NULL && !page->rows->no_memory && read_row(page, row))
		store_batch_add_row(page->rows, page->kind, row);
	page->reading = end_reading(page, false);
	if (page->rows == NULL || page->rows->no_memory) {
		reason_set(&page->reader->why, "out of memory");
		if (page->reader->no_memory != NULL)
			*page->reader->no_memory = true;
		page->reading = STORE_READ_BROKEN;
	} else
		page->row = page->rows->first;
}

bool
page_next(struct page *page, void *row)
{
	if (page->reading == 0
	    && (page->db == NULL || (!page->whole && page->reader->no_memory == NULL)))
		return read_row(page, row);
	if (page->reading == 0)
		read_all(page);
	if (page->row == NULL)
		return false;
	memcpy(row, page->row->is.bytes, row_forms[page->kind].size);
	page->row = page->row->next;
	return true;
}

enum store_reading
page_end(struct page *page, bool enough)
{
	if (page->reading == 0)
		return page->db == NULL ? STORE_READ_END : end_reading(page, enough);
	store_batch_destroy(&page->rows);
	return enough ? STORE_READ_END : page->reading;
}

/* --- postwatch.db --- */

enum { COUNTED_AT_ONCE = 10000 };

#define LIST(kind, type, limit_, tail_, ...) \
	do { \
		struct page page_; \
		page_begin(&page_, reader, &(struct page_of){ kind, tail_, limit_ }, BINDS(__VA_ARGS__));               \
		return PAGE_READ(&page_, type, on_row, arg); \
	} while (0)

enum store_reading
store_read_states(struct store_reader *reader, uint64_t after, uint32_t limit,
    store_on_state *on_row, void *arg)
{
	LIST(ROW_STATE, state, limit, "WHERE target > ?1 ORDER BY target LIMIT ?9", BIND(after));
}

enum store_reading
store_read_evidence(struct store_reader *reader, uint64_t incident,
    const struct store_evidence_key *after, uint32_t limit, store_on_evidence *on_row, void *arg)
{
	LIST(ROW_EVIDENCE, evidence, limit,
	    "WHERE incident = ?1 AND (run, leg, target) > (?2, ?3, ?4)"
	    " ORDER BY run, leg, target LIMIT ?9", BIND(incident), BIND(after->run),
	    BIND(after->leg), BIND(after->target));
}

enum store_reading
store_read_notice(struct store_reader *reader, uint64_t number, store_on_notice *on_row, void *arg)
{
	LIST(ROW_NOTICE, notice, 2, "WHERE number = ?1", BIND(number));
}

enum store_reading
store_read_notices(struct store_reader *reader, uint64_t target, uint64_t before, uint32_t limit,
    store_on_notice *on_row, void *arg)
{
	uint64_t below = before == 0 ? INT64_MAX : before;

	if (target == UINT64_MAX)
		LIST(ROW_NOTICE, notice, limit, "WHERE number < ?1 ORDER BY number DESC LIMIT ?9",
		    BIND(below));
	LIST(ROW_NOTICE, notice, limit,
	    "WHERE number < ?1 AND target = ?2 ORDER BY number DESC LIMIT ?9", BIND(below),
	    BIND(target));
}

enum store_reading
store_read_notice_deliveries(struct store_reader *reader, uint64_t notice,
    store_on_delivery *on_row, void *arg)
{
	LIST(ROW_DELIVERY, delivery, STORE_PAGE_MAX,
	    "WHERE notice = ?1 ORDER BY notifier, recipient", BIND(notice));
}

/* Behind that notice, which is moved: rows of a second at most. Returns false at the end, and on a
 * fault. */
static bool
add_waiting(struct db *db, const struct store_waiting_of *of, uint64_t *behind,
    struct store_waiting *waiting)
{
	struct query *query = DB_ROW(db,
	    "SELECT count(DISTINCT notice), min(created), max(notice) FROM (SELECT notice, created"
	    " FROM deliveries WHERE " STORE_IN_ORDER_OF_NOTICES " AND state < 4 AND notice > ?1"
	    " AND (?2 = '' OR notifier = ?2)"
	    " AND (attempts > 0 OR not_before <= ?3) ORDER BY notice LIMIT ?4)", BIND(*behind),
	    BIND_TEXT(of->notifier), BIND(of->due), BIND(COUNTED_AT_ONCE));
	bool any = query != NULL && query_i64(query, 0) > 0;

	if (any) {
		int64_t since = query_i64(query, 1);

		waiting->notices += (uint64_t)query_i64(query, 0);
		waiting->since = waiting->since == 0 || since < waiting->since ? since
		    : waiting->since;
		*behind = (uint64_t)query_i64(query, 2);
	}
	if (query != NULL)
		query_reset(query);
	return any;
}

bool
store_read_waiting(struct store_reader *reader, const struct store_waiting_of *of,
    struct store_waiting *waiting)
{
	uint64_t behind = 0;
	bool more = true;

	*waiting = (struct store_waiting){ 0 };
	if (reader->source != NULL)
		return reader->source->read_waiting(reader, of, waiting);
	db_forgive(reader->main);
	while (more) {
		db_set_deadline(reader->main, clock_mono() + READING_MICROSECONDS);
		more = add_waiting(reader->main, of, &behind, waiting);
	}
	waiting->dead = (uint64_t)db_number(reader->main,
	    "SELECT count(*) FROM deliveries WHERE state = 5", 0);
	db_set_deadline(reader->main, 0);
	if (db_fault(reader->main) == DB_WELL)
		return true;
	reason_set(&reader->why, "%s", db_why(reader->main));
	return false;
}

/* --- history.db --- */

#define RESULT_COLUMNS "r.target, r.run, r.at, r.micros, r.verdict, r.mood, r.speaks_for, r.flags," \
    " o.word, p.word, r.phases, r.text"
#define RESULT_WORDS \
	" JOIN words o ON o.number = r.outcome JOIN words p ON p.number = r.phase_names"

/* Of those since the heads were written, else what its head names; and of many targets at once. */
static const char newest_sql[] =
    "WITH upto AS (SELECT coalesce((SELECT value FROM counts WHERE key = 'heads_upto'), 0) AS id),"
    " recent AS MATERIALIZED (SELECT target, max(id) AS id FROM results WHERE id > (SELECT id FROM"
    " upto) GROUP BY target),"
    " newest AS (SELECT target, id FROM recent WHERE target > ?1 UNION ALL SELECT * FROM"
    " (SELECT h.target, coalesce((SELECT id FROM results WHERE id = h.last), h.bad) FROM heads h"
    " WHERE h.target > ?1 AND h.target NOT IN (SELECT target FROM recent) ORDER BY h.target LIMIT ?2))"
    " SELECT " RESULT_COLUMNS " FROM newest n JOIN results r ON r.id = n.id" RESULT_WORDS
    " ORDER BY n.target LIMIT ?2";

/* `times` has room for STORE_PHASES_MAX. */
static struct store_result
result_of(struct query *query, int64_t *times)
{
	return (struct store_result){ (uint64_t)query_i64(query, 0), (uint64_t)query_i64(query, 1),
		query_i64(query, 2), query_i64(query, 3), (uint32_t)query_i64(query, 4),
		    (uint32_t)query_i64(query, 5),
		(uint32_t)query_i64(query, 6), (uint32_t)query_i64(query, 7),
		    outcome_current(query_text(query, 8)), query_text(query, 9),
		times_unpack(query_bytes(query, 10), times, STORE_PHASES_MAX), times,
		    query_bytes(query, 11) };
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
store_read_newest(struct store_reader *reader, uint64_t after, uint32_t limit,
    store_on_result *on_row, void *arg)
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
store_read_trace(struct store_reader *reader, uint64_t target, uint64_t run, store_on_trace *on_row,
    void *arg)
{
	LIST(ROW_TRACE, trace, STORE_PAGE_MAX, "WHERE target = ?1 AND run = ?2 ORDER BY leg",
	    BIND(target), BIND(run));
}

enum store_reading
store_read_traces(struct store_reader *reader, uint64_t target, uint32_t limit,
    store_on_trace *on_row, void *arg)
{
	LIST(ROW_TRACE, trace, limit, "WHERE target = ?1 ORDER BY run DESC, leg LIMIT ?9",
	    BIND(target));
}

/* Few words stand in many rows: those of a column that were met last are kept at hand. */
enum { WORDS = 16 };
struct words {
	struct { int64_t number; char word[1024]; } met[WORDS];
};

static const char *
word_of(struct words *words, struct db *db, int64_t number)
{
	__typeof__(words->met[0]) *met = &words->met[(uint64_t)number % WORDS];

	if (met->number != number) {
		struct query *query = DB_ROW(db, "SELECT word FROM words WHERE number = ?1",
		    BIND(number));
		text_copy(met->word, sizeof met->word, query == NULL ? "" : query_text(query, 0));
		met->number = number;
		if (query != NULL)
			query_reset(query);
	}
	return met->word;
}

enum store_reading
store_read_runs(struct store_reader *reader, uint64_t after, uint32_t limit, store_on_run *on_row,
    void *arg)
{
	static const char sql[] = "SELECT id, target, run, at, micros, verdict, mood, speaks_for,"
	    " flags, outcome, phase_names, phases FROM results WHERE id > ?1 ORDER BY id LIMIT ?2";
	uint32_t most = limit < STORE_PAGE_MAX ? limit : STORE_PAGE_MAX, count = 0;
	struct words outcomes = { 0 }, lists = { 0 };
	struct db *db = reader->history;
	struct query *query;
	bool enough = false;

	if (db == NULL)
		return STORE_READ_END;
	db_forgive(db);
	db_set_deadline(db, clock_mono() + 2 * READING_MICROSECONDS);
	query = db_query(db, sql);
	if (query == NULL)
		return outcome(reader, STORE_READ_END);
	query_bind(query, BINDS(BIND(after), BIND(most)));
	for (; !enough && query_step(query); count++) {
		const struct store_run run = { .id = (uint64_t)query_i64(query, 0),
			.target = (uint64_t)query_i64(query, 1), .run = (uint64_t)query_i64(query, 2),
			.at = query_i64(query, 3), .micros = query_i64(query, 4),
			.verdict = (uint32_t)query_i64(query, 5), .mood = (uint32_t)query_i64(query, 6),
			.speaks_for = (uint32_t)query_i64(query, 7),
			.flags = (uint32_t)query_i64(query, 8),
			.outcome = outcome_current(word_of(&outcomes, db, query_i64(query, 9))),
			.phase_names = word_of(&lists, db, query_i64(query, 10)),
			.phases = query_bytes(query, 11) };
		enough = !on_row(arg, &run);
	}
	query_reset(query);
	if (db_fault(db) == DB_STOPPED && count > 0) { /* the time of a page is over */
		db_forgive(db);
		most = count;
	}
	return outcome(reader, count < most || enough ? STORE_READ_END : STORE_READ_MORE);
}

bool
store_read_kept(struct store_reader *reader, struct store_kept *kept, bool *broken)
{
	struct db *db = reader->history;

	*kept = (struct store_kept){ 0 };
	*broken = false;
	if (db == NULL)
		return false;
	db_forgive(db);
	db_set_deadline(db, clock_mono() + READING_MICROSECONDS);
	kept->behind = (uint64_t)history_count(db, "ok_upto");
	struct query *query = DB_ROW(db, "SELECT id, at, (SELECT max(id) FROM results) FROM results"
	    " WHERE id > ?1 ORDER BY id LIMIT 1", BIND(kept->behind));
	if (query != NULL) {
		kept->since = query_i64(query, 1);
		kept->from_start = kept->behind == 0 && query_i64(query, 0) == 1;
		kept->last = (uint64_t)query_i64(query, 2);
		query_reset(query);
	}
	*broken = outcome(reader, STORE_READ_END) == STORE_READ_BROKEN;
	return !*broken && kept->last != 0;
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
	uint64_t evidence = last_run(reader->main,
	    "SELECT max(run) FROM (SELECT run FROM evidence ORDER BY id DESC LIMIT 1000)");
	uint64_t results = last_run(reader->history,
	    "SELECT max(run) FROM (SELECT run FROM results ORDER BY id DESC LIMIT 1000)");

	return evidence > results ? evidence : results;
}
