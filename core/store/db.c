/*
 * A wrapper around one SQLite connection: statements, transactions, classified errors. Text with
 * foreign bytes is bound as a blob, lengths are explicit, extended result codes are on; memory
 * bound to a statement is the caller's and lives longer than the step.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>

#include "base/clock.h"
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

	if (db == NULL || uri == NULL) {
		free(db);
		free(uri);
		return NULL;
	}
	if (check(db, sqlite3_open_v2(uri, &db->handle, flags, NULL)))
		set_up(db, mode);
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
