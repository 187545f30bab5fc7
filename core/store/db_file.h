/*
 * One of the two SQLite files of the store, postwatch.db or history.db, as its only writer, the
 * keeper, has it open: opens and checks it, brings it up to the newest version of the schema,
 * renames it where it is damaged, and keeps what is known of its trouble.
 */
#pragma once

#include <limits.h>
#include <sys/stat.h>

#include "store/schema.h"

struct db_file {
	const struct schema *schema;
	const char *folder;
	char path[PATH_MAX], log_path[PATH_MAX + 8]; /* its own, and of its write-ahead log */
	struct db *db;             /* NULL where it could not be opened */
	enum store_trouble_kind trouble;
	struct reason why;
	bool suspect;              /* damage was met in it */
	/* it has other rows than it was left with: it is not sound, whatever SQLite finds */
	bool contradicted;
	struct stat log;           /* of the log, when it was opened */
};

enum db_file_opening { DB_FILE_OPEN, DB_FILE_TROUBLED, DB_FILE_NEWER };

void db_file_init(struct db_file *, const struct schema *, const char *folder);

/* Opens what lies there, whatever its state. Whoever calls knows best whether an empty one is a
 * surprise. */
enum db_file_opening db_file_open(struct db_file *, struct store_found *found);

/* Of a file that was removed or replaced under us: its log is set aside, and so is what lies in its
 * place, unless a newer version has written that. To be called before the file is closed, which
 * removes what is called as its log. */
bool db_file_put_away(struct db_file *, struct store_found *);

/* Whether the file and its log still lie where those are that are written to; else takes note of
 * the trouble. */
bool db_file_is_in_place(struct db_file *);

/* Has the file take all that is in such a log, and sets aside what lies in its place. False where
 * readers hold it, or on a fault. */
bool db_file_take_log(struct db_file *);

/* Takes note of the connection's fault (or of `otherwise` where it has none). */
void db_file_blame(struct db_file *, enum store_trouble_kind otherwise, const char *doing);

/* Rolls back, and takes note. */
void db_file_fail(struct db_file *, const char *doing);
