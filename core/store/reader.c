/*
 * Opens the store for reading only, for commands, the web process and the keeper, and reads single
 * values of it.
 */
#include "store/reader.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/outcome.h"
#include "base/text.h"
#include "store/history.h"
#include "store/query.h"
#include "store/reader_private.h"
#include "store/schema.h"

bool
store_daemon_runs(const char *folder)
{
	char path[PATH_MAX];
	bool runs;
	int fd;

	snprintf(path, sizeof path, "%s/lock", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	/* also where a filter of system calls refuses to tell: such processes end with the
	 * daemon */
	runs = flock(fd, LOCK_SH | LOCK_NB) != 0;
	close(fd);
	return runs;
}

int64_t
store_behind_since(const char *folder)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_MAX];
	bool behind;
	int fd;

	snprintf(path, sizeof path, "%s/store.lock", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	behind = fcntl(fd, F_OFD_GETLK, &all) == 0 && all.l_type != F_UNLCK;
	close(fd);
	return behind ? all.l_start * (int64_t)SECOND : 0;
}

/* SQLite cannot read a file with a write-ahead log where it may not write to the folder, unless it
 * is told that nobody writes; which is so where no daemon runs and no log is left. */
static bool
is_still(const char *folder, const char *path)
{
	char log[PATH_MAX + 8];

	snprintf(log, sizeof log, "%s-wal", path);
	return access(path, R_OK) == 0 && access(log, F_OK) != 0 && errno == ENOENT
	    && !store_daemon_runs(folder);
}

static enum store_reader_opening
judge(struct db *db, const struct schema *schema, struct reason *why)
{
	int version;

	switch (schema_look(db, schema, &version)) {
	case SCHEMA_CURRENT:
		return STORE_READER_OPENED;
	case SCHEMA_EMPTY:
		return STORE_READER_NOTHING;
	case SCHEMA_OLDER:
	case SCHEMA_NEWER:
		reason_set(why, "%s has version %d, and this program reads version %d",
		    schema->name, version, schema->version);
		return STORE_READER_OTHER;
	case SCHEMA_FOREIGN:
		reason_set(why, "%s is a database of something else", schema->name);
		return STORE_READER_FAILED;
	case SCHEMA_BROKEN:
		break;
	}
	reason_set(why, "%s: %s", schema->name, db_why(db));
	return STORE_READER_FAILED;
}

static struct db *
open_file(const char *folder, enum store_file file, enum store_reader_opening *opening,
    struct reason *why)
{
	const struct schema *schema = &schemas[file];
	char path[PATH_MAX];
	struct stat status;
	struct db *db;

	snprintf(path, sizeof path, "%s/%s", folder, schema->name);
	*opening = STORE_READER_NOTHING;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return NULL;
	*opening = STORE_READER_FAILED;
	/* whoever opens a pipe for reading waits for a writer */
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		reason_set(why, "%s is not a regular file", path);
		return NULL;
	}
	db = db_open(path, DB_READ);
	if (db != NULL)
		*opening = judge(db, schema, why);
	if (*opening == STORE_READER_FAILED && is_still(folder, path)) {
		db_close(&db);
		db = db_open(path, DB_STILL);
		if (db != NULL)
			*opening = judge(db, schema, why);
	}
	if (*opening != STORE_READER_OPENED)
		db_close(&db);
	return db;
}

struct db *
reader_open_file(const char *folder, enum store_file file)
{
	enum store_reader_opening opening;

	return open_file(folder, file, &opening, NULL);
}

struct store_reader *
store_reader_open(const char *folder, enum store_reader_opening *opening, struct reason *why)
{
	struct store_reader *reader = calloc(1, sizeof *reader);

	*opening = STORE_READER_FAILED;
	if (reader == NULL)
		return NULL;
	reason_set(why, "%s: nothing is kept there", folder);
	reader->main = open_file(folder, STORE_MAIN, opening, why);
	if (reader->main == NULL)
		store_reader_close(&reader);
	else
		reader->history = reader_open_file(folder, STORE_HISTORY);
	return reader;
}

void
store_reader_close(struct store_reader **reader)
{
	if (*reader == NULL)
		return;
	db_close(&(*reader)->main);
	db_close(&(*reader)->history);
	free(*reader);
	*reader = NULL;
}

const char *
store_reader_why(const struct store_reader *reader)
{
	return reader->why.text;
}

int64_t
store_read_meta(struct store_reader *reader, const char *key, void *value, size_t room)
{
	struct query *query;
	int64_t size = -1;

	if (reader != NULL && reader->source != NULL)
		return reader->source->read_meta(reader, key, value, room);
	if (reader == NULL || reader->main == NULL)
		return -1;
	db_forgive(reader->main);
	query = DB_ROW(reader->main, "SELECT value FROM meta WHERE key = ?1", BIND_TEXT(key));
	if (query != NULL) {
		struct pw_bytes bytes = query_bytes(query, 0);

		size = (int64_t)bytes.size;
		if (room > 0)
			memcpy(value, bytes.data, bytes.size < room ? bytes.size : room);
		query_reset(query);
	}
	db_forgive(reader->main);
	return size;
}

enum { COUNTED_AT_ONCE = 10000 };

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

static enum store_reading
outcome(struct store_reader *reader, enum store_reading reading)
{
	db_set_deadline(reader->history, 0);
	if (db_fault(reader->history) == DB_WELL)
		return reading;
	reason_set(&reader->why, "%s", db_why(reader->history));
	return STORE_READ_BROKEN;
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
		met->number = db_fault(db) == DB_WELL ? number : 0; /* which no word has */
		query_reset(query);
	}
	return met->word;
}

struct store_runs {
	struct store_reader *reader;
	struct query *page;     /* NULL: none was begun */
	uint32_t count;         /* rows of it that were given */
	uint64_t last;
	struct words outcomes, lists;
};

struct store_runs *
store_runs_create(struct store_reader *reader, uint64_t behind)
{
	struct store_runs *runs = calloc(1, sizeof *runs);

	assert(reader->history != NULL);
	if (runs != NULL) {
		runs->reader = reader;
		runs->last = behind;
	}
	return runs;
}

/* Of the row that the page is at. Returns false where one of its words cannot be read. */
static bool
read_run(struct store_runs *runs, struct store_run *run)
{
	struct db *db = runs->reader->history;
	struct query *row = runs->page;

	*run = (struct store_run){ .id = (uint64_t)query_i64(row, 0),
		.target = (uint64_t)query_i64(row, 1), .run = (uint64_t)query_i64(row, 2),
		.at = query_i64(row, 3), .micros = query_i64(row, 4),
		.verdict = (uint32_t)query_i64(row, 5), .mood = (uint32_t)query_i64(row, 6),
		.speaks_for = (uint32_t)query_i64(row, 7), .flags = (uint32_t)query_i64(row, 8),
		.outcome = outcome_current(word_of(&runs->outcomes, db, query_i64(row, 9))),
		.phase_names = word_of(&runs->lists, db, query_i64(row, 10)),
		.phases = query_bytes(row, 11) };
	return db_fault(db) == DB_WELL;
}

bool
store_runs_next(struct store_runs *runs, struct store_run *run)
{
	static const char sql[] = "SELECT id, target, run, at, micros, verdict, mood, speaks_for,"
	    " flags, outcome, phase_names, phases FROM results WHERE id > ?1 ORDER BY id LIMIT ?2";
	struct db *db = runs->reader->history;

	while (!query_step(runs->page) || !read_run(runs, run)) {
		bool is_over = runs->count > 0 && (db_fault(db) == DB_STOPPED /* its time */
		    || (db_fault(db) == DB_WELL && runs->count == STORE_PAGE_MAX));

		if (runs->page != NULL && !is_over)
			return false;
		query_reset(runs->page);
		db_forgive(db);
		db_set_deadline(db, clock_mono() + 2 * READING_MICROSECONDS);
		runs->count = 0;
		if ((runs->page = DB_ROWS(db, sql, BIND(runs->last), BIND(STORE_PAGE_MAX))) == NULL)
			return false;
	}
	runs->last = run->id;
	runs->count++;
	return true;
}

enum store_reading
store_runs_destroy(struct store_runs **runs)
{
	struct store_reader *reader = (*runs)->reader;

	query_reset((*runs)->page);
	free(*runs);
	*runs = NULL;
	return outcome(reader, STORE_READ_END);
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
