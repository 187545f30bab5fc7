/* Opening a file that may be in any state whatever. Nothing is ever deleted: what is not ours or not sound is renamed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/shelf.h"

enum { CHECK_WHOLE_BYTES = 256 * 1024 * 1024, JOURNAL_BYTES = 64 * 1024 * 1024, NAMES_MAX = 1000,
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
	reason_set(&shelf->why, "%s: %s: %s", shelf->schema->name, doing, faulty ? db_why(shelf->db) : "failed");
}

void
shelf_fail(struct shelf *shelf, const char *doing)
{
	db_rollback(shelf->db);
	shelf_blame(shelf, STORE_CANNOT, doing);
}

/* A damaged history is met page by page: to read all of it could take minutes. So a large one is believed until damage
 * was met in it, and then no more. */
static bool
is_sound(struct shelf *shelf)
{
	int64_t bytes = db_number(shelf->db, "PRAGMA page_count", 0) * db_number(shelf->db, "PRAGMA page_size", 0);

	if (bytes > CHECK_WHOLE_BYTES && !shelf->schema->precious) {
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

/* Before a step up a copy is made, once: what a new version makes of it may not be what was wanted. It gets its name when
 * it is whole; SQLite does not sync what it copies into. */
static bool
copy_before(struct shelf *shelf, int version)
{
	char copy[PATH_MAX + 32], part[PATH_MAX + 40];
	struct query *query;

	snprintf(copy, sizeof copy, "%s.before-%d", shelf->path, version + 1);
	snprintf(part, sizeof part, "%s.part", copy);
	if (!shelf->schema->precious || access(copy, F_OK) == 0)
		return true;
	unlink(part);
	query = db_query(shelf->db, "VACUUM INTO ?1");
	if (query == NULL)
		return false;
	query_bind_text(query, 1, part);
	if (query_run(query) && sync_file(part, O_RDWR) && rename(part, copy) == 0)
		return true;
	unlink(part);
	shelf_blame(shelf, STORE_IO, "copying it before its schema changes");
	return false;
}

/* The switch to a write-ahead log is itself a transaction with a rollback journal. Unless its deletion is synced, which
 * only EXTRA does, a power cut may bring the journal back, and with it the empty file, whatever was committed since. */
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

enum look { LOOK_WELL, LOOK_NEWER, LOOK_FOREIGN, LOOK_BAD };

static enum look
look_into(struct shelf *shelf, struct store_found *found)
{
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
	found->fresh = state == SCHEMA_EMPTY;
	found->from_version = state == SCHEMA_OLDER ? version : 0;
	if (!set_up(shelf) || (state == SCHEMA_OLDER && !copy_before(shelf, version)) ||
	    (state != SCHEMA_CURRENT && !schema_raise(shelf->db, shelf->schema)))
		return LOOK_BAD;
	return is_sound(shelf) ? LOOK_WELL : LOOK_BAD;
}

/* "postwatch.db.damaged-20261123T190002Z", with a number behind it where that is taken. */
static void
name_aside(const struct shelf *shelf, char name[static 256])
{
	time_t now = (time_t)(clock_wall() / SECOND);
	struct tm utc;
	char stamp[32], path[PATH_MAX + 256];

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
	for (int i = 1; i < NAMES_MAX; i++) {
		if (i == 1)
			snprintf(name, 256, "%s.damaged-%s", shelf->schema->name, stamp);
		else
			snprintf(name, 256, "%s.damaged-%s-%d", shelf->schema->name, stamp, i);
		snprintf(path, sizeof path, "%s/%s", shelf->folder, name);
		if (access(path, F_OK) != 0)
			return;
	}
}

/* The log goes with its file: what was committed last is in it. */
static bool
set_aside(struct shelf *shelf, struct store_found *found)
{
	char from[PATH_MAX + 8], to[PATH_MAX + 300];

	found->why = shelf->why;
	name_aside(shelf, found->aside);
	snprintf(to, sizeof to, "%s/%s", shelf->folder, found->aside);
	if (rename(shelf->path, to) != 0) {
		reason_set(&shelf->why, "%s cannot be set aside as %s: %s", shelf->path, found->aside, strerror(errno));
		found->aside[0] = '\0';
		return false;
	}
	snprintf(from, sizeof from, "%s-wal", shelf->path);
	snprintf(to, sizeof to, "%s/%s-wal", shelf->folder, found->aside);
	rename(from, to);
	snprintf(from, sizeof from, "%s-shm", shelf->path);
	unlink(from);
	sync_file(shelf->folder, O_RDONLY | O_DIRECTORY);
	return true;
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
		if (!set_aside(shelf, found)) {
			shelf->trouble = STORE_DAMAGED;
			return SHELF_TROUBLED;
		}
		shelf->trouble = STORE_WELL;
		shelf->suspect = false;
		seen = look(shelf, found);
	}
	shelf->suspect = false;
	if (seen == LOOK_WELL)
		return SHELF_OPEN;
	db_close(&shelf->db);
	return seen == LOOK_NEWER ? SHELF_NEWER : SHELF_TROUBLED;
}
