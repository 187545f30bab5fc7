/*
 * The store's interface for its one writer: opening, submitting batches, trouble. SQLite answers
 * before store_submit returns.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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
		{ &settings->keep_incidents, DAYS(730) },
		{ &settings->history_max, HISTORY_MAX }, { &settings->ballast, BALLAST },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (*rows[i].value == 0)
			*rows[i].value = rows[i].otherwise;
	}
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
		*opening = store_open_all(store, found, why);
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

/* None of those that were reserved was given. */
static void
write_numbers(struct store *store)
{
	struct shelf *shelf = &store->shelves[STORE_MAIN];

	if (shelf->db == NULL || shelf->trouble != STORE_WELL || !db_begin(shelf->db))
		return;
	if (!store_apply_counters(store, STORE_MAIN, 0) || !db_commit(shelf->db))
		db_rollback(shelf->db);
}

void
store_close(struct store **store)
{
	if (*store == NULL)
		return;
	write_heads(*store);
	write_numbers(*store);
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
	uint64_t *number = &store->counters[STORE_MAIN].numbers[which];
	uint64_t now = (uint64_t)clock_wall();

	++*number;
	if (which != STORE_TARGETS && *number > store->reserved[which] && *number < now)
		*number = now;
	return *number;
}

struct sequence
store_sequence(const struct store *store, enum store_file file)
{
	return store->sequences[file];
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
store_renew_ballast(struct store *store)
{
	ballast_make(store->folder, store->settings.ballast);
	return ballast_is_there(store->folder);
}

/* A lock that nobody waits for, on the byte whose place is the time: it needs no space and no writing. */
void
store_say_behind(struct store *store, int64_t since)
{
	struct flock all = { .l_type = F_UNLCK, .l_whence = SEEK_SET };
	struct flock one = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = since / SECOND, .l_len = 1 };

	(void)fcntl(store->lock, F_OFD_SETLK, &all);
	if (since != 0)
		(void)fcntl(store->lock, F_OFD_SETLK, &one);
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
	if (batch->file == STORE_MAIN)
		store_note_reserved(store);
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
	if (db_has_moved(shelf->db))
		shelf_blame(shelf, STORE_MOVED, "the file was removed or replaced");
	else if (shelf_log_has_gone(shelf))
		shelf_blame(shelf, STORE_LOG_GONE, "its log was removed or replaced");
	else
		return write_batch(store, batch);
	return STORE_RETRY;
}

void
store_submit(struct store *store, struct store_batch *batch, store_done *on_done, void *arg)
{
	on_done(arg, keep(store, batch));
}
