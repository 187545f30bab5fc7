/*
 * One SQLite connection of the store: how it is opened, its transactions, and its errors,
 * classified (full, damaged, busy ...) by SQLite's extended result codes.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "store/db.h"

enum { BUSY_MS = 5000, PROGRESS_OPS = 2000 };

enum word { WORD_BEGIN, WORD_HOLD, WORD_COMMIT, WORDS };

static const char *const words[WORDS] = { "BEGIN IMMEDIATE", "BEGIN", "COMMIT" };

struct db {
	sqlite3 *handle;
	enum db_fault fault;
	struct reason why;
	int64_t deadline;
	void *statements; /* of query.c */
	enum db_mode mode;
	bool held;        /* the transaction that is open is that of db_hold() */
	sqlite3_stmt *words[WORDS];
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

bool
db_check(struct db *db, int code)
{
	if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
		return true;
	if (db->fault == DB_WELL) {
		db->fault = classify(code);
		reason_set(&db->why, "%s (%d)", db->handle == NULL ? "no memory"
		    : sqlite3_errmsg(db->handle), code);
	}
	return false;
}

void
db_blame(struct db *db, enum db_fault fault, const char *why)
{
	db->fault = fault;
	reason_set(&db->why, "%s", why);
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
	int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX
	    | (mode == DB_WRITE || mode == DB_MEMORY ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
	    : SQLITE_OPEN_READONLY);

	/* No process of ours has threads, so nothing is locked against them, and nobody asks how much
	 * memory is in use: that is a tenth of the work of recording a change. It has no effect
	 * once a connection was opened. */
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (db != NULL)
		db->mode = mode;
	if (db != NULL && uri != NULL && db_check(db,
	    sqlite3_open_v2(uri, &db->handle, flags, NULL)))
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
	for (sqlite3_stmt *statement; (*db)->handle != NULL
	    && (statement = sqlite3_next_stmt((*db)->handle, NULL)) != NULL;)
		sqlite3_finalize(statement);
	sqlite3_close_v2((*db)->handle);
	free((*db)->statements);
	free(*db);
	*db = NULL;
}

void
db_keep_log(struct db *db)
{
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
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
	return db_check(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

static bool
say(struct db *db, enum word word)
{
	if (db->words[word] == NULL
	    && !db_check(db, sqlite3_prepare_v3(db->handle, words[word], -1,
	    SQLITE_PREPARE_PERSISTENT, &db->words[word], NULL)))
		return false;
	bool done = db_check(db, sqlite3_step(db->words[word]));
	sqlite3_reset(db->words[word]);
	return done;
}

bool
db_begin(struct db *db)
{
	db_let_go(db);
	return say(db, WORD_BEGIN);
}

bool
db_commit(struct db *db)
{
	assert(!db->held);
	return say(db, WORD_COMMIT);
}

/* In memory a statement that fails would end it, with all that was written before. */
void
db_hold(struct db *db)
{
	if (db->mode == DB_WRITE && sqlite3_get_autocommit(db->handle) && db->fault == DB_WELL)
		db->held = say(db, WORD_HOLD);
}

void
db_let_go(struct db *db)
{
	if (db->held && !sqlite3_get_autocommit(db->handle))
		(void)say(db, WORD_COMMIT);
	db->held = false;
}

bool
db_in_transaction(const struct db *db)
{
	return !db->held && !sqlite3_get_autocommit(db->handle);
}

void
db_rollback(struct db *db)
{
	if (!sqlite3_get_autocommit(db->handle))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	db->held = false;
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

	return sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK
	    && moved != 0;
}

bool
db_empty_log(struct db *db)
{
	db_let_go(db);
	sqlite3_busy_timeout(db->handle, 0);
	int code = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
	    NULL);
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	/* that others read it is no fault */
	return (code & 0xff) != SQLITE_BUSY && db_check(db, code);
}

void
db_set_deadline(struct db *db, int64_t deadline)
{
	db->deadline = deadline;
}

struct sqlite3 *
db_handle(struct db *db)
{
	return db->handle;
}

void **
db_statements(struct db *db)
{
	return &db->statements;
}
