/*
 * Opens, checks and sets aside one database file. Opening a file that may be in any state whatever.
 * Nothing is ever deleted: what is not ours or not sound is renamed.
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
#include "store/shelf.h"

enum { CHECK_WHOLE_BYTES = 32 * 1024 * 1024, COPY_BYTES_MAX = 1024 * 1024 * 1024, JOURNAL_BYTES = 64 * 1024 * 1024, NAMES_MAX = 1000,
	CACHE_KIB = 16 * 1024 }; /* the last quarter hour of some thousand targets, for their roll-ups */

void
shelf_init(struct shelf *shelf, const struct schema *schema, const char *folder)
{
	*shelf = (struct shelf){ .schema = schema, .folder = folder };
	snprintf(shelf->path, sizeof shelf->path, "%s/%s", folder, schema->name);
}

void
shelf_close(struct shelf *shelf)
{
	db_close(&shelf->db);
}

static enum store_trouble_kind
trouble_of(enum db_fault fault)
{
	switch (fault) {
	case DB_WELL:
		return STORE_WELL;
	case DB_FULL:
		return STORE_FULL;
	case DB_IO:
		return STORE_IO;
	case DB_READONLY:
		return STORE_READONLY;
	case DB_DAMAGED:
		return STORE_DAMAGED;
	case DB_BUSY:
	case DB_CONSTRAINT:
	case DB_STOPPED:
	case DB_CANNOT:
		break;
	}
	return STORE_CANNOT;
}

void
shelf_blame(struct shelf *shelf, enum store_trouble_kind otherwise, const char *doing)
{
	bool faulty = shelf->db != NULL && db_fault(shelf->db) != DB_WELL;

	shelf->trouble = faulty ? trouble_of(db_fault(shelf->db)) : otherwise;
	reason_set(&shelf->why, "%s: %s%s%s", shelf->schema->name, doing, faulty ? ": " : "", faulty ? db_why(shelf->db) : "");
}

void
shelf_fail(struct shelf *shelf, const char *doing)
{
	db_rollback(shelf->db);
	shelf_blame(shelf, STORE_CANNOT, doing);
}

static int64_t
size_of(struct shelf *shelf)
{
	return db_number(shelf->db, "PRAGMA page_count", 0) * db_number(shelf->db, "PRAGMA page_size", 0);
}

/* A large file is read in slices while it is in use (verify.h): to read all of it now could take
 * minutes, in which nobody is told anything. It is believed until damage was met in it, and then no
 * more. */
static bool
is_sound(struct shelf *shelf)
{
	if (shelf->contradicted) {
		reason_set(&shelf->why, "%s has other rows than it was left with", shelf->schema->name);
		return false;
	}
	if (size_of(shelf) > CHECK_WHOLE_BYTES) {
		reason_set(&shelf->why, "%s is damaged", shelf->schema->name);
		return db_fault(shelf->db) == DB_WELL && !shelf->suspect;
	}
	if (db_says(shelf->db, "PRAGMA quick_check(1)", "ok"))
		return true;
	if (db_fault(shelf->db) == DB_WELL)
		reason_set(&shelf->why, "%s is damaged: quick_check found a fault", shelf->schema->name);
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
copy_before(struct shelf *shelf, int version)
{
	char copy[PATH_MAX + 32], part[PATH_MAX + 40];

	snprintf(copy, sizeof copy, "%s.before-%d", shelf->path, version + 1);
	snprintf(part, sizeof part, "%s.part", copy);
	if (!shelf->schema->precious || access(copy, F_OK) == 0 || size_of(shelf) > COPY_BYTES_MAX)
		return true;
	unlink(part);
	if (DB_RUN(shelf->db, "VACUUM INTO ?1", BIND_TEXT(part)) && sync_file(part, O_RDWR) && rename(part, copy) == 0)
		return true;
	unlink(part);
	shelf_blame(shelf, STORE_IO, "copying it before its schema changes");
	return false;
}

/* The switch to a write-ahead log is itself a transaction with a rollback journal. Unless its
 * deletion is synced, which only EXTRA does, a power cut may bring the journal back, and with it
 * the empty file, whatever was committed since. */
static bool
set_up(struct shelf *shelf)
{
	char limit[96];

	db_exec(shelf->db, "PRAGMA synchronous=EXTRA");
	snprintf(limit, sizeof limit, "PRAGMA journal_size_limit=%d; PRAGMA cache_size=-%d", JOURNAL_BYTES, CACHE_KIB);
	if (!db_says(shelf->db, "PRAGMA journal_mode=WAL", "wal")) {
		if (db_fault(shelf->db) == DB_WELL)
			shelf_blame(shelf, STORE_CANNOT, "switching to a write-ahead log");
		return false;
	}
	return db_exec(shelf->db, shelf->schema->synchronous) && db_exec(shelf->db, limit);
}

static void
name_log(const struct shelf *shelf, char path[static PATH_MAX + 8])
{
	snprintf(path, PATH_MAX + 8, "%s-wal", shelf->path);
}

static bool
log_has_gone(const struct shelf *shelf)
{
	char path[PATH_MAX + 8];
	struct stat status;

	name_log(shelf, path);
	return shelf->log.st_ino != 0
	    && (stat(path, &status) != 0 || status.st_ino != shelf->log.st_ino || status.st_dev != shelf->log.st_dev);
}

bool
shelf_is_in_place(struct shelf *shelf)
{
	if (db_has_moved(shelf->db))
		shelf_blame(shelf, STORE_MOVED, "the file was removed or replaced");
	else if (log_has_gone(shelf))
		shelf_blame(shelf, STORE_LOG_GONE, "its log was removed or replaced");
	return shelf->trouble == STORE_WELL;
}

enum look { LOOK_WELL, LOOK_NEWER, LOOK_FOREIGN, LOOK_BAD };

static enum look
look_into(struct shelf *shelf, struct store_found *found)
{
	char log[PATH_MAX + 8];
	int version;
	enum schema_state state = schema_look(shelf->db, shelf->schema, &version);

	switch (state) {
	case SCHEMA_NEWER:
		reason_set(&shelf->why, "%s has version %d, and we know up to %d: it was written by a newer postwatch",
		    shelf->path, version, shelf->schema->version);
		return LOOK_NEWER;
	case SCHEMA_FOREIGN:
		reason_set(&shelf->why, "%s is a database of something else", shelf->schema->name);
		return LOOK_FOREIGN;
	case SCHEMA_BROKEN:
		return LOOK_BAD;
	case SCHEMA_EMPTY:
	case SCHEMA_OLDER:
	case SCHEMA_CURRENT:
		break;
	}
	if (state != SCHEMA_EMPTY && !schema_is_ours(shelf->db, shelf->schema, version, &shelf->known)) {
		reason_set(&shelf->why, "%s has not the tables, indexes, views and triggers of a store of version %d",
		    shelf->schema->name, version);
		return LOOK_FOREIGN;
	}
	found->fresh = state == SCHEMA_EMPTY;
	found->from_version = state == SCHEMA_OLDER ? version : 0;
	if (!set_up(shelf) || (state == SCHEMA_OLDER && !copy_before(shelf, version)) ||
	    (state != SCHEMA_CURRENT && !schema_raise(shelf->db, shelf->schema)))
		return LOOK_BAD;
	if (!is_sound(shelf))
		return LOOK_BAD;
	name_log(shelf, log);
	if (stat(log, &shelf->log) != 0)
		shelf->log = (struct stat){ 0 };
	return LOOK_WELL;
}

/* "postwatch.db.damaged-20261123T190002Z", with a number behind it where that is taken, for the
 * file or for its log. */
static void
name_aside(const struct shelf *shelf, const char *word, char name[static 256])
{
	time_t now = (time_t)(clock_wall() / SECOND);
	struct tm utc;
	char stamp[32], path[PATH_MAX + 256], log[PATH_MAX + 260];

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
	for (int i = 1; i < NAMES_MAX; i++) {
		if (i == 1)
			snprintf(name, 256, "%s.%s-%s", shelf->schema->name, word, stamp);
		else
			snprintf(name, 256, "%s.%s-%s-%d", shelf->schema->name, word, stamp, i);
		snprintf(path, sizeof path, "%s/%s", shelf->folder, name);
		snprintf(log, sizeof log, "%s-wal", path);
		if (access(path, F_OK) != 0 && access(log, F_OK) != 0)
			return;
	}
}

/* One that cannot be unlinked is a folder, and in the way. */
static void
unlink_index(const struct shelf *shelf)
{
	char path[PATH_MAX + 8], aside[PATH_MAX + 300], name[256];

	snprintf(path, sizeof path, "%s-shm", shelf->path);
	if (unlink(path) == 0 || errno == ENOENT)
		return;
	name_aside(shelf, "damaged", name);
	snprintf(aside, sizeof aside, "%s/%s-shm", shelf->folder, name);
	(void)rename(path, aside);
}

/* The log goes with its file: what was committed last is in it, or in a journal of before there was
 * one. */
static bool
set_aside(struct shelf *shelf, const char *word, struct store_found *found)
{
	static const char *const beside[] = { "-wal", "-journal" };
	char from[PATH_MAX + 8], to[PATH_MAX + 300];

	found->why = shelf->why;
	name_aside(shelf, word, found->aside);
	snprintf(to, sizeof to, "%s/%s", shelf->folder, found->aside);
	if (rename(shelf->path, to) != 0) {
		reason_set(&shelf->why, "%s cannot be set aside as %s: %s", shelf->path, found->aside, strerror(errno));
		found->aside[0] = '\0';
		return false;
	}
	for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
		snprintf(from, sizeof from, "%s%s", shelf->path, beside[i]);
		snprintf(to, sizeof to, "%s/%s%s", shelf->folder, found->aside, beside[i]);
		(void)rename(from, to);
	}
	unlink_index(shelf);
	sync_file(shelf->folder, O_RDONLY | O_DIRECTORY);
	return true;
}

static bool
move_log(struct shelf *shelf, const char *word)
{
	char from[PATH_MAX + 8], to[PATH_MAX + 300], name[256];

	name_log(shelf, from);
	name_aside(shelf, word, name);
	snprintf(to, sizeof to, "%s/%s-wal", shelf->folder, name);
	if (rename(from, to) == 0)
		return true;
	reason_set(&shelf->why, "%s cannot be set aside as %s-wal: %s", from, name, strerror(errno));
	return false;
}

/* The log of a file that has gone: whatever lies in its place now, SQLite would take it for the log
 * of that. */
static bool
set_log_aside(struct shelf *shelf)
{
	if (shelf->log.st_ino == 0 || log_has_gone(shelf))
		return true;
	unlink_index(shelf);
	return move_log(shelf, "gone");
}

/* What lies where it was is not to be taken for it, nor removed as if it were. */
bool
shelf_take_log(struct shelf *shelf)
{
	char path[PATH_MAX + 8];

	name_log(shelf, path);
	db_forgive(shelf->db);
	if (db_empty_log(shelf->db))
		return access(path, F_OK) != 0 || move_log(shelf, "replaced");
	reason_set(&shelf->why, "%s: its log was removed or replaced, and what that has cannot be written to the file: %s",
	    shelf->schema->name, db_fault(shelf->db) == DB_WELL ? "others read it" : db_why(shelf->db));
	return false;
}

static bool
is_newer(struct shelf *shelf)
{
	struct db *db = db_open(shelf->path, DB_STILL);
	int version;
	bool newer = db != NULL && schema_look(db, shelf->schema, &version) == SCHEMA_NEWER;

	db_close(&db);
	if (newer)
		reason_set(&shelf->why, "%s was replaced by one that a newer Postwatch has written", shelf->path);
	return newer;
}

bool
shelf_put_away(struct shelf *shelf, struct store_found *found)
{
	struct stat status;
	bool there = stat(shelf->path, &status) == 0;

	if (!set_log_aside(shelf))
		return false;
	if (there && is_newer(shelf)) {
		shelf->trouble = STORE_OCCUPIED;
		return false;
	}
	reason_set(&shelf->why, "it was put in the place of the one that was written; stop Postwatch before a backup is put back");
	return !there || set_aside(shelf, "replaced", found);
}

/* SQLite takes a file without a byte for one that was never used, and removes its log. */
static bool
is_emptied(struct shelf *shelf)
{
	char path[PATH_MAX + 8];
	struct stat file, log;

	name_log(shelf, path);
	if (stat(shelf->path, &file) != 0 || file.st_size > 0 || !S_ISREG(file.st_mode) || stat(path, &log) != 0 || log.st_size == 0)
		return false;
	reason_set(&shelf->why, "%s is empty, and its log is not", shelf->schema->name);
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
is_no_file(struct shelf *shelf)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	char path[PATH_MAX + 16];
	struct stat status;

	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		snprintf(path, sizeof path, "%s%s", shelf->path, suffixes[i]);
		if (lstat(path, &status) != 0 || S_ISREG(status.st_mode) || (i == 0 && is_own_link(path, &status)))
			continue;
		reason_set(&shelf->why, "%s%s is no file, or a link of somebody else's", shelf->schema->name, suffixes[i]);
		return true;
	}
	return false;
}

/* The file is for nobody else; its log gets the mode that it has. */
static bool
try_open(struct shelf *shelf)
{
	int fd = open(shelf->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	shelf->db = db_open(shelf->path, DB_WRITE);
	if (shelf->db != NULL && db_fault(shelf->db) == DB_WELL)
		return true;
	shelf_blame(shelf, STORE_CANNOT, "opening");
	return false;
}

/* One look at the file. */
static enum look
look(struct shelf *shelf, struct store_found *found)
{
	enum look seen;

	shelf->why.text[0] = '\0';
	if (is_no_file(shelf) || is_emptied(shelf))
		return LOOK_FOREIGN;
	if (!try_open(shelf))
		return LOOK_BAD;
	seen = look_into(shelf, found);
	if (seen == LOOK_BAD && db_fault(shelf->db) != DB_WELL)
		shelf_blame(shelf, STORE_CANNOT, "opening");
	else if (seen == LOOK_BAD && shelf->trouble == STORE_WELL)
		shelf->trouble = STORE_DAMAGED;
	return seen;
}

enum shelf_opening
shelf_open(struct shelf *shelf, struct store_found *found)
{
	struct stat status;
	enum look seen;

	*found = (struct store_found){ .first = stat(shelf->path, &status) != 0 && errno == ENOENT };
	shelf->trouble = STORE_WELL;
	seen = look(shelf, found);
	if (seen == LOOK_FOREIGN || (seen == LOOK_BAD && shelf->trouble == STORE_DAMAGED)) {
		db_close(&shelf->db);
		if (!set_aside(shelf, "damaged", found)) {
			shelf->trouble = STORE_DAMAGED;
			return SHELF_TROUBLED;
		}
		shelf->trouble = STORE_WELL;
		shelf->suspect = shelf->contradicted = false;
		seen = look(shelf, found);
	}
	shelf->suspect = shelf->contradicted = false;
	if (seen == LOOK_WELL)
		return SHELF_OPEN;
	db_close(&shelf->db);
	return seen == LOOK_NEWER ? SHELF_NEWER : SHELF_TROUBLED;
}
