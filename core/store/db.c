/*
 * A wrapper around one SQLite connection: statements, transactions, classified errors. Text with
 * foreign bytes is bound as a blob, lengths are explicit, extended result codes are on; memory
 * bound to a statement is the caller's and lives longer than the step.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define SQLITE_ENABLE_SESSION 1
#define SQLITE_ENABLE_PREUPDATE_HOOK 1 /* which the header asks for, where that is asked for */
#include <sqlite3.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/db.h"

enum { BUSY_MS = 5000, PROGRESS_OPS = 2000, QUERIES_MAX = 128 };

struct query {
	struct db *db;
	sqlite3_stmt *statement;
	char *sql;
};

struct db {
	sqlite3 *handle;
	enum db_fault fault;
	struct reason why;
	int64_t deadline;
	sqlite3_session *session; /* records what changes; NULL: nobody asked for it */
	void *earlier;            /* the changes that were recorded before it */
	int earlier_size;
	uint32_t query_count;
	struct query queries[QUERIES_MAX];
};

static enum db_fault
classify(int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
		return DB_FULL;
	case SQLITE_IOERR:
	case SQLITE_PROTOCOL:
		return code == SQLITE_IOERR_CORRUPTFS ? DB_DAMAGED : DB_IO;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return DB_READONLY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return DB_DAMAGED;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return DB_BUSY;
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
		return DB_CONSTRAINT;
	case SQLITE_INTERRUPT:
		return DB_STOPPED;
	default:
		return DB_CANNOT;
	}
}

static bool
check(struct db *db, int code)
{
	if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
		return true;
	if (db->fault == DB_WELL) {
		db->fault = classify(code);
		reason_set(&db->why, "%s (%d)", db->handle == NULL ? "no memory" : sqlite3_errmsg(db->handle), code);
	}
	return false;
}

static int
on_progress(void *arg)
{
	const struct db *db = arg;

	return db->deadline != 0 && clock_mono() > db->deadline;
}

static void
set_up(struct db *db, enum db_mode mode)
{
	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	db_exec(db, "PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON");
	if (mode == DB_MEMORY)
		db_exec(db, "PRAGMA foreign_keys=OFF");
	else if (mode != DB_WRITE) {
		db_exec(db, "PRAGMA query_only=ON");
		sqlite3_progress_handler(db->handle, PROGRESS_OPS, on_progress, db);
	}
}

/* A path as a URI: what means something there is escaped. */
static char *
uri_of(const char *path, bool still)
{
	size_t room = 3 * strlen(path) + 32;
	char *uri = malloc(room), *at = uri;

	if (uri == NULL)
		return NULL;
	at += snprintf(at, room, "file:");
	for (; *path != '\0'; path++) {
		if (strchr("%?#", *path) != NULL)
			at += snprintf(at, 4, "%%%02X", (unsigned)(unsigned char)*path);
		else
			*at++ = *path;
	}
	snprintf(at, 16, "%s", still ? "?immutable=1" : "");
	return uri;
}

struct db *
db_open(const char *path, enum db_mode mode)
{
	struct db *db = calloc(1, sizeof *db);
	char *uri = uri_of(mode == DB_MEMORY ? ":memory:" : path, mode == DB_STILL);
	/* No process of ours has threads, so nothing is locked against them. */
	int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX
	    | (mode == DB_WRITE || mode == DB_MEMORY ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);

	if (db != NULL && uri != NULL && check(db, sqlite3_open_v2(uri, &db->handle, flags, NULL)))
		set_up(db, mode);
	if (uri == NULL) {
		free(db);
		db = NULL;
	}
	free(uri);
	return db;
}

void
db_close(struct db **db)
{
	if (*db == NULL)
		return;
	for (uint32_t i = 0; i < (*db)->query_count; i++) {
		sqlite3_finalize((*db)->queries[i].statement);
		free((*db)->queries[i].sql);
	}
	if ((*db)->session != NULL)
		sqlite3session_delete((*db)->session);
	sqlite3_free((*db)->earlier);
	sqlite3_close_v2((*db)->handle);
	free(*db);
	*db = NULL;
}

enum db_fault
db_fault(const struct db *db)
{
	return db->fault;
}

const char *
db_why(const struct db *db)
{
	return db->why.text;
}

void
db_forgive(struct db *db)
{
	db->fault = DB_WELL;
	db->why.text[0] = '\0';
}

bool
db_exec(struct db *db, const char *sql)
{
	return check(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

int64_t
db_number(struct db *db, const char *sql, int64_t otherwise)
{
	struct query *query = db_query(db, sql);
	int64_t number = otherwise;

	if (query != NULL && query_step(query))
		number = query_i64(query, 0);
	if (query != NULL)
		query_reset(query);
	return number;
}

bool
db_says(struct db *db, const char *sql, const char *text)
{
	struct query *query = db_query(db, sql);
	bool same = query != NULL && query_step(query) && strcmp(query_text(query, 0), text) == 0;

	if (query != NULL)
		query_reset(query);
	return same;
}

bool
db_begin(struct db *db)
{
	return db_exec(db, "BEGIN IMMEDIATE");
}

bool
db_commit(struct db *db)
{
	return db_exec(db, "COMMIT");
}

bool
db_in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(db->handle);
}

void
db_rollback(struct db *db)
{
	if (db_in_transaction(db))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

int64_t
db_size(struct db *db)
{
	return (db_number(db, "PRAGMA page_count", 0) - db_number(db, "PRAGMA freelist_count", 0)) * db_number(db, "PRAGMA page_size", 0);
}

int64_t
db_changes(const struct db *db)
{
	return sqlite3_changes64(db->handle);
}

bool
db_has_moved(struct db *db)
{
	int moved = 0;

	return sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

bool
db_empty_log(struct db *db)
{
	sqlite3_busy_timeout(db->handle, 0);
	bool emptied = db_number(db, "PRAGMA wal_checkpoint(TRUNCATE)", 1) == 0;
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	return emptied;
}

void
db_set_deadline(struct db *db, int64_t deadline)
{
	db->deadline = deadline;
}

static struct query *
prepare(struct db *db, const char *sql)
{
	struct query *query = &db->queries[db->query_count];

	assert(db->query_count < QUERIES_MAX);
	query->db = db;
	query->sql = strdup(sql);
	if (query->sql == NULL || !check(db,
	    sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &query->statement, NULL))) {
		free(query->sql);
		return NULL;
	}
	db->query_count++;
	return query;
}

struct query *
db_query(struct db *db, const char *sql)
{
	for (uint32_t i = 0; i < db->query_count; i++) {
		if (strcmp(db->queries[i].sql, sql) == 0)
			return &db->queries[i];
	}
	return prepare(db, sql);
}

void
query_bind_i64(struct query *query, int parameter, int64_t value)
{
	check(query->db, sqlite3_bind_int64(query->statement, parameter, value));
}

void
query_bind_text(struct query *query, int parameter, const char *text)
{
	check(query->db, sqlite3_bind_text(query->statement, parameter, text == NULL ? "" : text, -1, SQLITE_STATIC));
}

void
query_bind_bytes(struct query *query, int parameter, struct pw_bytes bytes)
{
	const char *data = bytes.data == NULL ? "" : bytes.data;

	check(query->db, sqlite3_bind_blob64(query->statement, parameter, data, bytes.size, SQLITE_STATIC));
}

bool
query_step(struct query *query)
{
	int code = sqlite3_step(query->statement);

	if (code == SQLITE_ROW)
		return true;
	check(query->db, code);
	sqlite3_reset(query->statement);
	return false;
}

void
query_reset(struct query *query)
{
	sqlite3_reset(query->statement);
}

bool
query_run(struct query *query)
{
	while (query_step(query))
		continue;
	return query->db->fault == DB_WELL;
}

int64_t
query_i64(struct query *query, int column)
{
	return sqlite3_column_int64(query->statement, column);
}

const char *
query_text(struct query *query, int column)
{
	const unsigned char *text = sqlite3_column_text(query->statement, column);

	return text == NULL ? "" : (const char *)text;
}

struct pw_bytes
query_bytes(struct query *query, int column)
{
	const void *data = sqlite3_column_blob(query->statement, column);
	int size = sqlite3_column_bytes(query->statement, column);

	return (struct pw_bytes){ data == NULL ? "" : data, (size_t)size };
}

void
db_limit(struct db *db, int64_t bytes)
{
	char sql[64];
	int64_t page = db_number(db, "PRAGMA page_size", 0);

	assert(page > 0);
	snprintf(sql, sizeof sql, "PRAGMA max_page_count=%lld", (long long)(bytes / page));
	(void)db_exec(db, sql);
}

/* "INSERT INTO table VALUES (?, ?)" */
static struct query *
query_insert(struct db *db, const char *table, int columns)
{
	char sql[256];
	int at = snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO %s VALUES (", table);

	for (int i = 0; i < columns && at < (int)sizeof sql; i++)
		at += snprintf(sql + at, sizeof sql - (size_t)at, i == 0 ? "?" : ", ?");
	assert(at < (int)sizeof sql - 2);
	snprintf(sql + at, sizeof sql - (size_t)at, ")");
	return db_query(db, sql);
}

bool
db_copy(struct db *into, struct db *from, const char *table, const char *tail, uint64_t *refused)
{
	char sql[2048];
	struct text text = TEXT_OVER(sql);
	struct query *read, *write = NULL;
	int columns;

	text_format(&text, "SELECT * FROM %s %s", table, tail);
	assert(!text.cut);
	read = db_query(from, sql);
	if (read == NULL)
		return false;
	columns = sqlite3_column_count(read->statement);
	while (into->fault == DB_WELL && query_step(read)) {
		write = write == NULL ? query_insert(into, table, columns) : write;
		for (int i = 0; write != NULL && i < columns; i++)
			check(into, sqlite3_bind_value(write->statement, i + 1, sqlite3_column_value(read->statement, i)));
		if (write == NULL || query_run(write) || into->fault != DB_CONSTRAINT)
			continue;
		db_forgive(into);
		++*refused;
	}
	query_reset(read);
	return into->fault == DB_WELL && from->fault == DB_WELL;
}

void
db_forget_earlier(struct db *db)
{
	sqlite3_free(db->earlier);
	db->earlier = NULL;
	db->earlier_size = 0;
}

/* What two records have of one row becomes one change of it, so that rows which change again and again take no more room. */
static bool
join_records(struct db *db, void *changes, int size)
{
	sqlite3_changegroup *group;
	void *joined = NULL;
	int joined_size = 0;
	bool well = check(db, sqlite3changegroup_new(&group));

	if (!well)
		return false;
	well = (db->earlier_size == 0 || check(db, sqlite3changegroup_add(group, db->earlier_size, db->earlier)))
	    && (size == 0 || check(db, sqlite3changegroup_add(group, size, changes)))
	    && check(db, sqlite3changegroup_output(group, &joined_size, &joined));
	sqlite3changegroup_delete(group);
	if (!well)
		return false;
	db_forget_earlier(db);
	db->earlier = joined;
	db->earlier_size = joined_size;
	return true;
}

bool
db_record(struct db *db)
{
	sqlite3_session *next = NULL;
	void *changes = NULL;
	int size = 0;

	if (!check(db, sqlite3session_create(db->handle, "main", &next)))
		return false;
	if (!check(db, sqlite3session_attach(next, NULL))
	    || (db->session != NULL && (!check(db, sqlite3session_changeset(db->session, &size, &changes))
	    || !join_records(db, changes, size)))) {
		sqlite3_free(changes);
		sqlite3session_delete(next);
		return false;
	}
	sqlite3_free(changes);
	if (db->session != NULL)
		sqlite3session_delete(db->session);
	db->session = next;
	return true;
}

struct replay {
	bool by_force;
	struct db_left_out left_out;
};

static int
on_conflict(void *arg, int kind, sqlite3_changeset_iter *change)
{
	struct replay *replay = arg;

	(void)change;
	switch (kind) {
	case SQLITE_CHANGESET_CONSTRAINT:
		replay->left_out.rows++;
		return SQLITE_CHANGESET_OMIT;
	case SQLITE_CHANGESET_FOREIGN_KEY: /* of a row that was left out: asked once, at the end */
		replay->left_out.dangling = true;
		return SQLITE_CHANGESET_OMIT;
	case SQLITE_CHANGESET_NOTFOUND:
		return replay->by_force || replay->left_out.rows > 0 ? SQLITE_CHANGESET_OMIT : SQLITE_CHANGESET_ABORT;
	default: /* a row with this key is there, or has other values than it had */
		return replay->by_force ? SQLITE_CHANGESET_REPLACE : SQLITE_CHANGESET_ABORT;
	}
}

static bool
apply_changes(struct db *db, int size, void *changes, struct replay *replay)
{
	int code = size == 0 ? SQLITE_OK : sqlite3changeset_apply(db->handle, size, changes, NULL, on_conflict, replay);

	if (code == SQLITE_ABORT) {
		db->fault = DB_CONSTRAINT;
		reason_set(&db->why, "rows of it were changed by somebody else");
	}
	return code != SQLITE_ABORT && check(db, code);
}

bool
db_replay(struct db *into, struct db *from, bool by_force, struct db_left_out *left_out)
{
	struct replay replay = { .by_force = by_force };
	void *changes = NULL;
	int size = 0;
	bool well = from->session == NULL || check(from, sqlite3session_changeset(from->session, &size, &changes));

	assert(db_in_transaction(into) && into->fault == DB_WELL);
	well = well && apply_changes(into, from->earlier_size, from->earlier, &replay) && apply_changes(into, size, changes, &replay);
	sqlite3_free(changes);
	*left_out = replay.left_out;
	return well;
}
