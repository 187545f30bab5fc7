/*
 * For the writer of the store: copies what is open into an in-memory database, works there while
 * postwatch.db cannot be written, and carries the changes back.
 *
 * Rows are copied one by one, so that what was read before a damaged page is kept. The order is
 * that of their weight; evidence, of which there may be much, comes last. No number is given out in
 * memory that the file has given: numbers come from the counters, and ids of evidence begin behind
 * those of the file, with a row that is of nothing.
 */
#include "store/memory.h"

#include <assert.h>
#include <stdlib.h>

#include "store/query.h"
#include "store/schema.h"
#include "store/transfer.h"

#define OPEN_DELIVERIES "SELECT notice FROM deliveries WHERE ended = 0"
#define OPEN_INCIDENTS "SELECT number FROM incidents WHERE end_confirmed = 0 UNION" \
	" SELECT incident FROM notices WHERE number IN (" OPEN_DELIVERIES ")"
/* What waits, what is open, by what a standing condition began, and the newest: by these it is
 * decided what is told next. */
#define NOTICES OPEN_DELIVERIES " UNION SELECT number FROM notices WHERE incident > 0 AND incident IN (" OPEN_INCIDENTS ")" \
	" UNION SELECT n.number FROM conditions AS c JOIN notices AS n ON n.target = c.target AND n.code = c.code" \
	"  WHERE c.standing > 0 AND c.cleared = 0" \
	" UNION SELECT * FROM (SELECT number FROM notices ORDER BY number DESC LIMIT 10000)" \
	" UNION SELECT * FROM (SELECT number FROM notices WHERE target = 0 ORDER BY number DESC LIMIT 10000)"

/* A table with what of it is copied. What a row refers to comes before it. */
static const struct copied {
	const char *table, *tail;
} rows[] = {
	{ "targets", "" },
	{ "states", "" },
	{ "servers", "" },
	{ "incidents", "WHERE number IN (" OPEN_INCIDENTS " UNION SELECT * FROM (SELECT number FROM"
	    " incidents ORDER BY number DESC LIMIT 1000))" },
	{ "conditions", "" },
	{ "ledger", "" },
	{ "pauses", "ORDER BY number DESC LIMIT 10000" },
	{ "notices", "WHERE number IN (" NOTICES ")" },
	{ "deliveries", "WHERE notice IN (" NOTICES ")" },
}, evidence[] = {
	{ "notice_evidence", "WHERE notice IN (" OPEN_DELIVERIES ") ORDER BY id DESC" },
	{ "evidence", "WHERE incident IN (SELECT 0 UNION " OPEN_INCIDENTS ") ORDER BY id DESC" },
};
enum { RECORDING_SLACK = 4 * 1024 * 1024, ROWS = sizeof rows / sizeof rows[0],
    EVIDENCE = sizeof evidence / sizeof evidence[0] };

/* Who the file is, and how far it has come, is its own. */
static const struct copied meta = { "meta", "WHERE key NOT IN ('instance', 'counters')" };

/* What has ended since ?1, the highest number then, and ?2, that of its incidents. */
#define ENDED_INCIDENTS "SELECT number FROM incidents WHERE number > ?2 AND end_confirmed > 0 AND NOT EXISTS (SELECT 1 FROM notices" \
	" JOIN deliveries ON deliveries.notice = notices.number WHERE notices.incident = incidents.number AND notices.incident > 0 AND ended = 0)"
#define ENDED_NOTICES "SELECT number FROM notices WHERE number > ?1 AND number < (SELECT max(number) - 1000 FROM notices)" \
	" AND (incident = 0 OR incident IN (" ENDED_INCIDENTS ")) AND NOT EXISTS (SELECT 1 FROM deliveries" \
	" WHERE deliveries.notice = notices.number AND ended = 0) ORDER BY number LIMIT 2000"
/* Of evidence ?1 and ?2 are the ids of the rows of nothing. */
#define ENDED_EVIDENCE "SELECT id FROM evidence WHERE id > ?1 AND incident > 0 AND NOT EXISTS (SELECT 1 FROM incidents" \
	" WHERE number = evidence.incident AND end_confirmed = 0) ORDER BY id LIMIT 2000"
#define TOLD_EVIDENCE "SELECT id FROM notice_evidence WHERE id > ?2 AND NOT EXISTS (SELECT 1 FROM deliveries" \
	" WHERE deliveries.notice = notice_evidence.notice AND ended = 0) ORDER BY id LIMIT 2000"

struct memory {
	struct db *db;
	struct recording *recording;
	bool knows_file, whole;
	int64_t notice, incident;          /* the highest numbers when it was opened */
	int64_t evidence, notice_evidence; /* the ids of the rows of nothing */
	/* the transaction that had the changes recorded earlier; 0: none had */
	uint64_t tried;
	uint64_t lost;                     /* rows that found no room */
	int64_t size;                      /* of its pages when it was opened */
	/* bytes of the recording when it had nothing that was not needed */
	int64_t recorded;
};

/* Puts a row of nothing behind all ids of the file, and of the evidence that a redo log may have
 * beside them; where those of the file cannot be read, far behind. Returns its id. */
static int64_t
put_row_of_nothing(struct memory *memory, struct db *from, const char *highest, const char *insert)
{
	static const int64_t behind = INT64_C(1) << 20, far = INT64_C(1) << 48;
	int64_t id = from == NULL ? 1 : db_number(from, highest, 0) + behind;

	if (from != NULL && db_fault(from) != DB_WELL) {
		memory->whole = false;
		id = far;
		db_forgive(from);
	}
	(void)DB_RUN(memory->db, insert, BIND(id));
	return id;
}

static bool
copy(struct memory *memory, struct db *from)
{
	uint64_t refused = 0;
	bool all;

	if (!db_begin(memory->db))
		return false;
	db_forgive(from);
	all = transfer_table(memory->db, from, meta.table, meta.tail, &refused);
	for (int i = 0; i < ROWS; i++) {
		db_forgive(from);
		all &= transfer_table(memory->db, from, rows[i].table, rows[i].tail, &refused);
	}
	db_forgive(from);
	if (db_fault(memory->db) != DB_WELL || !db_commit(memory->db))
		return false;
	/* Within no transaction: one that finds no room is rolled back as a whole. */
	db_limit(memory->db, MEMORY_EVIDENCE_MAX);
	for (int i = 0; i < EVIDENCE; i++) {
		all &= transfer_table(memory->db, from, evidence[i].table, evidence[i].tail,
		    &refused) || db_fault(memory->db) == DB_FULL;
		db_forgive(memory->db);
		db_forgive(from);
	}
	db_limit(memory->db, MEMORY_MAX);
	memory->whole = all;
	return true;
}

struct memory *
memory_open(struct db *from)
{
	struct memory *memory = calloc(1, sizeof *memory);

	if (memory == NULL)
		return NULL;
	*memory = (struct memory){ .db = db_open(NULL, DB_MEMORY), .knows_file = from != NULL,
	    .whole = from == NULL };
	if (memory->db == NULL || !schema_raise(memory->db, &schemas[STORE_MAIN])
	    || (from != NULL && !copy(memory, from))) {
		memory_close(&memory);
		return NULL;
	}
	db_limit(memory->db, MEMORY_MAX);
	memory->notice = db_number(memory->db, "SELECT max(number) FROM notices", 0);
	memory->incident = db_number(memory->db, "SELECT max(number) FROM incidents", 0);
	memory->evidence = put_row_of_nothing(memory, from, "SELECT max(id) FROM evidence",
	    "INSERT INTO evidence (id, target, run, leg, at, incident, role, bytes) VALUES (?1, 0,"
	    " 0, 0, 0, -1, '', x'')");
	memory->notice_evidence = put_row_of_nothing(memory, from,
	    "SELECT max(id) FROM notice_evidence",
	    "INSERT INTO notice_evidence (id, notice, run, leg, at, bytes) VALUES (?1, 0, 0, 0,"
	    " 0, x'')");
	memory->size = db_size(memory->db);
	memory->recording = recording_begin(memory->db);
	if (memory->recording == NULL || db_fault(memory->db) != DB_WELL)
		memory_close(&memory);
	return memory;
}

void
memory_close(struct memory **memory)
{
	if (*memory == NULL)
		return;
	recording_end(&(*memory)->recording);
	db_close(&(*memory)->db);
	free(*memory);
	*memory = NULL;
}

struct db *
memory_db(struct memory *memory)
{
	return memory->db;
}

bool
memory_has_room(struct memory *memory)
{
	return db_size(memory->db) < MEMORY_EVIDENCE_MAX;
}

/* A step of what goes before all else: only rows that the file does not have, since the others
 * would go there, too. Returns how many went. */
static uint64_t
drop(struct memory *memory, const char *const *statements, int64_t first, int64_t second)
{
	uint64_t gone = 0;

	for (; *statements != NULL && db_fault(memory->db) == DB_WELL; statements++)
		if (DB_RUN(memory->db, *statements, BIND(first), BIND(second)))
			gone += (uint64_t)db_changes(memory->db);
	memory->lost += gone;
	return gone;
}

static uint64_t
drop_what_is_over(struct memory *memory)
{
	static const char *const told[] =
		{ "DELETE FROM evidence WHERE id IN (" ENDED_EVIDENCE ")",
		    "DELETE FROM notice_evidence WHERE id IN (" TOLD_EVIDENCE ")",
		    NULL };
	static const char *const rest[] =
		{ "DELETE FROM deliveries WHERE notice IN (" ENDED_NOTICES ")",
		    "DELETE FROM notices WHERE number IN (" ENDED_NOTICES ")",
		"DELETE FROM incidents WHERE number IN (" ENDED_INCIDENTS ") AND NOT EXISTS"
		    " (SELECT 1 FROM notices WHERE incident = incidents.number AND incident > 0)",
		    NULL };
	uint64_t gone = drop(memory, told, memory->evidence, memory->notice_evidence);

	return gone > 0 ? gone : drop(memory, rest, memory->notice, memory->incident);
}

bool
memory_make_room(struct memory *memory)
{
	static const char *const any[] = { "DELETE FROM evidence WHERE id > ?1",
		"DELETE FROM notice_evidence WHERE id > ?2", NULL };

	db_forgive(memory->db);
	return (drop_what_is_over(memory) > 0
	    || drop(memory, any, memory->evidence, memory->notice_evidence) > 0)
	    && db_fault(memory->db) == DB_WELL;
}

bool
memory_tend(struct memory *memory)
{
	bool done;

	assert(!db_in_transaction(memory->db));
	if (db_size(memory->db) > memory->size + MEMORY_GROWTH_MAX)
		(void)drop_what_is_over(memory);
	db_forgive(memory->db);
	if (recording_bytes(memory->recording) <= memory->recorded + memory->recorded / 4
	    + RECORDING_SLACK)
		return true;
	/* What is undone and done once more needs as much room as it had, but in other pages. */
	db_limit(memory->db, 2 * (int64_t)MEMORY_MAX);
	done = recording_compact(memory->recording);
	db_limit(memory->db, MEMORY_MAX);
	memory->recorded = recording_bytes(memory->recording);
	return done;
}

uint64_t
memory_lost(const struct memory *memory)
{
	return memory->lost;
}

int64_t
memory_bytes(const struct memory *memory)
{
	return db_size(memory->db) + recording_bytes(memory->recording);
}

bool
memory_note_tried(struct memory *memory, uint64_t number)
{
	bool parted = recording_part(memory->recording);

	memory->tried = number;
	memory->recorded = recording_bytes(memory->recording);
	return parted;
}

void
memory_was_kept(struct memory *memory, uint64_t number)
{
	assert(number != 0);
	if (memory->tried == number)
		recording_forget_earlier(memory->recording);
}

bool
memory_write_changes(struct memory *memory, struct db *file, uint64_t *refused)
{
	struct left_out left_out = { 0 };

	if (!recording_replay(memory->recording, file, !memory->whole, &left_out))
		return false;
	*refused = left_out.rows;
	return !left_out.dangling || db_exec(file,
	    "DELETE FROM deliveries WHERE notice NOT IN (SELECT number FROM notices);"
	    "DELETE FROM notice_evidence WHERE notice NOT IN (SELECT number FROM notices)");
}

bool
memory_write_all(struct memory *memory, struct db *file, uint64_t *refused)
{
	bool all = transfer_table(file, memory->db, meta.table, meta.tail, refused);

	for (int i = 0; i < ROWS && all; i++)
		all = transfer_table(file, memory->db, rows[i].table, "", refused);
	for (int i = 0; i < EVIDENCE && all; i++)
		all = transfer_table(file, memory->db, evidence[i].table, "WHERE run > 0", refused);
	return all;
}

bool
memory_read_changes(struct memory *memory, size_t most, struct memory_changes *changes)
{
	changes->tried = memory->tried;
	return recording_read(memory->recording, most, &changes->earlier, &changes->since);
}

void
memory_free_changes(struct memory_changes *changes)
{
	recording_free(&changes->since);
}

bool
memory_redo(struct memory *memory, const struct memory_changes *changes, bool was_kept)
{
	return (was_kept || recording_redo(memory->recording, changes->earlier))
	    && recording_redo(memory->recording, changes->since);
}

bool
memory_is_whole(const struct memory *memory)
{
	return memory->whole;
}

bool
memory_knows_file(const struct memory *memory)
{
	return memory->knows_file;
}
