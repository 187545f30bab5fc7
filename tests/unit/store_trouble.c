/* A full disk, failing writes, files that are damaged, removed or replaced under us, a second writer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>

#include <sys/file.h>
#include <time.h>

#include "base/clock.h"
#include "store/verify.h"
#include "store_sick.h"

/* SQLITE_FULL: nothing of the batch is kept, every batch is put off, and afterwards the same one goes in. */
static void
full_disk(void **state)
{
	struct db *db = folder.store->db_files[STORE_MAIN].db;
	struct store_found found;
	struct reason why = { "" };
	char limit[64];

	(void)state;
	assert_int_equal(submit_small(1), STORE_COMMITTED);
	snprintf(limit, sizeof limit, "PRAGMA max_page_count=%lld", (long long)count("PRAGMA page_count") + 4);
	assert_true(db_exec(db, limit));
	store_batch_clear(batch);
	store_put_notice(batch, &(struct store_notice){ .number = 2, .target = 1, .change = 2, .kind = "up" });
	put_big(7);
	assert_int_equal(folder_submit(&folder, batch), STORE_RETRY);
	assert_int_equal(store_trouble(folder.store, STORE_MAIN, &why), STORE_FULL);
	assert_non_null(strstr(why.text, "full"));
	assert_int_equal(folder_submit(&folder, batch), STORE_RETRY);
	assert_int_equal(count("SELECT count(*) FROM notices"), 1);
	assert_int_equal(store_trouble(folder.store, STORE_HISTORY, NULL), STORE_WELL);
	scribble("ballast", 0, "x", 1);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_int_equal(files_with("ballast"), 0);
	assert_false(found.fresh);
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
	assert_int_equal(count("SELECT count(*) FROM notices"), 2);
	assert_int_equal(count("SELECT count(*) FROM evidence"), 1);
}

/* It is made again where it was given up or is too short, and not where none is wanted. */
static void
ballast(void **state)
{
	struct stat status;

	(void)state;
	assert_false(store_renew_reserve(folder.store));
	folder.store->settings.ballast = 4096;
	assert_true(store_renew_reserve(folder.store));
	assert_int_equal(truncate(folder_file(&folder, "ballast"), 1), 0);
	assert_true(store_renew_reserve(folder.store));
	assert_int_equal(stat(folder_file(&folder, "ballast"), &status), 0);
	assert_int_equal(status.st_size, 4096);
	folder.store->settings.ballast = INT64_MAX / 2;
	assert_int_equal(unlink(folder_file(&folder, "ballast")), 0);
	assert_false(store_renew_reserve(folder.store));
}

/* A write that fails for another reason, by RLIMIT_FSIZE; mending fails as long as the reason lasts. */
static void
failing_writes(void **state)
{
	struct rlimit before;
	struct store_found found;

	(void)state;
	assert_int_equal(submit_small(1), STORE_COMMITTED);
	before = forbid_writes();
	store_batch_clear(batch);
	put_big(1);
	assert_int_equal(folder_submit(&folder, batch), STORE_RETRY);
	assert_int_equal(store_trouble(folder.store, STORE_MAIN, NULL), STORE_IO);
	assert_false(store_mend(folder.store, STORE_MAIN, &found));
	assert_int_equal(folder_submit(&folder, batch), STORE_RETRY);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_int_equal(files_with("damaged"), 0);
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
	assert_int_equal(count("SELECT count(*) FROM notices"), 1);
}

/* A commit that failed for us and reached the disk: submitted again, it is not done twice, however often the file is opened
 * until it can be written. */
static void
doubtful_commit(void **state)
{
	struct store_reader *reader = folder_read(&folder); /* so that the file can be opened where nothing can be written */
	struct store_found found;
	struct rlimit before;

	(void)state;
	assert_int_equal(submit_small(1), STORE_COMMITTED);
	folder.store->db_files[STORE_MAIN].trouble = STORE_IO;
	folder.store->doubtful[STORE_MAIN] = batch->number;
	assert_int_equal(folder_submit(&folder, batch), STORE_RETRY);
	before = forbid_writes();
	assert_false(store_mend(folder.store, STORE_MAIN, &found));
	assert_non_null(folder.store->db_files[STORE_MAIN].db);
	setrlimit(RLIMIT_FSIZE, &before);
	store_reader_close(&reader);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_true(db_exec(folder.store->db_files[STORE_MAIN].db, "DELETE FROM notices"));
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
	assert_int_equal(count("SELECT count(*) FROM notices"), 0);
}

/* Damage that shows only while we write: the batch is put off, and mending begins a fresh file. */
static void
damage_under_us(void **state)
{
	struct store_found found;
	char rubbish[4096];

	(void)state;
	grow();
	reopen();
	assert_true(db_exec(folder.store->db_files[STORE_MAIN].db, "PRAGMA cache_size=0; PRAGMA shrink_memory"));
	memset(rubbish, 0xa5, sizeof rubbish);
	for (int page = 1; page < 40; page++)
		scribble("postwatch.db", page * 4096, rubbish, sizeof rubbish);
	assert_int_equal(submit_small(5), STORE_RETRY);
	assert_int_equal(store_trouble(folder.store, STORE_MAIN, NULL), STORE_DAMAGED);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_true(found.fresh && found.aside[0] != '\0');
	assert_int_equal(submit_small(5), STORE_COMMITTED);
}

static void
removed(void **state)
{
	struct store_found found;

	(void)state;
	assert_int_equal(submit_small(1), STORE_COMMITTED);
	assert_int_equal(unlink(folder_file(&folder, "postwatch.db")), 0);
	assert_int_equal(submit_small(2), STORE_RETRY);
	assert_int_equal(store_trouble(folder.store, STORE_MAIN, NULL), STORE_MOVED);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_true(found.fresh && found.aside[0] == '\0');
	assert_int_equal(files_with("postwatch.db.gone-"), 1); /* its log, with what it alone had */
	assert_int_equal(submit_small(2), STORE_COMMITTED);
	assert_int_equal(count("SELECT count(*) FROM notices"), 1);
	assert_true(store_number(folder.store, STORE_NOTICES) > 0);
}

/* Another process that reads the store, from now until what it is told by is closed. */
struct foreigner {
	pid_t pid;
	int rest;
};

static struct foreigner
foreigner_reads(void)
{
	struct foreigner foreigner;
	int rest[2], reads[2];
	char byte;

	assert_int_equal(pipe(rest), 0);
	assert_int_equal(pipe(reads), 0);
	foreigner.pid = fork();
	if (foreigner.pid == 0) {
		struct db *db = db_open(folder_file(&folder, "postwatch.db"), DB_READ);

		close(rest[1]);
		_exit(!db_exec(db, "BEGIN") || db_number(db, "SELECT count(*) FROM notices", -1) < 0
		    || write(reads[1], "x", 1) != 1 || read(rest[0], &byte, 1) != 0);
	}
	close(rest[0]);
	close(reads[1]);
	assert_int_equal(read(reads[0], &byte, 1), 1);
	close(reads[0]);
	foreigner.rest = rest[1];
	return foreigner;
}

static void
foreigner_goes(struct foreigner foreigner)
{
	int status;

	close(foreigner.rest);
	assert_int_equal(waitpid(foreigner.pid, &status, 0), foreigner.pid);
	assert_int_equal(status, 0);
}

/* Byte by byte, by another process: closing a file ends this one's locks on it. */
static void
copy_file(const char *from, const char *to)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int in = open(folder_file(&folder, from), O_RDONLY), out = open(folder_file(&folder, to), O_WRONLY | O_CREAT | O_EXCL, 0600);
		ssize_t copied;

		while ((copied = copy_file_range(in, NULL, out, NULL, 1 << 20, 0)) > 0)
			continue;
		_exit(copied != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* What a power cut would leave now. */
static void
be_cut_off(void)
{
	copy_file("postwatch.db", "copy");
	copy_file("postwatch.db-wal", "copy-wal");
	store_close(&folder.store);
	unlink(folder_file(&folder, "postwatch.db-wal"));
	move("copy", "postwatch.db");
	move("copy-wal", "postwatch.db-wal");
	folder_open(&folder);
}

/* What is in a log that was removed, or has another in its place, is not lost with it, nor is what comes after. */
static void
log_removed(void **state)
{
	struct store_found found;
	struct reason why;

	(void)state;
	for (uint64_t i = 1; i < 6; i += 2) {
		assert_int_equal(submit_small(i), STORE_COMMITTED);
		struct foreigner foreigner = foreigner_reads();
		assert_int_equal(unlink(folder_file(&folder, "postwatch.db-wal")), 0);
		if (i == 3)
			scribble("postwatch.db-wal", 0, "x", 1);
		if (i == 5) /* whoever reads the file is the first to see it */
			verify_step(&(struct verify){ .tree = 0 }, &folder.store->db_files[STORE_MAIN], clock_wall());
		assert_int_equal(submit_small(i + 1), STORE_RETRY);
		assert_int_equal(store_trouble(folder.store, STORE_MAIN, &why), STORE_LOG_GONE);
		assert_string_equal(why.text, "postwatch.db: its log was removed or replaced");
		assert_false(store_mend(folder.store, STORE_MAIN, &found));
		assert_int_equal(store_trouble(folder.store, STORE_MAIN, &why), STORE_LOG_GONE);
		assert_non_null(strstr(why.text, "others read it"));
		foreigner_goes(foreigner);
		assert_true(store_mend(folder.store, STORE_MAIN, &found));
		assert_true(!found.fresh && found.aside[0] == '\0');
		assert_int_equal(files_with("replaced-"), i / 2); /* that reader has made one, too */
		assert_int_equal(submit_small(i + 1), STORE_COMMITTED);
		be_cut_off();
		assert_int_equal(count("SELECT count(*) FROM notices"), (int64_t)i + 1);
	}
	assert_true(db_says(folder.store->db_files[STORE_MAIN].db, "PRAGMA integrity_check(1)", "ok"));
}

/* Where the file is replaced as well, before that is mended, it is none of ours. */
static void
log_removed_and_file_replaced(void **state)
{
	struct store_found found;

	(void)state;
	assert_int_equal(submit_small(1), STORE_COMMITTED);
	copy_store("copy");
	assert_int_equal(unlink(folder_file(&folder, "postwatch.db-wal")), 0);
	assert_int_equal(submit_small(2), STORE_RETRY);
	move("copy", "postwatch.db");
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_true(found.fresh);
	assert_memory_equal(found.aside, "postwatch.db.replaced-", 22);
}

/* A copy of the file takes its place, of an hour ago or of now: neither is ours, and our log is not written into it. */
static void
replaced(void **state)
{
	struct store_reader *reader = folder_read(&folder); /* so that closing the store does not end its log */
	struct store_found found;

	(void)state;
	assert_int_equal(submit_small(1), STORE_COMMITTED);
	copy_store("copy");
	assert_int_equal(submit_small(2), STORE_COMMITTED);
	move("copy", "postwatch.db");
	assert_int_equal(submit_small(3), STORE_RETRY);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	store_reader_close(&reader);
	assert_true(found.fresh && !found.first);
	assert_memory_equal(found.aside, "postwatch.db.replaced-", 22);
	assert_int_equal(files_with("postwatch.db.gone-"), 1);
	assert_int_equal(submit_small(3), STORE_COMMITTED);
	assert_int_equal(count("SELECT count(*) FROM notices"), 1);
	store_close(&folder.store);
	move(found.aside, "postwatch.db");
	folder_open(&folder);
	assert_int_equal(count("SELECT count(*) FROM notices"), 1);
	assert_int_equal(count("SELECT number FROM notices"), 1);
}

/* The same with one of a newer version: it stays as it is for as long as it lies there. */
static void
replaced_by_a_newer_one(void **state)
{
	struct store_found found;
	struct reason why;

	(void)state;
	copy_store("copy");
	scribble("copy", 60, "\0\0\x03\xe8", 4);
	move("copy", "postwatch.db");
	assert_int_equal(submit_small(1), STORE_RETRY);
	for (int i = 0; i < 2; i++) {
		assert_false(store_mend(folder.store, STORE_MAIN, &found));
		assert_int_equal(store_trouble(folder.store, STORE_MAIN, &why), STORE_OCCUPIED);
		assert_non_null(strstr(why.text, "newer"));
		assert_int_equal(files_with("replaced-"), 0);
	}
	assert_int_equal(unlink(folder_file(&folder, "postwatch.db")), 0);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_true(found.fresh);
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
}

static void
second_writer(void **state)
{
	const struct store_settings settings = { .folder = folder.path };
	struct store_found found[STORE_FILES];
	enum store_opening opening;
	struct reason why;

	(void)state;
	assert_null(store_open(&settings, &opening, found, &why));
	assert_int_equal(opening, STORE_BUSY);
	assert_int_equal(submit_small(1), STORE_COMMITTED);
}

/* Who was here before has been told to end, and is about to. */
static void
writer_that_ends(void **state)
{
	const struct timespec moment = { .tv_nsec = 200 * 1000 * 1000 };
	int ends[2], status;
	char byte = 0;

	(void)state;
	store_close(&folder.store);
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		int fd = open(folder_file(&folder, "store.lock"), O_RDWR);
		_exit(flock(fd, LOCK_EX | LOCK_NB) != 0 || write(ends[1], &byte, 1) != 1 || nanosleep(&moment, NULL) != 0);
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	folder_open(&folder);
	assert_int_equal(folder.opening, STORE_OPENED);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(ends[0]);
	close(ends[1]);
}

/* A file that cannot be opened does not keep the store from opening, and numbers given meanwhile are not given again. */
static void
trouble_from_the_start(void **state)
{
	struct store_found found;
	char away[128];
	uint64_t number;

	(void)state;
	assert_int_equal(submit_small(store_number(folder.store, STORE_NOTICES)), STORE_COMMITTED);
	store_close(&folder.store);
	snprintf(away, sizeof away, "%s/away", folder.path);
	assert_int_equal(rename(folder_file(&folder, "postwatch.db"), away), 0);
	assert_int_equal(symlink("/nowhere/at/all", folder_file(&folder, "postwatch.db")), 0);
	folder_open(&folder);
	assert_non_null(folder.store);
	assert_int_not_equal(store_trouble(folder.store, STORE_MAIN, NULL), STORE_WELL);
	number = store_number(folder.store, STORE_NOTICES);
	assert_int_equal(submit_small(number), STORE_RETRY);
	assert_int_equal(unlink(folder_file(&folder, "postwatch.db")), 0);
	assert_int_equal(rename(away, folder_file(&folder, "postwatch.db")), 0);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_false(found.fresh);
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
	assert_true(store_number(folder.store, STORE_NOTICES) > number);
	assert_int_equal(count("SELECT count(*) FROM notices"), 2);
}

/* Numbers are given and told, and who gave them dies before any of them was kept: nobody gives them again. */
static void
numbers_are_nobody_elses(void **state)
{
	enum { GIVEN = 1500 };
	uint64_t numbers[GIVEN], next;
	int pipes[2], status;

	(void)state;
	store_close(&folder.store);
	assert_int_equal(pipe(pipes), 0);
	pid_t child = fork();
	if (child == 0) {
		folder_open(&folder);
		bool kept = submit_small(store_number(folder.store, STORE_NOTICES)) == STORE_COMMITTED;
		for (int i = 0; i < GIVEN; i++)
			numbers[i] = store_number(folder.store, STORE_NOTICES);
		_exit(kept && write(pipes[1], numbers, sizeof numbers) == (ssize_t)sizeof numbers ? 0 : 1);
	}
	assert_int_equal(read(pipes[0], numbers, sizeof numbers), sizeof numbers);
	assert_int_equal(waitpid(child, &status, 0), child);
	close(pipes[0]);
	close(pipes[1]);
	folder_open(&folder);
	next = store_number(folder.store, STORE_NOTICES);
	for (int i = 0; i < GIVEN; i++) {
		assert_true(i == 0 || numbers[i] > numbers[i - 1]);
		assert_true(numbers[i] < next || numbers[i] > next + GIVEN);
	}
}

/* Readers learn that what they find is not all, and since when, without a byte being written. */
static void
readers_are_told(void **state)
{
	(void)state;
	assert_int_equal(store_behind_since(folder.path), 0);
	store_say_behind(folder.store, 1700000000 * (int64_t)SECOND);
	assert_int_equal(store_behind_since(folder.path), 1700000000 * (int64_t)SECOND);
	store_say_behind(folder.store, 0);
	assert_int_equal(store_behind_since(folder.path), 0);
	store_say_behind(folder.store, 1700000001 * (int64_t)SECOND);
	store_close(&folder.store);
	assert_int_equal(store_behind_since(folder.path), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(full_disk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ballast, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failing_writes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(doubtful_commit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damage_under_us, set_up, tear_down),
		cmocka_unit_test_setup_teardown(removed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(log_removed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(log_removed_and_file_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(replaced_by_a_newer_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(numbers_are_nobody_elses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(readers_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(second_writer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(writer_that_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(trouble_from_the_start, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
