/*
 * For the database in memory that stands in for postwatch.db (store/memory.h): copies tables
 * between connections, and applies recorded changes of rows (SQLite's changesets). What two
 * recordings have of one row becomes one change of it, so rows that change again and again take no
 * more room.
 */
#include "store/transfer.h"

#include <assert.h>
#include <stdlib.h>
#define SQLITE_ENABLE_SESSION 1
#define SQLITE_ENABLE_PREUPDATE_HOOK 1 /* which the header asks for, where that is asked for */
#include <sqlite3.h>

#include "base/text.h"
#include "store/query.h"

struct recording {
	struct db *db;
	sqlite3_session *session;
	void *earlier; /* the changes that were kept apart */
	int earlier_size;
};

bool
transfer_table(struct db *into, struct db *from, const char *table, const char *tail,
    uint64_t *refused)
{
	char select[2048], insert[256];
	struct text reading = TEXT_OVER(select), writing = TEXT_OVER(insert);
	struct query *read, *write = NULL;
	int columns;

	text_format(&reading, "SELECT * FROM %s %s", table, tail);
	read = db_query(from, select);
	if (read == NULL)
		return false;
	columns = query_columns(read);
	text_format(&writing, "INSERT OR REPLACE INTO %s VALUES (", table);
	for (int i = 0; i < columns; i++)
		text_add(&writing, i == 0 ? "?" : ", ?");
	text_add(&writing, ")");
	assert(!reading.cut && !writing.cut);
	while (db_fault(into) == DB_WELL && query_step(read)) {
		write = write == NULL ? db_query(into, insert) : write;
		for (int i = 0; write != NULL && i < columns; i++)
			query_bind_column(write, i + 1, read, i);
		if (write == NULL || query_run(write) || db_fault(into) != DB_CONSTRAINT)
			continue;
		db_forgive(into);
		++*refused;
	}
	query_reset(read);
	return db_fault(into) == DB_WELL && db_fault(from) == DB_WELL;
}

static bool
attach(struct recording *recording, sqlite3_session **session)
{
	int counts = 1; /* how large its changes are */

	if (!db_check(recording->db, sqlite3session_create(db_handle(recording->db), "main",
	    session)))
		return false;
	(void)sqlite3session_object_config(*session, SQLITE_SESSION_OBJCONFIG_SIZE, &counts);
	if (db_check(recording->db, sqlite3session_attach(*session, NULL)))
		return true;
	sqlite3session_delete(*session);
	return false;
}

struct recording *
recording_begin(struct db *db)
{
	struct recording *recording = calloc(1, sizeof *recording);

	if (recording == NULL)
		return NULL;
	recording->db = db;
	if (!attach(recording, &recording->session)) {
		free(recording);
		return NULL;
	}
	return recording;
}

void
recording_end(struct recording **recording)
{
	if (*recording == NULL)
		return;
	if ((*recording)->session != NULL)
		sqlite3session_delete((*recording)->session);
	sqlite3_free((*recording)->earlier);
	free(*recording);
	*recording = NULL;
}

void
recording_forget_earlier(struct recording *recording)
{
	sqlite3_free(recording->earlier);
	recording->earlier = NULL;
	recording->earlier_size = 0;
}

bool
recording_part(struct recording *recording)
{
	sqlite3_session *next = NULL;
	sqlite3_changegroup *group = NULL;
	void *changes = NULL, *joined = NULL;
	int size = 0, joined_size = 0;
	struct db *db = recording->db;
	bool well = attach(recording, &next);

	if (!well)
		return false;
	well = db_check(db, sqlite3session_changeset(recording->session, &size, &changes))
	    && db_check(db, sqlite3changegroup_new(&group)) && (recording->earlier_size == 0
	    || db_check(db, sqlite3changegroup_add(group, recording->earlier_size,
	    recording->earlier))) && (size == 0 || db_check(db, sqlite3changegroup_add(group, size,
	    changes))) && db_check(db, sqlite3changegroup_output(group, &joined_size, &joined));
	sqlite3_free(changes);
	if (group != NULL)
		sqlite3changegroup_delete(group);
	sqlite3session_delete(well ? recording->session : next);
	if (!well)
		return false;
	recording_forget_earlier(recording);
	recording->session = next;
	recording->earlier = joined;
	recording->earlier_size = joined_size;
	return true;
}

/* How changes are applied. */
struct replay {
	bool as_it_was; /* rows are as they were when the changes were made: nothing contradicts them */
	bool by_force;
	struct left_out left_out;
};

static int
on_conflict(void *arg, int kind, sqlite3_changeset_iter *change)
{
	struct replay *replay = arg;
	const char *table;
	int columns, what, indirect;

	if (replay->as_it_was)
		return SQLITE_CHANGESET_ABORT;
	sqlite3changeset_op(change, &table, &columns, &what, &indirect);
	switch (kind) {
	case SQLITE_CHANGESET_CONSTRAINT:
		replay->left_out.rows++;
		return SQLITE_CHANGESET_OMIT;
	case SQLITE_CHANGESET_FOREIGN_KEY: /* of a row that was left out: asked once, at the end */
		replay->left_out.dangling = true;
		return SQLITE_CHANGESET_OMIT;
	case SQLITE_CHANGESET_NOTFOUND:
		if (what == SQLITE_DELETE) /* it has gone with what it refers to */
			return SQLITE_CHANGESET_OMIT;
		return replay->by_force || replay->left_out.rows > 0 ? SQLITE_CHANGESET_OMIT
		    : SQLITE_CHANGESET_ABORT;
	default: /* a row with this key is there, or has other values than it had */
		return replay->by_force ? SQLITE_CHANGESET_REPLACE : SQLITE_CHANGESET_ABORT;
	}
}

/* `flags`: those of sqlite3changeset_apply_v2(). */
static bool
apply_changes(struct db *db, int size, void *changes, struct replay *replay, int flags)
{
	int code = size == 0 ? SQLITE_OK : sqlite3changeset_apply_v2(db_handle(db), size, changes,
	    NULL, on_conflict, replay, NULL, NULL, flags);

	if (code == SQLITE_ABORT)
		db_blame(db, DB_CONSTRAINT, "rows of it were changed by somebody else");
	return code != SQLITE_ABORT && db_check(db, code);
}

int64_t
recording_bytes(const struct recording *recording)
{
	return recording->earlier_size + sqlite3session_memory_used(recording->session);
}

/* A row that was added and has gone again leaves its key behind, and SQLite has no way to take that
 * out of a session. There is no journal meanwhile, which would hold all pages twice: whatever fails
 * here is a want of memory, and the connection is given up. */
bool
recording_compact(struct recording *recording)
{
	struct db *db = recording->db;
	struct replay replay = { .as_it_was = true };
	void *changes = NULL;
	int size = 0;
	bool well;

	assert(!db_in_transaction(db));
	if (!db_check(db, sqlite3session_changeset(recording->session, &size, &changes)))
		return false;
	sqlite3session_delete(recording->session);
	recording->session = NULL;
	well = db_exec(db, "PRAGMA journal_mode=OFF")
	    && apply_changes(db, size, changes, &replay, SQLITE_CHANGESETAPPLY_INVERT)
	    && attach(recording, &recording->session)
	    && apply_changes(db, size, changes, &replay, 0)
	    && db_exec(db, "PRAGMA journal_mode=MEMORY");
	sqlite3_free(changes);
	return well;
}

bool
recording_read(struct recording *recording, size_t most, struct pw_bytes *earlier,
    struct pw_bytes *since)
{
	void *changes = NULL;
	int size = 0;
	bool fits = recording->earlier_size + sqlite3session_changeset_size(recording->session)
	    <= (int64_t)most;
	bool well = fits && db_check(recording->db,
	    sqlite3session_changeset(recording->session, &size, &changes));

	*earlier = (struct pw_bytes){ recording->earlier, (size_t)recording->earlier_size };
	*since = (struct pw_bytes){ changes, (size_t)size };
	return well;
}

void
recording_free(struct pw_bytes *since)
{
	sqlite3_free((char *)(uintptr_t)since->data);
	*since = (struct pw_bytes){ NULL, 0 };
}

bool
recording_redo(struct recording *recording, struct pw_bytes changes)
{
	struct replay replay = { .by_force = true };

	return apply_changes(recording->db, (int)changes.size, (char *)(uintptr_t)changes.data,
	    &replay, 0);
}

bool
recording_replay(struct recording *recording, struct db *into, bool by_force,
    struct left_out *left_out)
{
	struct replay replay = { .by_force = by_force };
	void *changes = NULL;
	int size = 0;
	bool well = db_check(recording->db,
	    sqlite3session_changeset(recording->session, &size, &changes));

	assert(db_in_transaction(into) && db_fault(into) == DB_WELL && into != recording->db);
	well = well && apply_changes(into, recording->earlier_size, recording->earlier, &replay, 0)
	    && apply_changes(into, size, changes, &replay, 0);
	sqlite3_free(changes);
	*left_out = replay.left_out;
	return well;
}
