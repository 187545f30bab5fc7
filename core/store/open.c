/*
 * Opens and reopens the two database files for the writer of the store, and guards the numbers (of
 * notices, incidents ...) that are given out only once.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store_private.h"

enum { PAUSES = 100 };

/* One writer: whoever comes second is told, whatever else guards the folder. A keeper whose parent
 * was killed writes what it has before it ends: it is waited for, up to 2 s. */
static enum store_opening
lock(struct store *store, struct store_found *found, struct reason *why)
{
	static const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	char path[PATH_MAX], aside[PATH_MAX + 32], name[sizeof found->lock_aside];
	struct stat status;

	snprintf(path, sizeof path, "%s/store.lock", store->folder);
	snprintf(name, sizeof name, "store.lock.damaged-%lld", (long long)(clock_wall() / SECOND));
	snprintf(aside, sizeof aside, "%s/%s", store->folder, name);
	/* No lock of ours is held on what is no file. */
	if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode) && rename(path, aside) == 0)
		memcpy(found->lock_aside, name, sizeof name);
	store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (store->lock < 0 && errno == EROFS)
		store->lock = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (store->lock < 0 && (errno == ENOENT || errno == ENOSPC))
		store->lock = open(store->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->lock < 0) {
		reason_set(why, "%s: %s", path, strerror(errno));
		return STORE_FAILED;
	}
	for (int i = 0; i < PAUSES && flock(store->lock, LOCK_EX | LOCK_NB) != 0
	    && errno == EWOULDBLOCK; i++)
		(void)nanosleep(&pause, NULL);
	if (flock(store->lock, LOCK_EX | LOCK_NB) == 0)
		return STORE_OPENED;
	reason_set(why, "%s: another process writes this store", store->folder);
	return errno == EWOULDBLOCK ? STORE_BUSY : STORE_FAILED;
}

static bool
read_meta(struct db *db, const char *key, void *value, size_t size)
{
	struct query *query = DB_ROW(db, "SELECT value FROM meta WHERE key = ?1", BIND_TEXT(key));
	bool found;

	if (query == NULL)
		return false;
	struct pw_bytes bytes = query_bytes(query, 0);
	found = bytes.size == size;
	if (found)
		memcpy(value, bytes.data, size);
	query_reset(query);
	return found;
}

static void
raise_counters(struct counters *counters, const struct counters *loaded)
{
	if (loaded->batch > counters->batch)
		counters->batch = loaded->batch;
	for (int i = 0; i < STORE_NUMBERS; i++) {
		if (loaded->numbers[i] > counters->numbers[i])
			counters->numbers[i] = loaded->numbers[i];
	}
}

/* Numbers that were given while the file could not be read stay given. */
static void
load_counters(struct store *store, enum store_file file, struct db *db)
{
	struct counters loaded = { 0 };

	read_meta(db, "counters", &loaded, sizeof loaded);
	store->in_file[file] = loaded.batch;
	if (store->kept[file] != store->doubtful[file])
		store->kept[file] = 0;
	if (loaded.batch != 0 && loaded.batch == store->doubtful[file])
		store->kept[file] = loaded.batch;
	raise_counters(&store->counters[file], &loaded);
	/* A number that a file has seen is never given out again. */
	assert(store->counters[file].batch >= store->in_file[file]);
	store->sequences[file] = (struct sequence){ 0, 0 };
	(void)read_meta(db, SEQUENCE_META, &store->sequences[file], sizeof store->sequences[file]);
}

static bool
load_instance(struct store *store, struct db *db)
{
	return read_meta(db, "instance", store->instance, sizeof store->instance);
}

bool
store_load(struct store *store, enum store_file file)
{
	struct db_file *db_file = &store->db_files[file];
	bool loaded;

	load_counters(store, file, db_file->db);
	if (file == STORE_MAIN) {
		loaded = load_instance(store, db_file->db);
	} else {
		loaded = history_load(&store->history, db_file->db);
		maintenance_reset(&store->maintenance);
	}
	if (!loaded || db_fault(db_file->db) != DB_WELL) {
		db_file_blame(db_file, STORE_DAMAGED, "reading what was kept");
		return false;
	}
	return true;
}

/* A postwatch.db that begins anew gives no number to a target that history.db knows as another
 * one. */
static void
secure_numbers(struct store *store)
{
	uint64_t *targets = &store->counters[STORE_MAIN].numbers[STORE_TARGETS];

	for (uint64_t i = store->history.head_count; i-- > *targets + 1;)
		if (store->history.heads[i].last != 0)
			*targets = i;
}

/* What is told goes by its number. So numbers are told of before they are kept only where whoever
 * comes next will not give them again: some are reserved in the file, always ahead of what it knows
 * of. */
void
store_note_reserved(struct store *store)
{
	for (int i = 0; i < STORE_NUMBERS; i++)
		store->reserved[i] = store->counters[STORE_MAIN].numbers[i] + NUMBERS_AHEAD;
}

/* That a file can be opened does not say that it can be written. */
static bool
can_write(struct store *store, enum store_file file)
{
	struct db_file *db_file = &store->db_files[file];

	/* the one before may have failed: it must not seem to be kept */
	store->counters[file].batch++;
	if (!db_begin(db_file->db) || !store_apply_counters(store, file, NUMBERS_AHEAD)
	    || !db_commit(db_file->db)) {
		db_file_fail(db_file, "writing");
		return false;
	}
	store->in_file[file] = store->counters[file].batch;
	if (file == STORE_MAIN)
		store_note_reserved(store);
	return true;
}

static bool
open_file(struct store *store, enum store_file file, struct store_found *found, bool *newer)
{
	struct db_file *db_file = &store->db_files[file];
	enum db_file_opening opening = db_file_open(db_file, found);

	*newer = opening == DB_FILE_NEWER;
	if (opening != DB_FILE_OPEN)
		return false;
	if (store_load(store, file))
		return true;
	db_close(&db_file->db);
	return false;
}

/* A full disk is a faulty one where it has no space for what its readers share; space held in
 * reserve is made use of. */
static bool
open_first(struct store *store, enum store_file file, struct store_found *found, bool *newer)
{
	const struct db_file *db_file = &store->db_files[file];

	if (open_file(store, file, found, newer))
		return true;
	if (*newer || (db_file->trouble != STORE_FULL && db_file->trouble != STORE_IO)
	    || unlink(store->ballast) != 0)
		return false;
	return open_file(store, file, found, newer);
}

/* Returns whether the log is of what the file does not have, and gives it. */
static bool
is_redo(const struct store *store, const struct redo_state *state, struct redo_head *head)
{
	uint64_t batch = store->in_file[STORE_MAIN];

	if (state->head.size != sizeof *head)
		return false;
	memcpy(head, state->head.data, sizeof *head);
	return head->schema == schemas[STORE_MAIN].version
	    && memcmp(head->instance, store->instance, sizeof head->instance) == 0
	    && (head->batch == batch || (head->tried != 0 && head->tried == batch));
}

/* What the process before us held in memory is held again, and is written when the file is mended.
 * Returns false where there is nothing of the kind. */
static bool
take_redo(struct store *store)
{
	struct db_file *db_file = &store->db_files[STORE_MAIN];
	struct redo_state state;
	struct redo_head head;
	struct memory *memory;

	if (store->redo == NULL || !redo_read(store->redo, &state))
		return false;
	(void)store_inside(store);
	memory = is_redo(store, &state, &head) && store_is_read(store)
	    ? memory_open(store_current(store)) : NULL;
	if (memory != NULL)
		store->notice = (uint64_t)db_number(memory_db(memory),
		    "SELECT max(number) FROM notices", 0);
	if (memory == NULL || !memory_redo(memory,
	    &(struct memory_changes){ state.earlier, state.changes, head.tried }, head.tried != 0
	    && head.tried == store->in_file[STORE_MAIN])) {
		memory_close(&memory);
		return false;
	}
	store->memory = memory;
	store_reader_close(&store->still);
	raise_counters(&store->counters[STORE_MAIN], &head.counters);
	store->notice_in_memory = head.counters.numbers[STORE_NOTICES];
	(void)read_meta(memory_db(memory), SEQUENCE_META, &store->sequences[STORE_MAIN],
	    sizeof store->sequences[STORE_MAIN]);
	if (db_file->trouble == STORE_WELL)
		db_file_blame(db_file, STORE_FULL, "it has not yet what was held in memory");
	(void)store_inside(store);
	return true;
}

/* Where there is no instance to be read one is made up, which is kept if there is none after all.
 * Returns whether who was here before held changes in memory, which are held again. */
static bool
begin_numbers(struct store *store)
{
	bool opened = store->db_files[STORE_MAIN].db != NULL;
	struct db *db = opened ? NULL : reader_open_file(store->folder, STORE_MAIN);

	store->provisional = !opened && (db == NULL || !load_instance(store, db));
	if (db != NULL && !store->provisional)
		load_counters(store, STORE_MAIN, db);
	db_close(&db);
	store->notice = store->counters[STORE_MAIN].numbers[STORE_NOTICES];
	if (store->provisional)
		(void)!getrandom(store->instance, sizeof store->instance, GRND_NONBLOCK);
	else if (take_redo(store))
		return true;
	if (opened && can_write(store, STORE_MAIN) && store->redo != NULL)
		redo_forget(store->redo);
	return false;
}

enum store_opening
store_open_all(struct store *store, struct store_found found[STORE_FILES], struct reason *why)
{
	struct store_found taken = { .first = false };
	enum store_opening opening = lock(store, &taken, why);
	bool newer;

	for (int file = 0; file < STORE_FILES && opening == STORE_OPENED; file++) {
		struct db_file *db_file = &store->db_files[file];

		db_file_init(db_file, &schemas[file], store->folder);
		if (open_first(store, (enum store_file)file, &found[file], &newer) || !newer)
			continue;
		*why = db_file->why;
		opening = STORE_NEWER;
	}
	memcpy(found[STORE_MAIN].lock_aside, taken.lock_aside, sizeof taken.lock_aside);
	if (opening == STORE_OPENED) {
		const struct store_found *main = &found[STORE_MAIN], *history = &found[STORE_HISTORY];
		bool both = store->db_files[STORE_MAIN].db != NULL
		    && store->db_files[STORE_HISTORY].db != NULL;

		/* Both files are made before one is written to: one that is empty beside one that is
		 * not has lost what it held. */
		found[STORE_MAIN].lost = both && main->fresh && !history->fresh;
		found[STORE_HISTORY].lost = both && history->fresh && !main->fresh
		    && store->counters[STORE_MAIN].batch > 0;
		secure_numbers(store);
		store_make_reserve(store);
		found[STORE_MAIN].redone = begin_numbers(store);
	}
	return opening;
}

static bool
take_log(struct store *store, struct db_file *db_file)
{
	if (db_file_take_log(db_file))
		return true;
	return db_fault(db_file->db) == DB_FULL && unlink(store->ballast) == 0
	    && db_file_take_log(db_file);
}

/* Opens it again; what became of one that was removed or replaced is known before. */
static bool
open_again(struct store *store, enum store_file file, struct store_found *found)
{
	struct db_file *db_file = &store->db_files[file];
	struct store_found away = { 0 };
	bool moved = db_file->trouble == STORE_MOVED || db_file->trouble == STORE_OCCUPIED
	    || (db_file->db != NULL && db_has_moved(db_file->db)), newer;

	if (moved && !db_file_put_away(db_file, &away))
		return false;
	if (!moved && db_file->trouble == STORE_LOG_GONE && !take_log(store, db_file))
		return false;
	db_file->suspect = db_file->trouble == STORE_DAMAGED;
	db_close(&db_file->db);
	if (!open_file(store, file, found, &newer)) {
		if (db_file->trouble == STORE_WELL)
			db_file->trouble = STORE_CANNOT;
		return false;
	}
	if (away.aside[0] != '\0') {
		memcpy(found->aside, away.aside, sizeof found->aside);
		found->why = away.why;
		found->first = false;
	}
	return true;
}

/* What was read now is the instance of the file, `instance` that from before. A file without a row
 * gets all that is held in memory, where that is all there is to know. */
static bool
settle_instance(struct store *store, const unsigned char instance[INSTANCE_SIZE],
    struct store_found *found)
{
	struct db_file *db_file = &store->db_files[STORE_MAIN];
	bool made_up = store->provisional;

	store->provisional = false;
	found->goes_on = found->fresh && store->memory != NULL && memory_is_whole(store->memory);
	if (!found->goes_on && !(made_up && found->fresh)) {
		found->fresh |= !made_up
		    && memcmp(instance, store->instance, sizeof store->instance) != 0;
		return true;
	}
	memcpy(store->instance, instance, sizeof store->instance);
	if (row_write(db_file->db, ROW_META, &(struct store_meta){ "instance",
	    { (const char *)store->instance, sizeof store->instance } }))
		return true;
	db_file_fail(db_file, "writing");
	return false;
}

/* Contradicted twice within this time a file is not the one that it was. */
static const int64_t contradictions = 600 * (int64_t)SECOND;

static bool
write_memory(struct store *store, struct store_found *found)
{
	struct db_file *db_file = &store->db_files[STORE_MAIN];
	bool written;

	if (!db_begin(db_file->db))
		return false;
	store->counters[STORE_MAIN].batch++;
	written = found->goes_on ? memory_write_all(store->memory, db_file->db, &found->refused)
	    : memory_write_changes(store->memory, db_file->db, &found->refused);
	if (!written || !store_apply_counters(store, STORE_MAIN, NUMBERS_AHEAD))
		return false;
	if (db_commit(db_file->db)) {
		store->in_file[STORE_MAIN] = store->counters[STORE_MAIN].batch;
		return true;
	}
	store->doubtful[STORE_MAIN] = store->counters[STORE_MAIN].batch;
	store->no_memory |= !memory_note_tried(store->memory, store->doubtful[STORE_MAIN]);
	return false;
}

/* Leaves memory for the file, where what is held there is about what the file has. */
static bool
leave_memory(struct store *store, struct store_found *found)
{
	struct db_file *db_file = &store->db_files[STORE_MAIN];

	found->unread = store->memory != NULL && !found->fresh && !memory_knows_file(store->memory);
	if (store->memory == NULL || found->unread || (found->fresh && !found->goes_on))
		return true;
	if (store->kept[STORE_MAIN] != 0)
		memory_was_kept(store->memory, store->kept[STORE_MAIN]);
	if (!write_memory(store, found)) {
		bool is_contradicted = db_fault(db_file->db) == DB_CONSTRAINT;

		db_file_fail(db_file, "writing what happened meanwhile");
		if (!is_contradicted)
			return false;
		db_file->contradicted = store->contradicted_at != 0
		    && clock_mono() - store->contradicted_at < contradictions;
		if (db_file->contradicted)
			db_file->trouble = STORE_DAMAGED;
		store->contradicted_at = clock_mono();
		return false;
	}
	store->doubtful[STORE_MAIN] = 0;
	found->dropped = memory_lost(store->memory);
	if (store->notice_in_memory > store->notice)
		store->notice = store->notice_in_memory;
	memory_close(&store->memory);
	if (store->redo != NULL)
		redo_forget(store->redo);
	(void)store_inside(store);
	return true;
}

bool
store_mend(struct store *store, enum store_file file, struct store_found *found)
{
	struct db_file *db_file = &store->db_files[file];
	unsigned char instance[INSTANCE_SIZE];
	bool opened;

	*found = (struct store_found){ 0 };
	if (db_file->trouble == STORE_WELL)
		return true;
	if (db_file->trouble == STORE_FULL)
		unlink(store->ballast);
	memcpy(instance, store->instance, sizeof instance);
	/* What connections of one process share of a file that was read-only, or lost its log, stays
	 * so for as long as one of them is left; and readers of a file that has gone would go on
	 * reading it. They are opened anew also where the writer fails again. */
	store_reader_close(&store->still);
	if (file == STORE_HISTORY)
		db_close(&store->reader.history);
	opened = open_again(store, file, found);
	store->reader.damaged = false;
	(void)store_inside(store);
	return opened
	    && (file != STORE_MAIN || (settle_instance(store, instance, found)
	    /* of the redo log the next process has to find the file as it is */
	    && leave_memory(store, found))) && (found->unread || can_write(store, file));
}
