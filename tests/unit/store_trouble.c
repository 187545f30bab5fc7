/* A full disk, failing writes, damaged, foreign, newer, removed and replaced files, a second writer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "store_folder.h"

static struct folder folder;
static struct store_batch *batch;

static int
set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	folder_open(&folder);
	batch = store_batch_create(STORE_MAIN);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	store_batch_destroy(&batch);
	folder_remove(&folder);
	return 0;
}

static void
put_big(uint64_t run)
{
	static char bytes[50000];

	store_put_evidence(batch, &(struct store_evidence){ .target = 1, .run = run, .bytes = { bytes, sizeof bytes } });
}

static enum store_answer
submit_small(uint64_t number)
{
	enum store_answer answer;

	store_batch_clear(batch);
	store_put_notice(batch, &(struct store_notice){ .number = number, .target = 1, .change = number, .kind = "down" });
	answer = folder_submit(&folder, batch);
	return answer;
}

static int64_t
count(const char *sql)
{
	return db_number(folder.store->shelves[STORE_MAIN].db, sql, -1);
}

static void
reopen(void)
{
	store_close(&folder.store);
	folder_open(&folder);
	assert_int_equal(folder.opening, STORE_OPENED);
}

/* The number of files in the folder whose name has this in it. */
static int
files_with(const char *part)
{
	DIR *dir = opendir(folder.path);
	struct dirent *entry;
	int found = 0;

	while ((entry = readdir(dir)) != NULL)
		found += strstr(entry->d_name, part) != NULL;
	closedir(dir);
	return found;
}

static void
scribble(const char *name, off_t at, const char *bytes, size_t size)
{
	int fd = open(folder_file(&folder, name), O_WRONLY | O_CREAT, 0600);

	assert_int_equal(pwrite(fd, bytes, size, at), (ssize_t)size);
	close(fd);
}

/* SQLITE_FULL: nothing of the batch is kept, every batch is put off, and afterwards the same one goes in. */
static void
full_disk(void **state)
{
	struct db *db = folder.store->shelves[STORE_MAIN].db;
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

/* A write that fails for another reason, by RLIMIT_FSIZE; mending fails as long as the reason lasts. */
static void
failing_writes(void **state)
{
	struct rlimit before, none;
	struct store_found found;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	none = before;
	none.rlim_cur = 1;
	assert_int_equal(submit_small(1), STORE_COMMITTED);
	setrlimit(RLIMIT_FSIZE, &none);
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

/* A commit that failed for us and reached the disk: submitted again, it is not done twice. */
static void
doubtful_commit(void **state)
{
	struct store_found found;
	uint64_t as;

	(void)state;
	assert_int_equal(submit_small(1), STORE_COMMITTED);
	folder.store->shelves[STORE_MAIN].trouble = STORE_IO;
	folder.store->doubtful[STORE_MAIN] = batch->number;
	assert_int_equal(folder_submit(&folder, batch), STORE_RETRY);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_true(db_exec(folder.store->shelves[STORE_MAIN].db, "DELETE FROM notices"));
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
	assert_int_equal(count("SELECT count(*) FROM notices"), 0);
	assert_false(store_batch_notice_was_known(batch, 1, &as));
}

static void
no_database_is_set_aside(void **state)
{
	static const char *const names[] = { "postwatch.db", "history.db" };

	(void)state;
	for (int i = 0; i < STORE_FILES; i++) {
		static char rubbish[8192];

		assert_int_equal(submit_small(1), STORE_COMMITTED);
		store_close(&folder.store);
		memset(rubbish, 'r', sizeof rubbish);
		scribble(names[i], 0, rubbish, sizeof rubbish);
		folder_open(&folder);
		assert_int_equal(folder.opening, STORE_OPENED);
		assert_true(folder.found[i].fresh && !folder.found[i].first);
		assert_memory_equal(folder.found[i].aside, names[i], strlen(names[i]));
		assert_true(folder.found[i].why.text[0] != '\0');
		assert_int_equal(access(folder_file(&folder, folder.found[i].aside), F_OK), 0);
		assert_int_equal(store_trouble(folder.store, (enum store_file)i, NULL), STORE_WELL);
	}
	assert_int_equal(files_with("damaged"), 2);
}

static void
grow(void)
{
	store_batch_clear(batch);
	for (uint64_t run = 1; run < 40; run++)
		put_big(run);
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
}

static void
truncated_and_flipped(void **state)
{
	struct stat status;

	(void)state;
	grow();
	store_close(&folder.store);
	assert_int_equal(stat(folder_file(&folder, "postwatch.db"), &status), 0);
	assert_int_equal(truncate(folder_file(&folder, "postwatch.db"), status.st_size / 2), 0);
	folder_open(&folder);
	assert_true(folder.found[STORE_MAIN].fresh);
	assert_true(folder.found[STORE_MAIN].aside[0] != '\0');
	grow();
	store_close(&folder.store);
	scribble("postwatch.db", 4096, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	folder_open(&folder);
	assert_true(folder.found[STORE_MAIN].fresh);
	assert_int_equal(count("SELECT count(*) FROM evidence"), 0);
	assert_int_equal(files_with("damaged"), 2);
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
	assert_true(db_exec(folder.store->shelves[STORE_MAIN].db, "PRAGMA cache_size=0; PRAGMA shrink_memory"));
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
foreign_and_newer(void **state)
{
	(void)state;
	assert_true(db_exec(folder.store->shelves[STORE_MAIN].db, "PRAGMA application_id=7"));
	reopen();
	assert_true(folder.found[STORE_MAIN].fresh && folder.found[STORE_MAIN].aside[0] != '\0');
	assert_true(db_exec(folder.store->shelves[STORE_MAIN].db, "PRAGMA user_version=1000"));
	store_close(&folder.store);
	folder_open(&folder);
	assert_null(folder.store);
	assert_int_equal(folder.opening, STORE_NEWER);
	assert_non_null(strstr(folder.why.text, "1000"));
	assert_int_equal(files_with("damaged"), 1);
}

/* Each file for the other: neither is what it says. */
static void
mixed_up(void **state)
{
	char other[128];

	(void)state;
	store_close(&folder.store);
	snprintf(other, sizeof other, "%s/postwatch.db", folder.path);
	assert_int_equal(unlink(folder_file(&folder, "history.db")), 0);
	assert_int_equal(link(other, folder_file(&folder, "history.db")), 0);
	folder_open(&folder);
	assert_int_equal(folder.opening, STORE_OPENED);
	assert_true(folder.found[STORE_HISTORY].aside[0] != '\0');
	assert_int_equal(submit_small(1), STORE_COMMITTED);
}

static void
removed_and_replaced(void **state)
{
	struct store_found found;

	(void)state;
	assert_int_equal(submit_small(1), STORE_COMMITTED);
	assert_int_equal(unlink(folder_file(&folder, "postwatch.db")), 0);
	assert_int_equal(submit_small(2), STORE_RETRY);
	assert_int_equal(store_trouble(folder.store, STORE_MAIN, NULL), STORE_MOVED);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_true(found.fresh);
	assert_int_equal(submit_small(2), STORE_COMMITTED);
	assert_int_equal(count("SELECT count(*) FROM notices"), 1);
	assert_true(store_number(folder.store, STORE_NOTICES) > 0);
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
	assert_int_equal(mkdir(folder_file(&folder, "postwatch.db"), 0700), 0);
	folder_open(&folder);
	assert_non_null(folder.store);
	assert_int_not_equal(store_trouble(folder.store, STORE_MAIN, NULL), STORE_WELL);
	number = store_number(folder.store, STORE_NOTICES);
	assert_int_equal(submit_small(number), STORE_RETRY);
	assert_int_equal(rmdir(folder_file(&folder, "postwatch.db")), 0);
	assert_int_equal(rename(away, folder_file(&folder, "postwatch.db")), 0);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_false(found.fresh);
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
	assert_true(store_number(folder.store, STORE_NOTICES) > number);
	assert_int_equal(count("SELECT count(*) FROM notices"), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(full_disk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failing_writes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(doubtful_commit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_database_is_set_aside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(truncated_and_flipped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damage_under_us, set_up, tear_down),
		cmocka_unit_test_setup_teardown(foreign_and_newer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(mixed_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(removed_and_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(second_writer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(trouble_from_the_start, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
