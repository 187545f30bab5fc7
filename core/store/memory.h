/*
 * For the writer of the store: a database in memory that stands in for postwatch.db while that
 * cannot be written (disk full, an error). It has the same schema, so the same statements read and
 * write it. What changes in it is recorded, and done in the file when that is well.
 */
#pragma once

#include <stdbool.h>

#include <postwatch/probe.h>

#include "store/db.h"

/* Evidence is left out of it beyond the first size. It never gets larger than the last; and where
 * it has grown by the second since it was opened, what is over goes that came since: evidence of
 * what has ended, then notices of it that were told, with their deliveries, then the incidents, the
 * oldest of each first. */
enum { MEMORY_EVIDENCE_MAX = 32 * 1024 * 1024, MEMORY_GROWTH_MAX = 16 * 1024 * 1024,
    MEMORY_MAX = 64 * 1024 * 1024 };

struct memory;

/* A new one with what is open, and what may yet be told, as far as it can be read `from` the file
 * (NULL: nothing can). NULL if out of memory. */
struct memory *memory_open(struct db *from);
void memory_close(struct memory **);

/* Where it is read and written. */
struct db *memory_db(struct memory *);

/* Returns whether evidence still finds room. */
bool memory_has_room(struct memory *);
/* A statement found no room (DB_FULL): what is over goes, or else evidence of what is not. Returns
 * false if there was neither. */
bool memory_make_room(struct memory *);
/* What was done is whole: keeps within its bounds what has grown. Returns false if there is no
 * memory. */
bool memory_tend(struct memory *);
/* Rows that have gone so, and are lost. */
uint64_t memory_lost(const struct memory *);
/* Bytes that it takes, with what is recorded. */
int64_t memory_bytes(const struct memory *);

/* The transaction of the file with this number was tried, and held all that has changed in memory
 * so far. If it turns out to have been kept although it failed (memory_was_kept()), that is not
 * done again. Returns false if there is no memory. */
bool memory_note_tried(struct memory *, uint64_t number);
void memory_was_kept(struct memory *, uint64_t number);

/* Writes what has changed, within a transaction of the file, whose schema is known to be ours: into
 * another one SQLite would write nothing, and say so to nobody, and triggers would fire. Or, into a
 * file that begins anew, all that there is. Rows that are refused are counted. Return false on a
 * fault of the file; DB_CONSTRAINT: it has other rows than it had. */
bool memory_write_changes(struct memory *, struct db *file, uint64_t *refused);
bool memory_write_all(struct memory *, struct db *file, uint64_t *refused);

/* What it is to be begun again from by who comes next: all changes, in two parts, and the number of
 * the transaction that was tried with the first of them, 0: none was. */
struct memory_changes {
	struct pw_bytes earlier, since;
	uint64_t tried;
};
/* Returns false if they are more than `most` bytes, or there is no memory. */
bool memory_read_changes(struct memory *, size_t most, struct memory_changes *);
void memory_free_changes(struct memory_changes *);
/* Does them, in one that has just been opened from a file that has none of them, or, `was_kept`,
 * the first part. Returns false on a fault. */
bool memory_redo(struct memory *, const struct memory_changes *, bool was_kept);

/* Returns whether all that was wanted of a file was read when it was opened, and whether there was
 * one. */
bool memory_is_whole(const struct memory *);
bool memory_knows_file(const struct memory *);
