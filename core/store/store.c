/*
 * The store for its one writer, the keeper: opens it, takes batches of row operations, and says
 * which trouble a file is in.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/reserve.h"
#include "store/store_private.h"

#define DAYS(n) ((n) * INT64_C(86400) * SECOND)
static const int64_t BALLAST = 8 * 1024 * 1024, REDO = 8 * 1024 * 1024;
static const int64_t HISTORY_MAX = INT64_C(4) << 30;

static void
fill_settings(struct store_settings *settings)
{
	const struct { int64_t *value, otherwise; } rows[] = {
		{ &settings->keep_ok, DAYS(3) },         { &settings->keep_not_ok, DAYS(90) },
		{ &settings->keep_rollups, DAYS(730) },  { &settings->keep_deliveries, DAYS(730) },
		{ &settings->keep_incidents, DAYS(730) },
		{ &settings->history_max, HISTORY_MAX }, { &settings->ballast, BALLAST },
		{ &settings->redo, REDO },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (*rows[i].value == 0)
			*rows[i].value = rows[i].otherwise;
	}
}

struct store *
store_open(const struct store_settings *settings, enum store_opening *opening,
    struct store_found found[STORE_FILES], struct reason *why)
{
	struct store *store = calloc(1, sizeof *store);

	*opening = STORE_FAILED;
	if (store == NULL)
		return NULL;
	store->lock = -1;
	store->settings = *settings;
	store->folder = strdup(settings->folder);
	snprintf(store->ballast, sizeof store->ballast, "%s/ballast", settings->folder);
	fill_settings(&store->settings);
	if (store->folder != NULL)
		*opening = store_open_all(store, found, why);
	else
		reason_set(why, "out of memory");
	if (*opening != STORE_OPENED)
		store_close(&store);
	return store;
}

/* The heads of history.db; numbers of postwatch.db, of which none that was reserved was given. */
static void
write_last(struct store *store, enum store_file file)
{
	struct db_file *db_file = &store->db_files[file];
	bool written;

	if (db_file->db == NULL || db_file->trouble != STORE_WELL || !db_begin(db_file->db))
		return;
	written = file == STORE_HISTORY ? history_flush(&store->history, db_file->db, true)
	    : store_apply_counters(store, STORE_MAIN, 0);
	if (!written || !db_commit(db_file->db))
		db_rollback(db_file->db);
}

void
store_close(struct store **store)
{
	if (*store == NULL)
		return;
	if ((*store)->group != NULL)
		db_rollback((*store)->db_files[STORE_MAIN].db);
	/* Readers first: the log goes with the last connection, if that is one that writes. */
	store_reader_close(&(*store)->still);
	db_close(&(*store)->reader.history);
	memory_close(&(*store)->memory);
	redo_close(&(*store)->redo);
	write_last(*store, STORE_HISTORY);
	write_last(*store, STORE_MAIN);
	for (int file = 0; file < STORE_FILES; file++) {
		struct db_file *of = &(*store)->db_files[file];

		/* A full disk has no room to make the log and its index anew. */
		if (of->db != NULL && (of->trouble == STORE_FULL || of->trouble == STORE_IO))
			db_keep_log(of->db);
		db_close(&of->db);
	}
	if ((*store)->lock >= 0)
		close((*store)->lock);
	for (int find = 0; find < FINDS; find++)
		store_batch_destroy(&(*store)->found[find]);
	history_fini(&(*store)->history);
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
	const struct db_file *db_file = &store->db_files[file];

	if (db_file->trouble != STORE_WELL && why != NULL)
		*why = db_file->why;
	return db_file->trouble;
}

void
store_make_reserve(struct store *store)
{
	reserve_space(store->ballast, store->settings.ballast);
	if (store->redo == NULL)
		store->redo = redo_open(store->folder, store->settings.redo);
}

bool
store_renew_reserve(struct store *store)
{
	store_make_reserve(store);
	return access(store->ballast, F_OK) == 0;
}

/* A lock that nobody waits for, on the byte whose place is the time: it needs no space and no
 * writing. */
void
store_say_behind(struct store *store, int64_t since)
{
	struct flock all = { .l_type = F_UNLCK, .l_whence = SEEK_SET };
	struct flock one = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = since / SECOND,
	    .l_len = 1 };

	(void)fcntl(store->lock, F_OFD_SETLK, &all);
	if (since != 0)
		(void)fcntl(store->lock, F_OFD_SETLK, &one);
}

struct db *
store_current(const struct store *store)
{
	struct db *file = store->db_files[STORE_MAIN].db;

	if (store->memory != NULL)
		return memory_db(store->memory);
	return file == NULL && store->still != NULL ? store->still->main : file;
}

struct store_reader *
store_inside(struct store *store)
{
	if (store_current(store) == NULL)
		store->still = store_reader_open(store->folder, &(enum store_reader_opening){ 0 },
		    NULL);
	if (store->reader.history == NULL)
		store->reader.history = reader_open_file(store->folder, STORE_HISTORY);
	store->reader.main = store_current(store); /* so it stays until that is another */
	store->reader.no_memory = &store->no_memory;
	return &store->reader;
}

void
store_let_go(struct store *store)
{
	if (store->db_files[STORE_MAIN].db != NULL)
		db_let_go(store->db_files[STORE_MAIN].db);
}

bool
store_is_read(const struct store *store)
{
	return store_current(store) != NULL;
}

bool
store_keeps_notice(const struct store *store, uint64_t number)
{
	return number <= store->notice;
}

/* Evidence gives way to all else, and what has ended to what has not. */
static void
do_in_memory(struct store *store, struct store_batch *batch, const struct operation *operation)
{
	bool evidence = operation->kind == OPERATION_ROW && row_is_evidence(operation->row), done;
	struct db *db = memory_db(store->memory);

	if (evidence && !memory_has_room(store->memory))
		return;
	done = store_apply_one(store, db, batch, operation);
	if (!done && db_fault(db) == DB_FULL && memory_make_room(store->memory))
		done = store_apply_one(store, db, batch, operation);
	batch->no_memory |= !done;
	db_forgive(db);
}

/* Does there all that is in the batch (NULL: there is none). If the transaction that failed had
 * reached the disk after all, its changes are not to be done in the file once more: they are told
 * from those that follow. */
static void
go_on_in_memory(struct store *store, struct store_batch *batch)
{
	const struct operation *first = batch == NULL ? NULL : batch->first;

	assert(store->group == NULL && store->memory == NULL);
	store->memory = memory_open(store_current(store));
	store_reader_close(&store->still);
	store->notice_in_memory = 0;
	for (const struct operation *operation = first; operation != NULL && store->memory != NULL;
	    operation = operation->next)
		do_in_memory(store, batch, operation);
	store->no_memory |= store->memory == NULL
	    || !memory_note_tried(store->memory, batch == NULL ? 0 : batch->number);
	if (batch != NULL) {
		batch->no_memory |= store->no_memory;
		store_batch_forget(batch);
	}
	(void)store_inside(store);
}

bool
store_has_room(const struct store *store)
{
	return store->memory == NULL || memory_has_room(store->memory);
}

uint64_t
store_dropped(const struct store *store)
{
	return store->memory == NULL ? 0 : memory_lost(store->memory);
}

bool
store_distrust(struct store *store)
{
	struct db_file *db_file = &store->db_files[STORE_MAIN];

	if (!store->reader.damaged || store->memory != NULL || db_file->trouble != STORE_WELL
	    || !db_file_is_in_place(db_file))
		return false;
	db_rollback(db_file->db);
	store->group = NULL;
	db_file_blame(db_file, STORE_DAMAGED, store->reader.why.text);
	return true;
}

/* A disk that stays full is as full for whoever comes next. What could not be read stays as it is
 * in the log. Where it takes long to write all of it, no more than a fifth of the time is for
 * that. */
static void
write_redo(struct store *store)
{
	static const int64_t long_time = 10 * (int64_t)MILLISECOND;
	struct redo_head head = { .schema = schemas[STORE_MAIN].version,
		.batch = store->in_file[STORE_MAIN], .counters = store->counters[STORE_MAIN] };
	struct memory_changes changes;

	size_t room = store->redo == NULL ? 0 : redo_room(store->redo);
	int64_t began = clock_mono(), took;

	if (room < sizeof head || store->provisional || !memory_knows_file(store->memory)
	    || began < store->redo_next)
		return;
	memcpy(head.instance, store->instance, sizeof head.instance);
	if (memory_read_changes(store->memory, room - sizeof head, &changes)) {
		head.tried = changes.tried;
		(void)redo_write(store->redo,
		    &(struct redo_state){ { (const char *)&head, sizeof head }, changes.earlier,
		    changes.since });
	}
	memory_free_changes(&changes);
	took = clock_mono() - began;
	store->redo_next = took > long_time ? began + 5 * took : 0;
	store->redo_behind = false;
}

void
store_keep_redo(struct store *store)
{
	if (store->redo_behind && store->memory != NULL)
		write_redo(store);
}

/* Nothing of it is kept, and its file is in trouble. */
static enum store_answer
give_up(struct store *store, struct store_batch *batch)
{
	if (store->group == batch) {
		db_rollback(store->db_files[STORE_MAIN].db);
		store->group = NULL;
	}
	if (batch->store == NULL)
		return STORE_RETRY;
	if (store->memory == NULL)
		go_on_in_memory(store, batch);
	if (batch->notice > store->notice_in_memory)
		store->notice_in_memory = batch->notice;
	if (store->memory != NULL && !memory_tend(store->memory))
		batch->no_memory = store->no_memory = true;
	return batch->no_memory ? STORE_LOST : STORE_IN_MEMORY;
}

static enum store_answer
fail(struct store *store, struct store_batch *batch, const char *doing)
{
	struct db_file *db_file = &store->db_files[batch->file];
	bool contradicts = batch->file == STORE_HISTORY && db_fault(db_file->db) == DB_CONSTRAINT;

	db_file_fail(db_file, doing);
	if (contradicts) {
		db_forgive(db_file->db);
		db_file->trouble = STORE_WELL;
		store_load(store, STORE_HISTORY);
		return STORE_LOST;
	}
	store->doubtful[batch->file] = batch->number;
	return give_up(store, batch);
}

struct db *
store_begin_reading(struct store *store)
{
	struct db *db = store_current(store);

	if (db != NULL) {
		db_forgive(db);
		db_hold(db);
	}
	return db;
}

/* It is read twice at most: where reading in memory fails nothing else is left. */
bool
store_end_reading(struct store *store)
{
	struct db *db = store_current(store);
	struct store_batch *group = store->group;

	if (db == NULL || db_fault(db) == DB_WELL)
		return true;
	if (store->memory != NULL) { /* which nothing but a want of memory can fail */
		store->no_memory = true;
		return true;
	}
	if (store->db_files[STORE_MAIN].db != NULL)
		db_file_fail(&store->db_files[STORE_MAIN], "reading");
	store->group = NULL;
	go_on_in_memory(store, group);
	return store_current(store) == db;
}

/* Whether the operations of the batch are done, but not committed. Some faults end a transaction,
 * even where they met a statement that only reads. */
static bool
is_under_way(const struct store *store, const struct store_batch *batch)
{
	return store->group == batch && db_in_transaction(store->db_files[STORE_MAIN].db);
}

void
store_do(struct store *store, struct store_batch *batch, const struct operation *operation)
{
	struct db_file *db_file = &store->db_files[STORE_MAIN];
	bool begun = is_under_way(store, batch);

	assert(store->group == NULL || store->group == batch);
	if (store->memory != NULL) {
		do_in_memory(store, batch, operation);
		store_batch_forget(batch);
	} else if (db_file->trouble != STORE_WELL)
		(void)give_up(store, batch);
	else if (!begun && !db_begin(db_file->db))
		(void)fail(store, batch, "beginning a transaction");
	else {
		store->group = batch;
		if (begun ? !store_apply_one(store, db_file->db, batch, operation)
		    : !store_apply(store, batch))
			(void)fail(store, batch, "writing");
	}
}

static enum store_answer
note_kept(struct store *store, const struct store_batch *batch)
{
	if (batch->notice > store->notice)
		store->notice = batch->notice;
	return STORE_COMMITTED;
}

static enum store_answer
submit(struct store *store, struct store_batch *batch)
{
	struct db_file *db_file = &store->db_files[batch->file];
	bool done;

	batch->no_memory |= batch->store != NULL && store->no_memory;
	if (batch->no_memory)
		return STORE_LOST;
	if (batch->store != NULL && store->memory != NULL)
		return give_up(store, batch);
	/* nothing was put into it, or that went to the file with what was in memory */
	if (batch->first == NULL)
		return STORE_COMMITTED;
	if (db_file->trouble != STORE_WELL)
		return give_up(store, batch);
	if (batch->number != 0 && batch->number == store->kept[batch->file])
		return note_kept(store, batch);
	if (!db_file_is_in_place(db_file))
		return give_up(store, batch);
	done = is_under_way(store, batch);
	batch->number = ++store->counters[batch->file].batch;
	if (!done && !db_begin(db_file->db))
		return fail(store, batch, "beginning a transaction");
	if ((!done && !store_apply(store, batch)) || !store_apply_end(store, batch->file))
		return fail(store, batch, "writing");
	if (!db_commit(db_file->db))
		return fail(store, batch, "committing");
	if (batch->file == STORE_MAIN) {
		store->group = NULL;
		store_note_reserved(store);
	}
	store->in_file[batch->file] = batch->number;
	return note_kept(store, batch);
}

enum store_answer
store_submit(struct store *store, struct store_batch *batch)
{
	enum store_answer answer = submit(store, batch);

	store->redo_behind |= answer == STORE_IN_MEMORY;
	store_keep_redo(store);
	return answer;
}
