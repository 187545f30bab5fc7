/* The face of the store: opening, submitting, mending. SQLite answers before store_submit returns. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store_private.h"

#define DAYS(n) ((n) * INT64_C(86400) * SECOND)
static const int64_t BALLAST = 8 * 1024 * 1024;
static const int64_t HISTORY_MAX = INT64_C(4) << 30;

static void
fill_settings(struct store_settings *settings)
{
	const struct { int64_t *value, otherwise; } rows[] = {
		{ &settings->keep_ok, DAYS(3) },         { &settings->keep_not_ok, DAYS(90) },
		{ &settings->keep_rollups, DAYS(730) },  { &settings->keep_deliveries, DAYS(730) },
		{ &settings->history_max, HISTORY_MAX }, { &settings->ballast, BALLAST },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (*rows[i].value == 0)
			*rows[i].value = rows[i].otherwise;
	}
}

/* One writer: whoever comes second is told, whatever else guards the folder. */
static enum store_opening
lock(struct store *store, struct reason *why)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/store.lock", store->folder);
	store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock < 0 && (errno == EROFS || errno == ENOSPC))
		store->lock = open(store->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->lock < 0) {
		reason_set(why, "%s: %s", path, strerror(errno));
		return STORE_FAILED;
	}
	if (flock(store->lock, LOCK_EX | LOCK_NB) == 0)
		return STORE_OPENED;
	reason_set(why, "%s: another process writes this store", store->folder);
	return errno == EWOULDBLOCK ? STORE_BUSY : STORE_FAILED;
}

static bool
read_meta(struct db *db, const char *key, void *value, size_t size)
{
	struct query *query = db_query(db, "SELECT value FROM meta WHERE key = ?1");
	bool found = false;

	if (query == NULL)
		return false;
	query_bind_text(query, 1, key);
	if (query_step(query)) {
		struct pw_bytes bytes = query_bytes(query, 0);

		found = bytes.size == size;
		if (found)
			memcpy(value, bytes.data, size);
		query_reset(query);
	}
	return found;
}

/* Numbers that were given while the file could not be read stay given. */
static void
load_counters(struct store *store, enum store_file file)
{
	struct counters loaded = { 0 }, *counters = &store->counters[file];

	read_meta(store->shelves[file].db, "counters", &loaded, sizeof loaded);
	store->kept[file] = loaded.batch != 0 && loaded.batch == store->doubtful[file] ? loaded.batch : 0;
	store->doubtful[file] = 0;
	if (loaded.batch > counters->batch)
		counters->batch = loaded.batch;
	for (int i = 0; i < STORE_NUMBERS; i++) {
		if (loaded.numbers[i] > counters->numbers[i])
			counters->numbers[i] = loaded.numbers[i];
	}
}

bool
store_load(struct store *store, enum store_file file)
{
	struct shelf *shelf = &store->shelves[file];
	bool loaded;

	load_counters(store, file);
	if (file == STORE_MAIN) {
		loaded = read_meta(shelf->db, "instance", store->instance, sizeof store->instance);
	} else {
		loaded = history_load(&store->history, shelf->db);
		tending_reset(store->tending);
	}
	if (!loaded || db_fault(shelf->db) != DB_WELL) {
		shelf_blame(shelf, STORE_DAMAGED, "reading what was kept");
		return false;
	}
	return true;
}

/* A postwatch.db that begins anew gives no number to a target that history.db knows as another one. And where numbers
 * are to be had before the file can be read, they are such as no file has reached; those of targets stay small, and hold
 * where there is no file after all. */
static void
secure_numbers(struct store *store)
{
	uint64_t *targets = &store->counters[STORE_MAIN].numbers[STORE_TARGETS];

	if (store->history.head_count > *targets) {
		for (uint64_t i = store->history.head_count - 1; i > *targets; i--) {
			if (store->history.heads[i].last != 0)
				*targets = i;
		}
	}
	if (store->shelves[STORE_MAIN].db == NULL) {
		for (int i = 0; i < STORE_NUMBERS; i++)
			if (i != STORE_TARGETS)
				store->counters[STORE_MAIN].numbers[i] = (uint64_t)(clock_wall() / MILLISECOND);
	}
}

static bool
open_file(struct store *store, enum store_file file, struct store_found *found, bool *newer)
{
	struct shelf *shelf = &store->shelves[file];
	enum shelf_opening opening = shelf_open(shelf, found);

	*newer = opening == SHELF_NEWER;
	if (opening != SHELF_OPEN)
		return false;
	if (store_load(store, file))
		return true;
	shelf_close(shelf);
	return false;
}

static enum store_opening
open_all(struct store *store, struct store_found found[STORE_FILES], struct reason *why)
{
	enum store_opening opening = lock(store, why);
	bool newer;

	for (int file = 0; file < STORE_FILES && opening == STORE_OPENED; file++) {
		struct shelf *shelf = &store->shelves[file];

		shelf_init(shelf, &schemas[file], store->folder);
		if (open_file(store, (enum store_file)file, &found[file], &newer) || !newer)
			continue;
		*why = shelf->why;
		opening = STORE_NEWER;
	}
	if (opening == STORE_OPENED) {
		secure_numbers(store);
		ballast_make(store->folder, store->settings.ballast);
	}
	return opening;
}

struct store *
store_open(const struct store_settings *settings, enum store_opening *opening, struct store_found found[STORE_FILES],
    struct reason *why)
{
	struct store *store = calloc(1, sizeof *store);

	*opening = STORE_FAILED;
	if (store == NULL)
		return NULL;
	store->lock = -1;
	store->settings = *settings;
	store->folder = strdup(settings->folder);
	store->tending = tending_create();
	fill_settings(&store->settings);
	if (store->folder != NULL && store->tending != NULL)
		*opening = open_all(store, found, why);
	else
		reason_set(why, "out of memory");
	if (*opening != STORE_OPENED)
		store_close(&store);
	return store;
}

static void
write_heads(struct store *store)
{
	struct shelf *shelf = &store->shelves[STORE_HISTORY];

	if (shelf->db == NULL || shelf->trouble != STORE_WELL || !db_begin(shelf->db))
		return;
	if (!history_flush(&store->history, shelf->db, true) || !db_commit(shelf->db))
		db_rollback(shelf->db);
}

void
store_close(struct store **store)
{
	if (*store == NULL)
		return;
	write_heads(*store);
	for (int file = 0; file < STORE_FILES; file++)
		shelf_close(&(*store)->shelves[file]);
	if ((*store)->lock >= 0)
		close((*store)->lock);
	for (int kind = 0; kind < ROW_KINDS; kind++)
		free((*store)->write_sql[kind]);
	history_fini(&(*store)->history);
	tending_destroy(&(*store)->tending);
	free((*store)->folder);
	free(*store);
	*store = NULL;
}

const unsigned char *
store_instance(const struct store *store)
{
	return store->instance;
}

uint64_t
store_number(struct store *store, enum store_numbers which)
{
	return ++store->counters[STORE_MAIN].numbers[which];
}

enum store_trouble_kind
store_trouble(const struct store *store, enum store_file file, struct reason *why)
{
	const struct shelf *shelf = &store->shelves[file];

	if (shelf->trouble != STORE_WELL && why != NULL)
		*why = shelf->why;
	return shelf->trouble;
}

bool
store_has_ballast(const struct store *store)
{
	return ballast_is_there(store->folder);
}

static enum store_answer
fail(struct store *store, struct store_batch *batch, const char *doing)
{
	struct shelf *shelf = &store->shelves[batch->file];
	bool contradicts = db_fault(shelf->db) == DB_CONSTRAINT;

	shelf_fail(shelf, doing);
	if (contradicts) {
		db_forgive(shelf->db);
		shelf->trouble = STORE_WELL;
	}
	if (contradicts && batch->file == STORE_HISTORY)
		store_load(store, STORE_HISTORY);
	if (contradicts)
		return STORE_LOST;
	store->doubtful[batch->file] = batch->number;
	return STORE_RETRY;
}

static enum store_answer
write_batch(struct store *store, struct store_batch *batch)
{
	struct shelf *shelf = &store->shelves[batch->file];

	batch->number = ++store->counters[batch->file].batch;
	if (!db_begin(shelf->db))
		return fail(store, batch, "beginning a transaction");
	if (!store_apply(store, batch))
		return fail(store, batch, "writing");
	if (!db_commit(shelf->db))
		return fail(store, batch, "committing");
	return STORE_COMMITTED;
}

static enum store_answer
keep(struct store *store, struct store_batch *batch)
{
	struct shelf *shelf = &store->shelves[batch->file];

	if (batch->no_memory)
		return STORE_LOST;
	if (batch->count == 0)
		return STORE_COMMITTED;
	if (shelf->trouble != STORE_WELL)
		return STORE_RETRY;
	if (batch->number != 0 && batch->number == store->kept[batch->file])
		return STORE_COMMITTED;
	if (!db_has_moved(shelf->db))
		return write_batch(store, batch);
	shelf_blame(shelf, STORE_MOVED, "the file was removed or replaced");
	return STORE_RETRY;
}

void
store_submit(struct store *store, struct store_batch *batch, store_done *on_done, void *arg)
{
	on_done(arg, keep(store, batch));
}

/* That a file can be opened does not say that it can be written. */
static bool
can_write(struct store *store, enum store_file file)
{
	struct shelf *shelf = &store->shelves[file];

	if (db_begin(shelf->db) &&
	    db_exec(shelf->db, "INSERT INTO meta (key, value) VALUES ('mended', randomblob(8))"
	    " ON CONFLICT (key) DO UPDATE SET value = excluded.value") && db_commit(shelf->db))
		return true;
	shelf_fail(shelf, "writing");
	return false;
}

/* Opens it again; what became of one that was removed or replaced is known before. */
static bool
open_again(struct store *store, enum store_file file, struct store_found *found)
{
	struct shelf *shelf = &store->shelves[file];
	struct store_found away = { 0 };
	bool moved = shelf->trouble == STORE_MOVED || shelf->trouble == STORE_OCCUPIED, newer;

	if (moved && !shelf_put_away(shelf, &away))
		return false;
	shelf->suspect = shelf->trouble == STORE_DAMAGED;
	shelf_close(shelf);
	if (!open_file(store, file, found, &newer)) {
		if (shelf->trouble == STORE_WELL)
			shelf->trouble = STORE_CANNOT;
		return false;
	}
	if (away.aside[0] != '\0') {
		memcpy(found->aside, away.aside, sizeof found->aside);
		found->why = away.why;
		found->first = false;
	}
	return true;
}

bool
store_mend(struct store *store, enum store_file file, struct store_found *found)
{
	struct shelf *shelf = &store->shelves[file];
	static const unsigned char never[INSTANCE_SIZE];
	unsigned char instance[INSTANCE_SIZE];

	*found = (struct store_found){ 0 };
	if (shelf->trouble == STORE_WELL)
		return true;
	if (shelf->trouble == STORE_FULL)
		ballast_free(store->folder);
	memcpy(instance, store->instance, sizeof instance);
	if (!open_again(store, file, found))
		return false;
	if (file == STORE_MAIN && memcmp(instance, never, sizeof never) != 0 &&
	    memcmp(instance, store->instance, sizeof instance) != 0)
		found->fresh = true;
	return can_write(store, file);
}
