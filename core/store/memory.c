/*
 * Rows are copied one by one by their forms, so that what was read before a damaged page is kept. The order is that of their
 * weight; evidence, of which there may be much, comes last.
 */
#include "store/memory.h"

#include "store/row.h"
#include "store/schema.h"

#define OPEN_DELIVERIES "SELECT notice FROM deliveries WHERE ended = 0"
#define OPEN_INCIDENTS "SELECT number FROM incidents WHERE end_confirmed = 0 UNION" \
	" SELECT incident FROM notices WHERE number IN (" OPEN_DELIVERIES ")"
/* What waits, what is open, by what a standing condition began, and the newest: by these it is decided what is told next. */
#define NOTICES OPEN_DELIVERIES " UNION SELECT number FROM notices WHERE incident > 0 AND incident IN (" OPEN_INCIDENTS ")" \
	" UNION SELECT n.number FROM conditions AS c JOIN notices AS n ON n.target = c.target AND n.code = c.code" \
	"  WHERE c.standing > 0 AND c.cleared = 0" \
	" UNION SELECT * FROM (SELECT number FROM notices ORDER BY number DESC LIMIT 10000)" \
	" UNION SELECT * FROM (SELECT number FROM notices WHERE target = 0 ORDER BY number DESC LIMIT 10000)"

static const struct {
	enum row_kind kind;
	const char *tail;
} copied[] = {
	{ ROW_TARGET, "" },
	{ ROW_STATE, "" },
	{ ROW_INCIDENT, "WHERE number IN (" OPEN_INCIDENTS ")" },
	{ ROW_CONDITION, "WHERE standing > 0 AND cleared = 0" },
	{ ROW_LEDGER, "" },
	{ ROW_PAUSE, "ORDER BY number DESC LIMIT 10000" },
	{ ROW_NOTICE, "WHERE number IN (" NOTICES ")" },
	{ ROW_DELIVERY_ADDED, "WHERE notice IN (" NOTICES ")" },
	{ ROW_NOTICE_EVIDENCE, "WHERE notice IN (" OPEN_DELIVERIES ")" },
	{ ROW_EVIDENCE, "WHERE incident IN (SELECT 0 UNION " OPEN_INCIDENTS ")" },
};

bool
memory_has_room(struct db *db)
{
	return db_size(db) < MEMORY_EVIDENCE_MAX;
}

static void
copy_rows(struct db *into, struct db *from, enum row_kind kind, const char *tail)
{
	_Alignas(8) char row[ROW_SIZE_MAX];
	char sql[ROW_SQL_MAX];
	struct query *read, *write;

	row_read_sql(kind, tail, sql);
	read = db_query(from, sql);
	row_write_sql(kind, sql);
	write = db_query(into, sql);
	while (read != NULL && write != NULL && (!row_is_evidence(kind) || memory_has_room(into)) && query_step(read)) {
		row_fill(kind, read, row);
		row_bind(kind, write, row);
		(void)query_run(write);
	}
	if (read != NULL)
		query_reset(read);
	db_forgive(from);
}

static void
copy_meta(struct db *into, struct db *from)
{
	struct query *read = db_query(from, "SELECT key, value FROM meta");
	struct query *write = db_query(into, "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)");

	while (read != NULL && write != NULL && query_step(read)) {
		query_bind_text(write, 1, query_text(read, 0));
		query_bind_bytes(write, 2, query_bytes(read, 1));
		(void)query_run(write);
	}
	db_forgive(from);
}

struct db *
memory_open(struct db *from)
{
	struct db *db = db_open(NULL, DB_MEMORY);

	if (db == NULL || !schema_raise(db, &schemas[STORE_MAIN])) {
		db_close(&db);
		return NULL;
	}
	if (from == NULL || !db_begin(db))
		return db;
	db_forgive(from);
	copy_meta(db, from);
	for (size_t i = 0; i < sizeof copied / sizeof copied[0]; i++)
		copy_rows(db, from, copied[i].kind, copied[i].tail);
	if (db_fault(db) != DB_WELL || !db_commit(db))
		db_close(&db);
	return db;
}
