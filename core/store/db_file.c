/*
 * For the writer of the store: opens, checks and sets aside one of its two database files, which
 * may be in any state whatever. Nothing is ever deleted: a file that is not ours or not sound is
 * renamed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/query.h"
#include "store/db_file.h"

enum { CHECK_WHOLE_BYTES = 32 * 1024 * 1024, COPY_BYTES_MAX = 1024 * 1024 * 1024,
	JOURNAL_BYTES = 64 * 1024 * 1024, NAMES_MAX = 1000,
	/* the last quarter hour of some thousand targets, for their roll-ups */
	CACHE_KIB = 16 * 1024 };

void
db_file_init(struct db_file *db_file, const struct schema *schema, const char *folder)
{
	*db_file = (struct db_file){ .schema = schema, .folder = folder };
	snprintf(db_file->path, sizeof db_file->path, "%s/%s", folder, schema->name);
	snprintf(db_file->log_path, sizeof db_file->log_path, "%s-wal", db_file->path);
}

static const enum store_trouble_kind troubles[] = { [DB_WELL] = STORE_WELL,
	[DB_FULL] = STORE_FULL, [DB_IO] = STORE_IO, [DB_READONLY] = STORE_READONLY,
	[DB_DAMAGED] = STORE_DAMAGED, [DB_BUSY] = STORE_CANNOT, [DB_CONSTRAINT] = STORE_CANNOT,
	[DB_STOPPED] = STORE_CANNOT, [DB_CANNOT] = STORE_CANNOT };

void
db_file_blame(struct db_file *db_file, enum store_trouble_kind otherwise, const char *doing)
{
	bool faulty = db_file->db != NULL && db_fault(db_file->db) != DB_WELL;

	db_file->trouble = faulty ? troubles[db_fault(db_file->db)] : otherwise;
	reason_set(&db_file->why, "%s: %s%s%s", db_file->schema->name, doing, faulty ? ": " : "",
	    faulty ? db_why(db_file->db) : "");
}

void
db_file_fail(struct db_file *db_file, const char *doing)
{
	db_rollback(db_file->db);
	db_file_blame(db_file, STORE_CANNOT, doing);
}

static int64_t
size_of(struct db_file *db_file)
{
	return db_number(db_file->db, "PRAGMA page_count", 0) * db_number(db_file->db,
	    "PRAGMA page_size", 0);
}

/* A large file is read in slices while it is in use (verify.h): to read all of it now could take
 * minutes, in which nobody is told anything. It is believed until damage was met in it, and then no
 * more. */
static bool
is_sound(struct db_file *db_file)
{
	if (db_file->contradicted) {
		reason_set(&db_file->why, "%s has other rows than it was left with",
		    db_file->schema->name);
		return false;
	}
	if (size_of(db_file) > CHECK_WHOLE_BYTES) {
		reason_set(&db_file->why, "%s is damaged", db_file->schema->name);
		return db_fault(db_file->db) == DB_WELL && !db_file->suspect;
	}
	if (db_says(db_file->db, "PRAGMA quick_check(1)", "ok"))
		return true;
	if (db_fault(db_file->db) == DB_WELL)
		reason_set(&db_file->why, "%s is damaged: quick_check found a fault",
		    db_file->schema->name);
	return false;
}

static bool
sync_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	bool synced = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return synced;
}

/* Before a step up a copy is made, once: what a new version makes of it may not be what was wanted.
 * It gets its name when it is whole; SQLite does not sync what it copies into. Of a file so large
 * that the copy would take minutes none is made. */
static bool
copy_before(struct db_file *db_file, int version)
{
	char copy[PATH_MAX + 32], part[PATH_MAX + 40];

	snprintf(copy, sizeof copy, "%s.before-%d", db_file->path, version + 1);
	snprintf(part, sizeof part, "%s.part", copy);
	if (!db_file->schema->precious || access(copy, F_OK) == 0
	    || size_of(db_file) > COPY_BYTES_MAX)
		return true;
	unlink(part);
	if (DB_RUN(db_file->db, "VACUUM INTO ?1", BIND_TEXT(part)) && sync_file(part, O_RDWR)
	    && rename(part, copy) == 0)
		return true;
	unlink(part);
	db_file_blame(db_file, STORE_IO, "copying it before its schema changes");
	return false;
}

/* The switch to a write-ahead log is itself a transaction with a rollback journal. Unless its
 * deletion is synced, which only EXTRA does, a power cut may bring the journal back, and with it
 * the empty file, whatever was committed since. */
static bool
set_up(struct db_file *db_file)
{
	char limit[96];

	db_exec(db_file->db, "PRAGMA synchronous=EXTRA");
	snprintf(limit, sizeof limit, "PRAGMA journal_size_limit=%d; PRAGMA cache_size=-%d",
	    JOURNAL_BYTES, CACHE_KIB);
	if (!db_says(db_file->db, "PRAGMA journal_mode=WAL", "wal")) {
		if (db_fault(db_file->db) == DB_WELL)
			db_file_blame(db_file, STORE_CANNOT, "switching to a write-ahead log");
		return false;
	}
	return db_exec(db_file->db, db_file->schema->synchronous) && db_exec(db_file->db, limit);
}

static bool
log_has_gone(const struct db_file *db_file)
{
	struct stat status;

	return db_file->log.st_ino != 0
	    && (stat(db_file->log_path, &status) != 0 || status.st_ino != db_file->log.st_ino || status.st_dev
	    != db_file->log.st_dev);
}

bool
db_file_is_in_place(struct db_file *db_file)
{
	if (db_has_moved(db_file->db))
		db_file_blame(db_file, STORE_MOVED, "the file was removed or replaced");
	else if (log_has_gone(db_file))
		db_file_blame(db_file, STORE_LOG_GONE, "its log was removed or replaced");
	return db_file->trouble == STORE_WELL;
}

enum look { LOOK_WELL, LOOK_NEWER, LOOK_FOREIGN, LOOK_BAD };

static enum look
look_into(struct db_file *db_file, struct store_found *found)
{
	int version;
	enum schema_state state = schema_look(db_file->db, db_file->schema, &version);

	switch (state) {
	case SCHEMA_NEWER:
		reason_set(&db_file->why,
		    "%s has version %d, and we know up to %d: it was written by a newer postwatch",
		    db_file->path, version, db_file->schema->version);
		return LOOK_NEWER;
	case SCHEMA_FOREIGN:
		reason_set(&db_file->why, "%s is a database of something else",
		    db_file->schema->name);
		return LOOK_FOREIGN;
	case SCHEMA_BROKEN:
		return LOOK_BAD;
	case SCHEMA_EMPTY:
	case SCHEMA_OLDER:
	case SCHEMA_CURRENT:
		break;
	}
	if (state != SCHEMA_EMPTY && !schema_is_ours(db_file->db, db_file->schema, version)) {
		reason_set(&db_file->why,
		    "%s has not the tables, indexes, views and triggers of a store of version %d",
		    db_file->schema->name, version);
		return LOOK_FOREIGN;
	}
	found->fresh = state == SCHEMA_EMPTY;
	found->from_version = state == SCHEMA_OLDER ? version : 0;
	if (!set_up(db_file) || (state == SCHEMA_OLDER && !copy_before(db_file, version)) ||
	    (state != SCHEMA_CURRENT && !schema_raise(db_file->db, db_file->schema)))
		return LOOK_BAD;
	if (!is_sound(db_file))
		return LOOK_BAD;
	if (stat(db_file->log_path, &db_file->log) != 0)
		db_file->log = (struct stat){ 0 };
	return LOOK_WELL;
}

/* "postwatch.db.damaged-20261123T190002Z", with a number behind it where that is taken, for the
 * file or for its log. */
static void
name_aside(const struct db_file *db_file, const char *word, char name[static 256])
{
	time_t now = (time_t)(clock_wall() / SECOND);
	struct tm utc;
	char stamp[32], path[PATH_MAX + 256], log[PATH_MAX + 260];

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
	for (int i = 1; i < NAMES_MAX; i++) {
		if (i == 1)
			snprintf(name, 256, "%s.%s-%s", db_file->schema->name, word, stamp);
		else
			snprintf(name, 256, "%s.%s-%s-%d", db_file->schema->name, word, stamp, i);
		snprintf(path, sizeof path, "%s/%s", db_file->folder, name);
		snprintf(log, sizeof log, "%s-wal", path);
		if (access(path, F_OK) != 0 && access(log, F_OK) != 0)
			return;
	}
}

/* One that cannot be unlinked is a folder, and in the way. */
static void
unlink_index(const struct db_file *db_file)
{
	char path[PATH_MAX + 8], aside[PATH_MAX + 300], name[256];

	snprintf(path, sizeof path, "%s-shm", db_file->path);
	if (unlink(path) == 0 || errno == ENOENT)
		return;
	name_aside(db_file, "damaged", name);
	snprintf(aside, sizeof aside, "%s/%s-shm", db_file->folder, name);
	(void)rename(path, aside);
}

/* The log goes with its file: what was committed last is in it, or in a journal of before there was
 * one. */
static bool
set_aside(struct db_file *db_file, const char *word, struct store_found *found)
{
	static const char *const beside[] = { "-wal", "-journal" };
	char from[PATH_MAX + 8], to[PATH_MAX + 300];

	found->why = db_file->why;
	name_aside(db_file, word, found->aside);
	snprintf(to, sizeof to, "%s/%s", db_file->folder, found->aside);
	if (rename(db_file->path, to) != 0) {
		reason_set(&db_file->why, "%s cannot be set aside as %s: %s", db_file->path,
		    found->aside, strerror(errno));
		found->aside[0] = '\0';
		return false;
	}
	for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
		snprintf(from, sizeof from, "%s%s", db_file->path, beside[i]);
		snprintf(to, sizeof to, "%s/%s%s", db_file->folder, found->aside, beside[i]);
		(void)rename(from, to);
	}
	unlink_index(db_file);
	sync_file(db_file->folder, O_RDONLY | O_DIRECTORY);
	return true;
}

static bool
move_log(struct db_file *db_file, const char *word)
{
	char to[PATH_MAX + 300], name[256];

	name_aside(db_file, word, name);
	snprintf(to, sizeof to, "%s/%s-wal", db_file->folder, name);
	if (rename(db_file->log_path, to) == 0)
		return true;
	reason_set(&db_file->why, "%s cannot be set aside as %s-wal: %s", db_file->log_path, name,
	    strerror(errno));
	return false;
}

/* What lies where it was is not to be taken for it, nor removed as if it were. */
bool
db_file_take_log(struct db_file *db_file)
{
	db_forgive(db_file->db);
	if (db_empty_log(db_file->db))
		return access(db_file->log_path, F_OK) != 0 || move_log(db_file, "replaced");
	reason_set(&db_file->why, "%s: its log was removed or replaced, and what that has cannot be"
	    " written to the file: %s",
	    db_file->schema->name, db_fault(db_file->db) == DB_WELL ? "others read it"
	    : db_why(db_file->db));
	return false;
}

bool
db_file_put_away(struct db_file *db_file, struct store_found *found)
{
	struct stat status;
	bool there = stat(db_file->path, &status) == 0, is_newer;
	struct db *db;
	int version;

	/* The log of a file that has gone: whatever lies in the place of that now, SQLite would take
	 * it for its log. */
	if (db_file->log.st_ino != 0 && !log_has_gone(db_file)) {
		unlink_index(db_file);
		if (!move_log(db_file, "gone"))
			return false;
	}
	db = there ? db_open(db_file->path, DB_STILL) : NULL;
	is_newer = db != NULL && schema_look(db, db_file->schema, &version) == SCHEMA_NEWER;
	db_close(&db);
	if (is_newer) {
		reason_set(&db_file->why,
		    "%s was replaced by one that a newer Postwatch has written", db_file->path);
		db_file->trouble = STORE_OCCUPIED;
		return false;
	}
	reason_set(&db_file->why, "it was put in the place of the one that was written; stop"
	    " Postwatch before a backup is put back");
	return !there || set_aside(db_file, "replaced", found);
}

/* SQLite takes a file without a byte for one that was never used, and removes its log. */
static bool
is_emptied(struct db_file *db_file)
{
	struct stat file, log;

	if (stat(db_file->path, &file) != 0 || file.st_size > 0 || !S_ISREG(file.st_mode)
	    || stat(db_file->log_path, &log) != 0 || log.st_size == 0)
		return false;
	reason_set(&db_file->why, "%s is empty, and its log is not", db_file->schema->name);
	return true;
}

/* A link that we or root have made leads to where the file is meant to lie; whoever else could make
 * one could have us write to any file of ours. */
static bool
is_own_link(const char *path, const struct stat *status)
{
	struct stat target;

	return S_ISLNK(status->st_mode) && (status->st_uid == 0 || status->st_uid == geteuid())
	    && (stat(path, &target) != 0 || S_ISREG(target.st_mode));
}

/* What is no file cannot be made one by waiting: a folder, a FIFO, a device, in the place of the
 * file or of what SQLite lays beside it. */
static bool
is_no_file(struct db_file *db_file)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	char path[PATH_MAX + 16];
	struct stat status;

	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		snprintf(path, sizeof path, "%s%s", db_file->path, suffixes[i]);
		if (lstat(path, &status) != 0 || S_ISREG(status.st_mode)
		    || (i == 0 && is_own_link(path, &status)))
			continue;
		reason_set(&db_file->why, "%s%s is no file, or a link of somebody else's",
		    db_file->schema->name, suffixes[i]);
		return true;
	}
	return false;
}

/* One look at the file. */
static enum look
look(struct db_file *db_file, struct store_found *found)
{
	enum look seen;
	int fd;

	db_file->why.text[0] = '\0';
	if (is_no_file(db_file) || is_emptied(db_file))
		return LOOK_FOREIGN;
	/* The file is for nobody else; its log gets the mode that it has. */
	fd = open(db_file->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	db_file->db = db_open(db_file->path, DB_WRITE);
	if (db_file->db == NULL || db_fault(db_file->db) != DB_WELL) {
		db_file_blame(db_file, STORE_CANNOT, "opening");
		return LOOK_BAD;
	}
	seen = look_into(db_file, found);
	if (seen == LOOK_BAD && db_fault(db_file->db) != DB_WELL)
		db_file_blame(db_file, STORE_CANNOT, "opening");
	else if (seen == LOOK_BAD && db_file->trouble == STORE_WELL)
		db_file->trouble = STORE_DAMAGED;
	return seen;
}

enum db_file_opening
db_file_open(struct db_file *db_file, struct store_found *found)
{
	struct stat status;
	enum look seen;

	*found = (struct store_found){ .first = stat(db_file->path, &status) != 0
	    && errno == ENOENT };
	db_file->trouble = STORE_WELL;
	seen = look(db_file, found);
	if (seen == LOOK_FOREIGN || (seen == LOOK_BAD && db_file->trouble == STORE_DAMAGED)) {
		db_close(&db_file->db);
		if (!set_aside(db_file, "damaged", found)) {
			db_file->trouble = STORE_DAMAGED;
			return DB_FILE_TROUBLED;
		}
		db_file->trouble = STORE_WELL;
		db_file->suspect = db_file->contradicted = false;
		seen = look(db_file, found);
	}
	db_file->suspect = db_file->contradicted = false;
	if (seen == LOOK_WELL)
		return DB_FILE_OPEN;
	db_close(&db_file->db);
	return seen == LOOK_NEWER ? DB_FILE_NEWER : DB_FILE_TROUBLED;
}
