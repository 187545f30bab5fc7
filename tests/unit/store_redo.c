/* What is done in memory while postwatch.db cannot be written outlives the process that did it: once, whole, and for no file but that. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "store_stage.h"

enum { LOG_BYTES = 256 * 1024 };

static void
open_with_log(void)
{
	const struct store_settings settings = { .folder = folder.path, .ballast = -1, .redo = LOG_BYTES };

	folder.store = store_open(&settings, &folder.opening, folder.found, &folder.why);
	assert_int_equal(folder.opening, STORE_OPENED);
	batch = store_batch_of(folder.store);
}

/* The process dies, and the next one opens the store. */
static void
die(void)
{
	store_batch_destroy(&batch);
	store_close(&folder.store);
	open_with_log();
}

static int
begin(void **state)
{
	(void)state;
	folder_make(&folder);
	open_with_log();
	return 0;
}

static void
put_incident(uint64_t number, int64_t ended)
{
	store_put_incident(batch, &(struct store_incident){ .number = number, .target = number, .change = number, .end_confirmed = ended });
}

static void
put_notice(uint64_t number)
{
	store_put_notice(batch, &(struct store_notice){ .number = number, .target = 1, .change = number, .kind = "down" });
	store_add_delivery(batch, &(struct store_delivery){ .notice = number, .notifier = "mail", .recipient = "a@example.org",
	    .target = 1, .state = STORE_DELIVERY_waiting });
}

static void
put_evidence(uint64_t run)
{
	store_put_evidence(batch, &(struct store_evidence){ .target = 1, .run = run, .incident = 1, .role = "confirmed" });
}

static void
submit(enum store_answer wanted)
{
	if (folder.store->redo_next != INT64_MAX)
		folder.store->redo_next = 0; /* the log is written at once, however slow this machine is */
	assert_int_equal(folder_submit(&folder, batch), wanted);
	store_batch_clear(batch);
}

/* One incident is in the file. It ends in memory, and another begins. */
static void
fall_ill(void)
{
	put_incident(1, 0);
	submit(STORE_COMMITTED);
	folder.store->db_files[STORE_MAIN].trouble = STORE_FULL;
	put_incident(1, 5);
	store_put_sequence(batch, (struct sequence){ 7, 1 });
	submit(STORE_IN_MEMORY);
	put_incident(2, 0);
	put_notice(store_number(folder.store, STORE_NOTICES));
	store_put_sequence(batch, (struct sequence){ 7, 2 });
	submit(STORE_IN_MEMORY);
}

static int64_t
count(struct db *db, const char *sql)
{
	return db_number(db, sql, -1);
}

static void
assert_has_all(struct db *db)
{
	assert_int_equal(count(db, "SELECT end_confirmed FROM incidents WHERE number = 1"), 5);
	assert_int_equal(count(db, "SELECT count(*) FROM incidents WHERE number = 2 AND end_confirmed = 0"), 1);
	assert_int_equal(count(db, "SELECT count(*) FROM notices JOIN deliveries ON notice = number WHERE deliveries.state = 1"), 1);
}

static void
assert_is_held(void)
{
	assert_true(folder.found[STORE_MAIN].redone);
	assert_non_null(folder.store->memory);
	assert_has_all(memory_db(folder.store->memory));
	assert_int_equal(store_sequence(folder.store, STORE_MAIN).birth, 7);
	assert_int_equal(store_sequence(folder.store, STORE_MAIN).number, 2);
}

static void
assert_is_forgotten(void)
{
	assert_false(folder.found[STORE_MAIN].redone);
	assert_null(folder.store->memory);
}

/* Several die before the disk is well; the last of them writes it. No number is given twice. */
static void
is_held_by_whoever_comes_next(void **state)
{
	struct store_found found;
	uint64_t last, target;

	(void)state;
	fall_ill();
	target = store_number(folder.store, STORE_TARGETS);
	put_incident(2, 0);
	submit(STORE_IN_MEMORY);
	last = folder.store->counters[STORE_MAIN].numbers[STORE_NOTICES];
	for (int i = 0; i < 3; i++) {
		die();
		assert_is_held();
		assert_false(store_keeps_notice(folder.store, last));
		assert_int_equal(store_trouble(folder.store, STORE_MAIN, NULL), STORE_FULL);
		submit(STORE_IN_MEMORY);
	}
	assert_true(store_number(folder.store, STORE_NOTICES) > last && store_number(folder.store, STORE_TARGETS) > target);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_true(store_keeps_notice(folder.store, last));
	assert_has_all(file_db());
	put_incident(2, 9);
	submit(STORE_COMMITTED);
	die();
	assert_is_forgotten();
	assert_int_equal(count(file_db(), "SELECT end_confirmed FROM incidents WHERE number = 2"), 9);
}

/* Of a transaction that failed, and may be in the file after all. `count`: how often what it did was done. */
static void
what_was_tried_is_done_once(void **state)
{
	(void)state;
	for (int kept = 0; kept < 2; kept++) {
		struct rlimit before;
		struct store_found found;
		struct counters counters;
		struct db *db;
		int64_t id;

		put_incident(1, 0);
		submit(STORE_COMMITTED);
		store_put_meta(batch, "tried", bytes_of("1"));
		put_evidence(1);
		before = forbid_writes();
		submit(STORE_IN_MEMORY);
		setrlimit(RLIMIT_FSIZE, &before);
		counters = folder.store->counters[STORE_MAIN];
		id = count(memory_db(folder.store->memory), "SELECT id FROM evidence WHERE run = 1");
		store_put_meta(batch, "later", bytes_of("1"));
		put_evidence(2);
		submit(STORE_IN_MEMORY);
		store_batch_destroy(&batch);
		store_close(&folder.store);
		db = db_open(folder_file(&folder, "postwatch.db"), DB_WRITE);
		if (kept) /* and it has changed since then: to do it again would undo that */
			assert_true(db_exec(db, "INSERT INTO meta VALUES ('tried', CAST('2' AS BLOB))")
			    && DB_RUN(db, "INSERT INTO evidence (id, target, run, leg, at, incident, role, bytes)"
			    " VALUES (?1, 1, 1, 0, 0, 1, 'confirmed', x'')", BIND(id))
			    && DB_RUN(db, "UPDATE meta SET value = ?1 WHERE key = 'counters'",
			    BIND_BYTES(((struct pw_bytes){ (const char *)&counters, sizeof counters }))));
		db_close(&db);
		open_with_log();
		assert_true(folder.found[STORE_MAIN].redone);
		assert_true(store_mend(folder.store, STORE_MAIN, &found));
		assert_int_equal(count(file_db(), "SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM meta WHERE key = 'tried'"), kept + 1);
		assert_int_equal(count(file_db(), "SELECT count(*) FROM meta WHERE key = 'later'"), 1);
		assert_int_equal(count(file_db(), "SELECT count(*) FROM evidence WHERE run IN (1, 2)"), 2);
		tear_down(state);
		begin(state);
	}
}

/* A file that has other transactions, is another store, or has other tables, has nothing of it. */
static void
is_for_no_other_file(void **state)
{
	static const char *const what[] = { "UPDATE meta SET value = CAST(x'ffff' || zeroblob(length(value) - 2) AS BLOB) WHERE key = 'counters'",
		"UPDATE meta SET value = randomblob(16) WHERE key = 'instance'" };

	(void)state;
	for (size_t i = 0; i < sizeof what / sizeof what[0]; i++) {
		struct db *db;

		fall_ill();
		store_batch_destroy(&batch);
		store_close(&folder.store);
		db = db_open(folder_file(&folder, "postwatch.db"), DB_WRITE);
		assert_true(db_exec(db, what[i]));
		db_close(&db);
		open_with_log();
		assert_is_forgotten();
		assert_int_equal(count(file_db(), "SELECT count(*) FROM incidents WHERE end_confirmed = 0"), 1);
		die();
		assert_is_forgotten();
		tear_down(state);
		begin(state);
	}
}

/* An orderly end leaves what would have to be made anew to open the file, for which a full disk has no room. */
static void
what_opens_the_file_stays(void **state)
{
	(void)state;
	for (int ill = 0; ill < 2; ill++) {
		if (ill)
			fall_ill();
		store_batch_destroy(&batch);
		store_close(&folder.store);
		assert_int_equal(access(folder_file(&folder, "postwatch.db-wal"), F_OK), ill ? 0 : -1);
		assert_int_equal(access(folder_file(&folder, "postwatch.db-shm"), F_OK), ill ? 0 : -1);
		open_with_log();
	}
	assert_is_held();
}

/* What takes long to be written is put off, and written by itself. */
static void
what_was_put_off_is_made_up_for(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		fall_ill();
		put_incident(3, 0);
		folder.store->redo_next = INT64_MAX;
		submit(STORE_IN_MEMORY);
		if (i == 1) {
			store_keep_redo(folder.store);
			folder.store->redo_next = 0;
			store_keep_redo(folder.store);
		}
		die();
		assert_is_held();
		assert_int_equal(count(memory_db(folder.store->memory), "SELECT count(*) FROM incidents WHERE number = 3"), i);
		tear_down(state);
		begin(state);
	}
}

static void
scribble(off_t at)
{
	int fd = open(folder_file(&folder, "redo"), O_RDWR);
	char byte;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte = (char)(byte ^ 1);
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

/* What was torn leaves what was written before; where both are torn, there is nothing. */
static void
a_torn_write_leaves_the_one_before(void **state)
{
	(void)state;
	fall_ill();
	scribble(60); /* the second, in the first half */
	die();
	assert_true(folder.found[STORE_MAIN].redone);
	assert_int_equal(store_sequence(folder.store, STORE_MAIN).number, 1);
	assert_int_equal(count(memory_db(folder.store->memory), "SELECT end_confirmed FROM incidents WHERE number = 1"), 5);
	assert_int_equal(count(memory_db(folder.store->memory), "SELECT count(*) FROM incidents"), 1);
	scribble(LOG_BYTES / 2 + 60);
	die();
	assert_is_forgotten();
}

/* Where it is too large for the log, what was there before is still there. */
static void
what_finds_no_room_leaves_what_was_there(void **state)
{
	static char bytes[LOG_BYTES];

	(void)state;
	fall_ill();
	for (uint64_t run = 1; run < 4; run++)
		store_put_evidence(batch, &(struct store_evidence){ .target = 1, .run = run, .role = "confirmed",
		    .bytes = { bytes, sizeof bytes } });
	put_incident(3, 0);
	submit(STORE_IN_MEMORY);
	die();
	assert_is_held();
	assert_int_equal(count(memory_db(folder.store->memory), "SELECT count(*) FROM incidents"), 2);
}

/* Whatever lies in its place, the store opens; and has no log where that is no file. */
static void
what_is_no_log_is_none(void **state)
{
	static char bytes[LOG_BYTES + 1];

	for (int i = 0; i < 5; i++) {
		const char *path = folder_file(&folder, "redo");
		FILE *file;

		store_batch_destroy(&batch);
		store_close(&folder.store);
		unlink(path);
		if (i == 0)
			assert_int_equal(mkfifo(path, 0600), 0);
		else if (i == 1)
			assert_int_equal(mkdir(path, 0700), 0);
		else if (i == 2)
			assert_int_equal(symlink("/dev/zero", path), 0);
		else {
			memset(bytes, i == 3 ? 0xff : 1, sizeof bytes);
			file = fopen(path, "w");
			assert_int_equal(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
			fclose(file);
		}
		open_with_log();
		assert_is_forgotten();
		assert_int_equal(folder.store->redo == NULL, i < 3);
		fall_ill();
		tear_down(state);
		begin(state);
	}
}

/* As cp(1) makes one of what was allocated and not written. */
static void
a_copy_with_holes_has_its_space_again(void **state)
{
	const char *path = folder_file(&folder, "redo");
	struct stat status;
	int fd;

	(void)state;
	fall_ill();
	store_batch_destroy(&batch);
	store_close(&folder.store);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, LOG_BYTES / 4, LOG_BYTES / 4) != 0)
		skip(); /* this file system has no holes */
	close(fd);
	assert_int_equal(stat(path, &status), 0);
	assert_true(status.st_size == LOG_BYTES && 512 * status.st_blocks < LOG_BYTES);
	open_with_log();
	assert_int_equal(stat(path, &status), 0);
	assert_true(512 * status.st_blocks >= LOG_BYTES);
	assert_is_held();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_held_by_whoever_comes_next, begin, tear_down),
		cmocka_unit_test_setup_teardown(what_was_tried_is_done_once, begin, tear_down),
		cmocka_unit_test_setup_teardown(is_for_no_other_file, begin, tear_down),
		cmocka_unit_test_setup_teardown(what_opens_the_file_stays, begin, tear_down),
		cmocka_unit_test_setup_teardown(what_was_put_off_is_made_up_for, begin, tear_down),
		cmocka_unit_test_setup_teardown(a_torn_write_leaves_the_one_before, begin, tear_down),
		cmocka_unit_test_setup_teardown(what_finds_no_room_leaves_what_was_there, begin, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_log_is_none, begin, tear_down),
		cmocka_unit_test_setup_teardown(a_copy_with_holes_has_its_space_again, begin, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
