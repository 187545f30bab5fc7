/*
 * One SQLite connection, for the modules of the store. A fault is remembered until the next
 * db_forgive(). Only this module, query and transfer call the library.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"

struct db;

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
	/* a new one that nobody else sees; what it refers to need not be in it, so foreign keys are
	 * not enforced */
	DB_MEMORY,
	DB_READ,
	/* for reading only, and nobody writes: the folder may be one that we cannot write to */
	DB_STILL
};

/* Never NULL but where there is no memory; whether it is open is told by db_fault(). */
struct db *db_open(const char *path, enum db_mode);
void db_close(struct db **);
/* Its log and what readers share of that stay when it is closed, even if nobody else has it open. */
void db_keep_log(struct db *);

enum db_fault db_fault(const struct db *);
const char *db_why(const struct db *);
void db_forgive(struct db *);

/* One statement or several without parameters; false: a fault. */
bool db_exec(struct db *, const char *sql);

bool db_begin(struct db *);
bool db_commit(struct db *);
bool db_in_transaction(const struct db *);
void db_rollback(struct db *); /* where one is open: some faults have ended it already */

/* What is read from now on is read in one transaction, which is told from those that write, and
 * ends where one of these begins: a lock for all that is read, and not for each statement. Only of
 * a DB_WRITE connection; no effect where one is open. */
void db_hold(struct db *);
void db_let_go(struct db *);

/* Rows changed by the last statement. */
int64_t db_changes(const struct db *);

/* Whether the path leads to another file than the one that is open, or to none. */
bool db_has_moved(struct db *);

/* Has the file take all that is in the log, and empties that, without waiting for anybody. False:
 * others read it, or a fault. */
bool db_empty_log(struct db *);

/* Statements that still run at this instant (clock_mono) are stopped; 0: none are. */
void db_set_deadline(struct db *, int64_t deadline);

/* --- for query and transfer --- */

struct sqlite3 *db_handle(struct db *);
/* Where what is known of its statements is kept: one block of memory, or NULL. Closing it frees
 * that, and finalizes all statements. */
void **db_statements(struct db *);
/* Takes note of what the library has answered. Returns false if that is a fault. */
bool db_check(struct db *, int code);
/* A fault that the library does not know as one. */
void db_blame(struct db *, enum db_fault, const char *why);
