/*
 * Prepares SQL statements, keeps them, binds and steps them, for the modules of the store.
 *
 * A statement is found again by the address of its text, which is a constant of the program nearly
 * always: texts are long, begin alike, and are looked up several times for each delivery. What is
 * bound is the caller's, and foreign bytes are bound as a blob, with their length.
 */
#include "store/query.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct query {
	struct db *db;
	sqlite3_stmt *statement; /* NULL: it could not be prepared */
	const void *key;         /* NULL: the place is free */
	uint32_t number;
};

enum { PLACES = 256 }; /* a power of two */

struct queries {
	uint32_t count;
	struct query places[PLACES];
};

/* Its place, or the free one where it would be; NULL: there is no memory. */
static struct query *
place_of(struct db *db, const void *key, uint32_t number)
{
	struct queries *queries = *db_statements(db);
	uint32_t i = (uint32_t)(((uintptr_t)key >> 3) * 31 + number);

	if (queries == NULL)
		queries = *db_statements(db) = calloc(1, sizeof *queries);
	if (queries == NULL)
		return NULL;
	while (queries->places[i % PLACES].key != NULL
	    && (queries->places[i % PLACES].key != key || queries->places[i % PLACES].number
	    != number))
		i++;
	return &queries->places[i % PLACES];
}

struct query *
query_kept(struct db *db, const void *key, uint32_t number)
{
	struct query *query = place_of(db, key, number);

	return query != NULL && query->statement != NULL ? query : NULL;
}

struct query *
query_keep(struct db *db, const void *key, uint32_t number, const char *sql)
{
	struct queries *queries;
	struct query *query = place_of(db, key, number);

	if (query == NULL) {
		db_blame(db, DB_CANNOT, "no memory");
		return NULL;
	}
	queries = *db_statements(db);
	if (query->key == NULL) {
		queries->count++;
		*query = (struct query){ .db = db, .key = key, .number = number };
	}
	assert(queries->count <= PLACES / 2 && query->db == db);
	sqlite3_finalize(query->statement);
	query->statement = NULL;
	return db_check(db, sqlite3_prepare_v3(db_handle(db), sql, -1, SQLITE_PREPARE_PERSISTENT,
	    &query->statement, NULL)) ? query : NULL;
}

struct query *
db_query(struct db *db, const char *sql)
{
	struct query *query;

	if (db == NULL)
		return NULL;
	query = query_kept(db, sql, 0);
	return query != NULL && strcmp(sqlite3_sql(query->statement), sql) == 0 ? query
	    : query_keep(db, sql, 0, sql);
}

void
query_bind_column(struct query *query, int parameter, struct query *of, int column)
{
	db_check(query->db, sqlite3_bind_value(query->statement, parameter,
	    sqlite3_column_value(of->statement, column)));
}

int
query_columns(struct query *query)
{
	return sqlite3_column_count(query->statement);
}

void
query_bind_one(struct query *query, int parameter, const struct bind *value)
{
	const char *data = value->bytes.data == NULL ? "" : value->bytes.data;

	if (value->is == BIND_IS_NUMBER)
		db_check(query->db, sqlite3_bind_int64(query->statement, parameter, value->number));
	else if (value->is == BIND_IS_TEXT)
		db_check(query->db, sqlite3_bind_text(query->statement, parameter, data, -1,
		    SQLITE_STATIC));
	else
		db_check(query->db, sqlite3_bind_blob64(query->statement, parameter, data,
		    value->bytes.size, SQLITE_STATIC));
}

void
query_bind(struct query *query, struct binds binds)
{
	int parameters = query == NULL ? 0 : sqlite3_bind_parameter_count(query->statement);

	for (int i = 0; i < parameters && i < (int)binds.count; i++)
		query_bind_one(query, i + 1, &binds.values[i]);
}

bool
query_step(struct query *query)
{
	int code;

	if (query == NULL)
		return false;
	code = sqlite3_step(query->statement);
	if (code == SQLITE_ROW)
		return true;
	db_check(query->db, code);
	sqlite3_reset(query->statement);
	return false;
}

void
query_reset(struct query *query)
{
	if (query != NULL)
		sqlite3_reset(query->statement);
}

bool
query_run(struct query *query)
{
	while (query_step(query))
		continue;
	return query != NULL && db_fault(query->db) == DB_WELL;
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

struct query *
db_rows(struct db *db, const char *sql, struct binds binds)
{
	struct query *query = db_query(db, sql);

	query_bind(query, binds);
	return query;
}

bool
db_run(struct db *db, const char *sql, struct binds binds)
{
	return query_run(db_rows(db, sql, binds));
}

struct query *
db_row(struct db *db, const char *sql, struct binds binds)
{
	struct query *query = db_rows(db, sql, binds);

	return query_step(query) ? query : NULL;
}

static int64_t
number_or(struct query *query, int64_t otherwise)
{
	int64_t number = query == NULL ? otherwise : query_i64(query, 0);

	query_reset(query);
	return number;
}

int64_t
db_number(struct db *db, const char *sql, int64_t otherwise)
{
	return number_or(db_row(db, sql, (struct binds){ 0, NULL }), otherwise);
}

int64_t
db_number_with(struct db *db, const char *sql, struct binds binds)
{
	return number_or(db_row(db, sql, binds), 0);
}

bool
db_says(struct db *db, const char *sql, const char *text)
{
	struct query *query = db_row(db, sql, (struct binds){ 0, NULL });
	bool same = query != NULL && strcmp(query_text(query, 0), text) == 0;

	query_reset(query);
	return same;
}

int64_t
db_size(struct db *db)
{
	return (db_number(db, "PRAGMA page_count", 0) - db_number(db, "PRAGMA freelist_count",
	    0)) * db_number(db, "PRAGMA page_size", 0);
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
