/* Files that are not what they were when they are opened: cut, flipped, foreign, newer, no files at all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/verify.h"
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

static const char *const file_names[] = { "postwatch.db", "history.db" };

/* A link of ours may lead to a disk that is not there yet: nothing is touched until it is. */
static void
dangling_link(void **state)
{
	struct store_found found;

	(void)state;
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++) {
		assert_int_equal(submit_small(1), STORE_COMMITTED);
		store_close(&folder.store);
		assert_int_equal(unlink(folder_file(&folder, file_names[file])), 0);
		assert_int_equal(symlink("/nowhere/at/all", folder_file(&folder, file_names[file])), 0);
		folder_open(&folder);
		assert_int_equal(folder.opening, STORE_OPENED);
		assert_int_not_equal(store_trouble(folder.store, file, NULL), STORE_WELL);
		assert_false(store_mend(folder.store, file, &found));
		assert_int_equal(unlink(folder_file(&folder, file_names[file])), 0);
		assert_true(store_mend(folder.store, file, &found));
		assert_true(found.fresh);
	}
	assert_int_equal(files_with("damaged"), 0);
}

static void
make_fifo(const char *path)
{
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void
make_folder(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
}

static void
make_socket(const char *path)
{
	assert_int_equal(mknod(path, S_IFSOCK | 0600, 0), 0);
}

static void
make_link_of_somebody_else(const char *path)
{
	assert_int_equal(symlink("/dev/null", path), 0);
	if (geteuid() == 0)
		assert_int_equal(lchown(path, 65534, 65534), 0);
}

static void
assert_no_file(enum store_file file, const char *beside, void make(const char *path))
{
	enum store_reader_opening reading;
	struct reason why;
	char path[400];
	int before = files_with("damaged");

	assert_int_equal(submit_small(1), STORE_COMMITTED);
	store_close(&folder.store);
	snprintf(path, sizeof path, "%s%s", folder_file(&folder, file_names[file]), beside);
	(void)unlink(path);
	make(path);
	if (beside[0] == '\0') {
		struct store_reader *reader = store_reader_open(folder.path, &reading, &why);

		assert_int_equal(reader == NULL, file == STORE_MAIN);
		assert_true(file == STORE_HISTORY || strstr(why.text, "postwatch.db is not a regular file") != NULL);
		store_reader_close(&reader);
	}
	folder_open(&folder);
	assert_int_equal(folder.opening, STORE_OPENED);
	assert_int_equal(store_trouble(folder.store, file, NULL), STORE_WELL);
	assert_true(folder.found[file].fresh && folder.found[file].aside[0] != '\0');
	assert_non_null(strstr(folder.found[file].why.text, "is no file"));
	assert_true(files_with("damaged") > before);
	assert_int_equal(submit_small(2), STORE_COMMITTED);
}

/* What is no file is in the way for ever: it is set aside. */
static void
no_file_at_all(void **state)
{
	static const char *const beside[] = { "", "-wal", "-shm", "-journal" };

	(void)state;
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++) {
		for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
			assert_no_file(file, beside[i], make_fifo);
			assert_no_file(file, beside[i], make_folder);
			assert_no_file(file, beside[i], make_socket);
			assert_no_file(file, beside[i], make_link_of_somebody_else);
		}
	}
}

/* No process is kept away by a lock that nobody can hold. */
static void
lock_that_is_no_file(void **state)
{
	static void (*const makes[])(const char *) = { make_fifo, make_folder, make_socket, make_link_of_somebody_else };

	(void)state;
	for (size_t i = 0; i < sizeof makes / sizeof makes[0]; i++) {
		struct stat status;
		char name[128];

		store_close(&folder.store);
		assert_int_equal(unlink(folder_file(&folder, "store.lock")), 0);
		makes[i](folder_file(&folder, "store.lock"));
		folder_open(&folder);
		assert_int_equal(folder.opening, STORE_OPENED);
		assert_false(folder.found[STORE_MAIN].fresh);
		assert_int_equal(lstat(folder_file(&folder, "store.lock"), &status), 0);
		assert_true(S_ISREG(status.st_mode));
		snprintf(name, sizeof name, "%s", folder.found[STORE_MAIN].lock_aside);
		assert_non_null(strstr(name, "store.lock.damaged-"));
		assert_int_equal(lstat(folder_file(&folder, name), &status), 0);
		assert_false(S_ISREG(status.st_mode));
		(void)remove(folder_file(&folder, name));
	}
}

/* With the right version, and yet not what the steps to it have made. */
static void
changed_schema(void **state)
{
	static const char *const changes[STORE_FILES][10] = {
		[STORE_MAIN] = { "DROP TABLE pauses", "DROP INDEX targets_identity",
			"ALTER TABLE pauses RENAME COLUMN number TO nulber", "ALTER TABLE incidents RENAME COLUMN began TO cegan",
			"CREATE TRIGGER evil AFTER INSERT ON notices BEGIN DELETE FROM deliveries; END", "CREATE TABLE foreign_one (a)",
			"CREATE VIEW foreign_view AS SELECT * FROM notices", "DROP VIEW target_status",
			"CREATE UNIQUE INDEX only_one ON notices (target)" },
		[STORE_HISTORY] = { "DROP TABLE rollups", "CREATE TRIGGER evil AFTER INSERT ON results BEGIN DELETE FROM results; END" },
	};

	(void)state;
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++) {
		for (size_t i = 0; i < 10 && changes[file][i] != NULL; i++) {
			assert_true(db_exec(folder.store->db_files[file].db, changes[file][i]));
			reopen();
			assert_true(folder.found[file].fresh && folder.found[file].aside[0] != '\0');
			assert_non_null(strstr(folder.found[file].why.text, "tables, indexes, views and triggers"));
			assert_int_equal(store_trouble(folder.store, file, NULL), STORE_WELL);
			assert_int_equal(submit_small(1), STORE_COMMITTED);
			reopen();
			assert_false(folder.found[file].fresh || folder.found[file].lost);
		}
	}
}

/* Somebody changes it while it is written. */
static void
changed_meanwhile(void **state)
{
	static struct verify verify;
	struct db_file *db_file = &folder.store->db_files[STORE_MAIN];
	struct store_found found;

	(void)state;
	verify_step(&verify, db_file, 1);
	assert_int_equal(db_file->trouble, STORE_WELL);
	assert_int_equal(verify.tree, 1);
	verify = (struct verify){ 0 };
	assert_true(db_exec(db_file->db, "CREATE TRIGGER evil AFTER INSERT ON notices BEGIN DELETE FROM deliveries; END"));
	verify_step(&verify, db_file, 1);
	assert_int_equal(db_file->trouble, STORE_DAMAGED);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_true(found.fresh && found.aside[0] != '\0');
	assert_int_equal(submit_small(1), STORE_COMMITTED);
}

/* One that could not be read, since what lay in the file's place was no database, is compared again. */
static void
unread_schema(void **state)
{
	static struct verify verify;
	struct db_file *db_file = &folder.store->db_files[STORE_MAIN];
	struct store_found found;

	(void)state;
	assert_true(db_exec(db_file->db, "PRAGMA wal_checkpoint(TRUNCATE)"));
	move("postwatch.db", "moved");
	write_over("postwatch.db", 0);
	verify_step(&verify, db_file, 1);
	assert_int_equal(db_file->trouble, STORE_MOVED);
	move("moved", "postwatch.db");
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_true(db_exec(db_file->db, "CREATE TABLE foreign_one (a)"));
	verify_step(&verify, db_file, 1);
	assert_int_equal(db_file->trouble, STORE_DAMAGED);
	assert_string_equal(db_file->why.text, "postwatch.db: somebody has changed its schema");
}

/* A bit in the text of the schema. */
static void
bits_in_the_schema(void **state)
{
	static const char *const words[] = { "identity TEXT", "incident INTEGER", "acknowledged INTEGER", "CREATE TABLE meta", "pauses (" };
	static char bytes[1 << 20];

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		char *at;
		ssize_t size;
		int fd;

		assert_true(db_exec(folder.store->db_files[STORE_MAIN].db, "PRAGMA wal_checkpoint(TRUNCATE)"));
		store_close(&folder.store);
		fd = open(folder_file(&folder, "postwatch.db"), O_RDWR);
		size = pread(fd, bytes, sizeof bytes, 0);
		assert_true(size > 0);
		at = memmem(bytes, (size_t)size, words[i], strlen(words[i]));
		assert_non_null(at);
		at[3] ^= 1;
		assert_int_equal(pwrite(fd, bytes, (size_t)size, 0), size);
		close(fd);
		folder_open(&folder);
		assert_int_equal(folder.opening, STORE_OPENED);
		assert_true(folder.found[STORE_MAIN].fresh && folder.found[STORE_MAIN].aside[0] != '\0');
		assert_int_equal(submit_small(1), STORE_COMMITTED);
	}
}

/* A file that is gone, or empty, beside one that is not. */
static void
lost(void **state)
{
	(void)state;
	assert_false(folder.found[STORE_MAIN].lost || folder.found[STORE_HISTORY].lost);
	for (int file = STORE_FILES - 1; file >= 0; file--) {
		assert_int_equal(submit_small(1), STORE_COMMITTED);
		store_close(&folder.store);
		assert_int_equal(unlink(folder_file(&folder, file_names[file])), 0);
		folder_open(&folder);
		assert_true(folder.found[file].lost && !folder.found[1 - file].lost);
		reopen();
		assert_false(folder.found[file].lost);
	}
}

static void
foreign_and_newer(void **state)
{
	(void)state;
	assert_true(db_exec(folder.store->db_files[STORE_MAIN].db, "PRAGMA application_id=7"));
	reopen();
	assert_true(folder.found[STORE_MAIN].fresh && folder.found[STORE_MAIN].aside[0] != '\0');
	assert_true(db_exec(folder.store->db_files[STORE_MAIN].db, "PRAGMA user_version=1000"));
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
		cmocka_unit_test_setup_teardown(dangling_link, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_file_at_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lock_that_is_no_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(changed_schema, set_up, tear_down),
		cmocka_unit_test_setup_teardown(changed_meanwhile, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unread_schema, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bits_in_the_schema, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(foreign_and_newer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(mixed_up, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
