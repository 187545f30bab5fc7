/*
 * A wrapper around one SQLite connection. It is the only code that calls the library. A fault is
 * remembered until the next db_forgive(); prepared statements are kept by their text and belong to
 * the connection.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stdint.h>
#include <postwatch/probe.h>

#include "base/reason.h"

struct db;
struct query;

enum db_fault {
	DB_WELL,
	DB_FULL,
	DB_IO,
	DB_READONLY,
	DB_DAMAGED,    /* damaged pages, or not a database at all */
	DB_BUSY,
	DB_CONSTRAINT, /* what was to be written contradicts what is there */
	DB_STOPPED,    /* a reader's second is over */
	DB_CANNOT      /* anything else: it cannot be opened, no memory, our own mistake */
};

enum db_mode {
	DB_WRITE, /* made where missing */
	DB_MEMORY, /* a new one that nobody else sees; what it refers to need not be in it, so foreign keys are not enforced */
	DB_READ,
	DB_STILL  /* for reading only, and nobody writes: the folder may be one that we cannot write to */
};

/* Never NULL but where there is no memory; whether it is open is told by db_fault(). */
struct db *db_open(const char *path, enum db_mode);
void db_close(struct db **);

enum db_fault db_fault(const struct db *);
const char *db_why(const struct db *);
void db_forgive(struct db *);

/* One statement or several without parameters; false: a fault. */
bool db_exec(struct db *, const char *sql);

/* The first column of the first row; `otherwise` where there is none or on a fault. */
int64_t db_number(struct db *, const char *sql, int64_t otherwise);
/* Whether the first column of the first row is this text. */
bool db_says(struct db *, const char *sql, const char *text);

bool db_begin(struct db *);
bool db_commit(struct db *);
bool db_in_transaction(const struct db *);
void db_rollback(struct db *); /* where one is open: some faults have ended it already */

/* Bytes of the pages in use. */
int64_t db_size(struct db *);

/* Rows changed by the last statement. */
int64_t db_changes(const struct db *);

/* Whether the path leads to another file than the one that is open, or to none. */
bool db_has_moved(struct db *);

/* Has the file take all that is in the log, and empties that, without waiting for anybody. False: others read it, or a fault. */
bool db_empty_log(struct db *);

/* The database may have so many bytes of pages: what needs more fails with DB_FULL. */
void db_limit(struct db *, int64_t bytes);

/* Copies the rows of a table that `tail` chooses, all columns of them, and those that are refused (DB_CONSTRAINT) are counted.
 * Returns false if not all could be read, or written; each connection has its fault then. */
bool db_copy(struct db *into, struct db *from, const char *table, const char *tail, uint64_t *refused);

/* --- recording what changes, by SQLite's session extension: the last values of rows, by their keys --- */

/* Records the changes of all tables from now on. Those that were recorded before are put together, and are kept apart as the
 * earlier ones. Returns false if there is no memory. */
bool db_record(struct db *);
/* The earlier ones are not needed any more. */
void db_forget_earlier(struct db *);

/* What was left out because it contradicts a UNIQUE constraint, and whether rows refer to what is not there, which a COMMIT
 * does not allow. */
struct db_left_out {
	uint64_t rows;
	bool dangling;
};

/* Does in `into`, in the transaction that is open there, all that was recorded in `from`. Where rows are not as they were in
 * `from` before, it fails with DB_CONSTRAINT, or, `by_force`, puts them in the place of those that are there. The tables have to
 * be the same: of others SQLite says nothing. */
bool db_replay(struct db *into, struct db *from, bool by_force, struct db_left_out *);

/* Statements that still run at this instant (clock_mono) are stopped; 0: none are. */
void db_set_deadline(struct db *, int64_t deadline);

/* The statement of this text, ready for binding; NULL: a fault. Parameters count from 1, columns from 0. */
struct query *db_query(struct db *, const char *sql);

void query_bind_i64(struct query *, int parameter, int64_t);
void query_bind_text(struct query *, int parameter, const char *);          /* NULL counts as ""; must outlive the step */
void query_bind_bytes(struct query *, int parameter, struct pw_bytes);      /* likewise */

/* True: there is a row. False: the end, or a fault, and the statement has been reset. */
bool query_step(struct query *);
void query_reset(struct query *);

/* Steps to the end; false on a fault. */
bool query_run(struct query *);

int64_t query_i64(struct query *, int column);
const char *query_text(struct query *, int column);
struct pw_bytes query_bytes(struct query *, int column);

#endif
