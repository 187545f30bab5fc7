/* How the store is opened for reading, and single values of it. */
#include "store/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/page.h"
#include "store/schema.h"

bool
store_daemon_runs(const char *folder)
{
	char path[PATH_MAX];
	bool runs;
	int fd;

	snprintf(path, sizeof path, "%s/lock", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	/* also where a filter of system calls refuses to tell: such processes end with the
	 * daemon */
	runs = flock(fd, LOCK_SH | LOCK_NB) != 0;
	close(fd);
	return runs;
}

int64_t
store_behind_since(const char *folder)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_MAX];
	bool behind;
	int fd;

	snprintf(path, sizeof path, "%s/store.lock", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	behind = fcntl(fd, F_OFD_GETLK, &all) == 0 && all.l_type != F_UNLCK;
	close(fd);
	return behind ? all.l_start * (int64_t)SECOND : 0;
}

/* SQLite cannot read a file with a write-ahead log where it may not write to the folder, unless it
 * is told that nobody writes; which is so where no daemon runs and no log is left. */
static bool
is_still(const char *folder, const char *path)
{
	char log[PATH_MAX + 8];

	snprintf(log, sizeof log, "%s-wal", path);
	return access(path, R_OK) == 0 && access(log, F_OK) != 0 && errno == ENOENT
	    && !store_daemon_runs(folder);
}

static enum store_reader_opening
judge(struct db *db, const struct schema *schema, struct reason *why)
{
	int version;

	switch (schema_look(db, schema, &version)) {
	case SCHEMA_CURRENT:
		return STORE_READER_OPENED;
	case SCHEMA_EMPTY:
		return STORE_READER_NOTHING;
	case SCHEMA_OLDER:
	case SCHEMA_NEWER:
		reason_set(why, "%s has version %d, and this program reads version %d",
		    schema->name, version, schema->version);
		return STORE_READER_OTHER;
	case SCHEMA_FOREIGN:
		reason_set(why, "%s is a database of something else", schema->name);
		return STORE_READER_FAILED;
	case SCHEMA_BROKEN:
		break;
	}
	reason_set(why, "%s: %s", schema->name, db_why(db));
	return STORE_READER_FAILED;
}

static struct db *
open_file(const char *folder, enum store_file file, enum store_reader_opening *opening,
    struct reason *why)
{
	const struct schema *schema = &schemas[file];
	char path[PATH_MAX];
	struct stat status;
	struct db *db;

	snprintf(path, sizeof path, "%s/%s", folder, schema->name);
	*opening = STORE_READER_NOTHING;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return NULL;
	*opening = STORE_READER_FAILED;
	/* whoever opens a pipe for reading waits for a writer */
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		reason_set(why, "%s is not a regular file", path);
		return NULL;
	}
	db = db_open(path, DB_READ);
	if (db != NULL)
		*opening = judge(db, schema, why);
	if (*opening == STORE_READER_FAILED && is_still(folder, path)) {
		db_close(&db);
		db = db_open(path, DB_STILL);
		if (db != NULL)
			*opening = judge(db, schema, why);
	}
	if (*opening != STORE_READER_OPENED)
		db_close(&db);
	return db;
}

struct db *
reader_open_file(const char *folder, enum store_file file)
{
	enum store_reader_opening opening;

	return open_file(folder, file, &opening, NULL);
}

struct store_reader *
store_reader_open(const char *folder, enum store_reader_opening *opening, struct reason *why)
{
	struct store_reader *reader = calloc(1, sizeof *reader);

	*opening = STORE_READER_FAILED;
	if (reader == NULL)
		return NULL;
	reason_set(why, "%s: nothing is kept there", folder);
	reader->main = open_file(folder, STORE_MAIN, opening, why);
	if (reader->main == NULL)
		store_reader_close(&reader);
	else
		reader->history = reader_open_file(folder, STORE_HISTORY);
	return reader;
}

void
store_reader_close(struct store_reader **reader)
{
	if (*reader == NULL)
		return;
	db_close(&(*reader)->main);
	db_close(&(*reader)->history);
	free(*reader);
	*reader = NULL;
}

const char *
store_reader_why(const struct store_reader *reader)
{
	return reader->why.text;
}

int64_t
store_read_meta(struct store_reader *reader, const char *key, void *value, size_t room)
{
	struct query *query;
	int64_t size = -1;

	if (reader != NULL && reader->source != NULL)
		return reader->source->read_meta(reader, key, value, room);
	if (reader == NULL || reader->main == NULL)
		return -1;
	db_forgive(reader->main);
	query = DB_ROW(reader->main, "SELECT value FROM meta WHERE key = ?1", BIND_TEXT(key));
	if (query != NULL) {
		struct pw_bytes bytes = query_bytes(query, 0);

		size = (int64_t)bytes.size;
		if (room > 0)
			memcpy(value, bytes.data, bytes.size < room ? bytes.size : room);
		query_reset(query);
	}
	db_forgive(reader->main);
	return size;
}
