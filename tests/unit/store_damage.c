/* Files that are not what they were when they are opened: cut, flipped, foreign, newer, no files at all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_sick.h"

static void
grow_history(void)
{
	static const int64_t phases[] = { 10, 20, 30 };
	struct store_batch *results = store_batch_create(STORE_HISTORY);
	static uint64_t run = 1;

	for (uint64_t until = run + 400; run < until; run++)
		store_put_result(results, &(struct store_result){ .target = 1, .run = run, .at = (int64_t)run, .verdict = PW_FAILED,
		    .outcome = "refused", .phase_names = "a b c", .phase_count = 3, .phases = phases, .text = bytes_of("refused") });
	assert_int_equal(folder_submit(&folder, results), STORE_COMMITTED);
	store_batch_destroy(&results);
}

/* Damages one of the files while nobody has it; `most`: how much there was of it. */
typedef void spoiling(const char *name, off_t most);

static void
cut_to_nothing(const char *name, off_t most)
{
	(void)most;
	assert_int_equal(truncate(folder_file(&folder, name), 0), 0);
}

static void
cut_in_half(const char *name, off_t most)
{
	assert_int_equal(truncate(folder_file(&folder, name), most / 2), 0);
}

static void
cut_to_a_page_less_a_byte(const char *name, off_t most)
{
	(void)most;
	assert_int_equal(truncate(folder_file(&folder, name), 4095), 0);
}

static void
flip(const char *name, off_t at)
{
	char byte;
	int fd = open(folder_file(&folder, name), O_RDWR);

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void
flip_the_magic(const char *name, off_t most)
{
	(void)most;
	flip(name, 3);
}

static void
flip_whose_it_is(const char *name, off_t most)
{
	(void)most;
	flip(name, 70);
}

/* The kind of the first page's tree. */
static void
flip_in_the_first_page(const char *name, off_t most)
{
	(void)most;
	flip(name, 100);
}

static void
flip_in_the_middle(const char *name, off_t most)
{
	for (off_t page = 1; page < most / 4096; page++)
		flip(name, page * 4096);
}

static void
write_over(const char *name, off_t most)
{
	static char rubbish[8192];

	(void)most;
	memset(rubbish, 'r', sizeof rubbish);
	scribble(name, 0, rubbish, sizeof rubbish);
}

static void
assert_set_aside(enum store_file file, spoiling *spoil)
{
	static const char *const names[] = { "postwatch.db", "history.db" };
	struct stat status;
	bool emptied = spoil == cut_to_nothing;
	int before = files_with("damaged");

	folder_open(&folder);
	grow();
	grow_history();
	store_close(&folder.store);
	assert_int_equal(stat(folder_file(&folder, names[file]), &status), 0);
	spoil(names[file], status.st_size);
	folder_open(&folder);
	assert_int_equal(folder.opening, STORE_OPENED);
	assert_true(folder.found[file].fresh && !folder.found[file].first);
	assert_false(folder.found[1 - file].fresh);
	assert_int_equal(folder.found[file].aside[0] == '\0', emptied);
	assert_int_equal(folder.found[file].why.text[0] == '\0', emptied);
	assert_true(files_with("damaged") > before || emptied);
	assert_int_equal(store_trouble(folder.store, file, NULL), STORE_WELL);
	assert_int_equal(submit_small(1), STORE_COMMITTED);
	store_close(&folder.store);
}

static void
damaged_at_the_start(void **state)
{
	static spoiling *const spoils[] = { cut_to_nothing, cut_in_half, cut_to_a_page_less_a_byte, flip_the_magic,
		flip_whose_it_is, flip_in_the_first_page, flip_in_the_middle, write_over };

	(void)state;
	store_close(&folder.store);
	for (size_t i = 0; i < sizeof spoils / sizeof spoils[0]; i++)
		for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++)
			assert_set_aside(file, spoils[i]);
}

/* What was committed last is in the log alone: it goes with its file. */
static void
emptied_beside_its_log(void **state)
{
	struct store_reader *reader = folder_read(&folder);

	(void)state;
	assert_int_equal(submit_small(1), STORE_COMMITTED);
	store_close(&folder.store);
	assert_int_equal(truncate(folder_file(&folder, "postwatch.db"), 0), 0);
	folder_open(&folder);
	store_reader_close(&reader);
	assert_true(folder.found[STORE_MAIN].fresh && folder.found[STORE_MAIN].aside[0] != '\0');
	assert_non_null(strstr(folder.found[STORE_MAIN].why.text, "empty"));
	assert_int_equal(files_with("damaged"), 2);
	assert_int_equal(files_with("-wal"), 3); /* of what was set aside, and of both files that are */
}

/* A torn or flipped log is what a power cut leaves: what was committed before it counts, and nothing is set aside. */
static void
flipped_log(void **state)
{
	struct store_reader *reader;
	struct stat status;

	(void)state;
	reopen(); /* its tables are in the file */
	reader = folder_read(&folder);
	for (uint64_t i = 1; i <= 5; i++)
		assert_int_equal(submit_small(i), STORE_COMMITTED);
	store_close(&folder.store);
	assert_int_equal(stat(folder_file(&folder, "postwatch.db-wal"), &status), 0);
	store_reader_close(&reader);
	flip("postwatch.db-wal", status.st_size / 2);
	folder_open(&folder);
	assert_false(folder.found[STORE_MAIN].fresh);
	assert_in_range(count("SELECT count(*) FROM notices"), 1, 4);
	assert_int_equal(files_with("damaged"), 0);
}

/* Folders, pipes and dangling links are in the way: nothing is touched until they are gone. */
static void
no_file_at_all(void **state)
{
	static const char *const names[] = { "postwatch.db", "history.db" };
	enum store_reader_opening reading;
	struct store_found found;
	struct reason why;

	(void)state;
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++) {
		char path[400];

		assert_int_equal(submit_small(1), STORE_COMMITTED);
		store_close(&folder.store);
		snprintf(path, sizeof path, "%s", folder_file(&folder, names[file]));
		assert_int_equal(unlink(path), 0);
		assert_int_equal(file == STORE_MAIN ? mkfifo(path, 0600) : symlink("/nowhere/at/all", path), 0);
		folder_open(&folder);
		assert_int_equal(folder.opening, STORE_OPENED);
		assert_int_not_equal(store_trouble(folder.store, file, NULL), STORE_WELL);
		assert_false(store_mend(folder.store, file, &found));
		if (file == STORE_MAIN) {
			assert_null(store_reader_open(folder.path, &reading, &why));
			assert_int_equal(reading, STORE_READER_FAILED);
			assert_non_null(strstr(why.text, "postwatch.db is not a regular file"));
		}
		assert_int_equal(unlink(path), 0);
		assert_true(store_mend(folder.store, file, &found));
		assert_true(found.fresh);
	}
	assert_int_equal(files_with("damaged"), 0);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(damaged_at_the_start, set_up, tear_down),
		cmocka_unit_test_setup_teardown(emptied_beside_its_log, set_up, tear_down),
		cmocka_unit_test_setup_teardown(flipped_log, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_file_at_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(foreign_and_newer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(mixed_up, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
