/*
 * SQL statements of a connection, for the modules of the store: prepared once and kept for as long
 * as it is open; and single values that are read by one.
 */
#pragma once

#include <postwatch/probe.h>

#include "store/db.h"

struct query;

/* The statement of this text, ready for binding; NULL: a fault, or there is no connection. All that
 * takes a statement takes NULL, which has no rows. Parameters count from 1, columns from 0. A text
 * in a buffer that held another one before takes the place of that, whose statement
 * must not be in use. */
struct query *db_query(struct db *, const char *sql);

/* The same of a text that is costly to make, by what that is made from: the address is that of
 * something which does not change. query_kept() returns NULL where there is none yet; query_keep()
 * makes it, and returns NULL on a fault. */
struct query *query_kept(struct db *, const void *key, uint32_t number);
struct query *query_keep(struct db *, const void *key, uint32_t number, const char *sql);

/* A value for a parameter: what it points at must outlive the step. */
struct bind {
	enum { BIND_IS_NUMBER, BIND_IS_TEXT, BIND_IS_BYTES } is;
	int64_t number;
	struct pw_bytes bytes;
};
#define BIND(n) { .is = BIND_IS_NUMBER, .number = (int64_t)(n) }
#define BIND_TEXT(t) { .is = BIND_IS_TEXT, .bytes = { (t), 0 } } /* NULL counts as "" */
#define BIND_BYTES(b) { .is = BIND_IS_BYTES, .bytes = (b) }

/* Binds them to parameters 1, 2 … as far as the statement has such. */
struct binds {
	uint32_t count;
	const struct bind *values;
};
void query_bind(struct query *, struct binds);
void query_bind_one(struct query *, int parameter, const struct bind *);

/* Binds one to a column that another statement gives; how many columns one gives. */
void query_bind_column(struct query *, int parameter, struct query *of, int column);
int query_columns(struct query *);

/* Returns true where there is a row; false at the end, or on a fault, and the statement has been
 * reset. */
bool query_step(struct query *);
void query_reset(struct query *);

/* Steps to the end. Returns false on a fault. */
bool query_run(struct query *);

int64_t query_i64(struct query *, int column);
const char *query_text(struct query *, int column);
struct pw_bytes query_bytes(struct query *, int column);

/* --- a statement, its values, all in one --- */

#define BINDS(...) ((struct binds){ sizeof((const struct bind[]){ __VA_ARGS__ }) / sizeof(struct bind), \
    (const struct bind[]){ __VA_ARGS__ } })

/* A statement that gives no rows: DB_RUN(db, sql, BIND(1), BIND_TEXT("a")). Returns false on a
 * fault. */
bool db_run(struct db *, const char *sql, struct binds);
#define DB_RUN(db, sql, ...) db_run(db, sql, BINDS(__VA_ARGS__))

/* A statement that gives rows, for query_step(). */
struct query *db_rows(struct db *, const char *sql, struct binds);
#define DB_ROWS(db, sql, ...) db_rows(db, sql, BINDS(__VA_ARGS__))

/* The first row of a statement; NULL: there is none, or a fault. Whoever gets one resets it. */
struct query *db_row(struct db *, const char *sql, struct binds);
#define DB_ROW(db, sql, ...) db_row(db, sql, BINDS(__VA_ARGS__))

/* The first column of the first row; `otherwise` (DB_NUMBER: 0) where there is none or on a fault. */
int64_t db_number(struct db *, const char *sql, int64_t otherwise);
int64_t db_number_with(struct db *, const char *sql, struct binds);
#define DB_NUMBER(db, sql, ...) db_number_with(db, sql, BINDS(__VA_ARGS__))
/* Returns whether the first column of the first row is this text. */
bool db_says(struct db *, const char *sql, const char *text);

/* Bytes of the pages in use. */
int64_t db_size(struct db *);

/* The database may have so many bytes of pages: what needs more fails with DB_FULL. */
void db_limit(struct db *, int64_t bytes);
