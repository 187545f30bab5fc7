/*
 * Rows carried from one connection to another, for the database in memory that stands in for
 * postwatch.db (store/memory.h): tables that are copied, and changes that were recorded by SQLite's
 * session extension. That records the last values of rows, by their keys.
 */
#pragma once

#include <postwatch/probe.h>

#include "store/db.h"

/* Copies the rows of a table that `tail` chooses, all columns of them, and those that are refused
 * (DB_CONSTRAINT) are counted. Returns false if not all could be read, or written; each connection
 * has its fault then. */
bool transfer_table(struct db *into, struct db *from, const char *table, const char *tail,
    uint64_t *refused);

struct recording;

/* Records the changes of all tables from now on; ends before the connection is closed. NULL: no
 * memory. */
struct recording *recording_begin(struct db *);
void recording_end(struct recording **);

/* What was recorded so far is kept apart, together with what was before. Returns false if there is
 * no memory. */
bool recording_part(struct recording *);
/* What was kept apart is not needed any more. */
void recording_forget_earlier(struct recording *);

/* Bytes of memory that it takes: what was kept apart, and something for each key that was written
 * since, also where the row has gone again. */
int64_t recording_bytes(const struct recording *);
/* Leaves only what is needed of it: undoes all that was recorded since the last part, and does it
 * once more. No transaction is open. Returns false if there is no memory: the connection has lost
 * rows then, and is not to be used any more. */
bool recording_compact(struct recording *);

/* All that was recorded: the changes that were kept apart, which stay the recording's, and those
 * since, to be freed by recording_free(). Returns false if that is more than `most` bytes, or there
 * is no memory. */
bool recording_read(struct recording *, size_t most, struct pw_bytes *earlier,
    struct pw_bytes *since);
void recording_free(struct pw_bytes *since);
/* Does in the connection what another recording has of one that began alike, by force. Returns
 * false on a fault. */
bool recording_redo(struct recording *, struct pw_bytes changes);

/* What was left out because it contradicts a UNIQUE constraint, and whether rows refer to what is
 * not there, which a COMMIT does not allow. */
struct left_out {
	uint64_t rows;
	bool dangling;
};

/* Does in `into`, in the transaction that is open there, all that was recorded. Where rows are not
 * as they were before, it fails with DB_CONSTRAINT, or, `by_force`, puts them in the place of those
 * that are there. The tables have to be the same: of others SQLite says nothing. */
bool recording_replay(struct recording *, struct db *into, bool by_force, struct left_out *);
