/* Climbing from schema to schema: each step whole or not at all, from any version, through a fault and a power cut. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "power_vfs.h"
#include "store_folder.h"

enum { ID = 77 };

static const char *const steps[] = {
	"CREATE TABLE a (n INTEGER) STRICT; INSERT INTO a VALUES (1), (2), (3)",
	"CREATE TABLE b (n INTEGER) STRICT; INSERT INTO b SELECT n * 10 FROM a",
	"DROP TABLE a; ALTER TABLE b ADD COLUMN m INTEGER NOT NULL DEFAULT 5",
};
static const char *const broken_steps[] = {
	"CREATE TABLE a (n INTEGER) STRICT; INSERT INTO a VALUES (1), (2), (3)",
	"CREATE TABLE b (n INTEGER) STRICT; INSERT INTO nowhere VALUES (1)",
};

static struct schema
schema_of(int version, const char *const *which)
{
	return (struct schema){ "postwatch.db", "PRAGMA synchronous=FULL", ID, version, which, true };
}

static struct folder folder;

static int
set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	folder_remove(&folder);
	return 0;
}

static enum shelf_opening
open_at(struct shelf *shelf, const struct schema *schema, struct store_found *found)
{
	shelf_init(shelf, schema, folder.path);
	return shelf_open(shelf, found);
}

static void
climbs_from_each_version(void **state)
{
	(void)state;
	for (int from = 1; from <= 3; from++) {
		const struct schema old = schema_of(from, steps), new = schema_of(3, steps);
		struct store_found found;
		struct shelf shelf;
		char copy[64];

		unlink(folder_file(&folder, "postwatch.db"));
		assert_int_equal(open_at(&shelf, &old, &found), SHELF_OPEN);
		assert_true(found.first && found.fresh && found.from_version == 0);
		shelf_close(&shelf);
		assert_int_equal(open_at(&shelf, &new, &found), SHELF_OPEN);
		assert_false(found.first || found.fresh);
		assert_int_equal(found.from_version, from < 3 ? from : 0);
		assert_int_equal(db_number(shelf.db, "SELECT sum(n) + sum(m) FROM b", 0), 60 + 15);
		assert_int_equal(db_number(shelf.db, "PRAGMA user_version", 0), 3);
		assert_int_equal(db_number(shelf.db, "PRAGMA application_id", 0), ID);
		shelf_close(&shelf);
		snprintf(copy, sizeof copy, "postwatch.db.before-%d", from + 1);
		assert_int_equal(access(folder_file(&folder, copy), F_OK) == 0, from < 3);
	}
}

static void
older_program_is_refused(void **state)
{
	const struct schema old = schema_of(2, steps), new = schema_of(3, steps);
	struct store_found found;
	struct shelf shelf;

	(void)state;
	assert_int_equal(open_at(&shelf, &new, &found), SHELF_OPEN);
	shelf_close(&shelf);
	assert_int_equal(open_at(&shelf, &old, &found), SHELF_NEWER);
	assert_null(shelf.db);
	assert_int_equal(open_at(&shelf, &new, &found), SHELF_OPEN);
	assert_int_equal(db_number(shelf.db, "SELECT count(*) FROM b", 0), 3);
	shelf_close(&shelf);
}

static void
a_step_that_fails_leaves_nothing(void **state)
{
	const struct schema good = schema_of(1, broken_steps), bad = schema_of(2, broken_steps);
	struct store_found found;
	struct shelf shelf;

	(void)state;
	assert_int_equal(open_at(&shelf, &good, &found), SHELF_OPEN);
	shelf_close(&shelf);
	assert_int_equal(open_at(&shelf, &bad, &found), SHELF_TROUBLED);
	assert_int_equal(found.aside[0], '\0');
	assert_int_equal(open_at(&shelf, &good, &found), SHELF_OPEN);
	assert_int_equal(db_number(shelf.db, "PRAGMA user_version", 0), 1);
	assert_int_equal(db_number(shelf.db, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'", -1), 0);
	assert_int_equal(db_number(shelf.db, "SELECT count(*) FROM a", 0), 3);
	shelf_close(&shelf);
}

/* The power is cut before each operation in turn; what is then found climbs on, and comes to the same. */
static void
cut_in_its_midst(void **state)
{
	struct schema old = schema_of(1, steps), new = schema_of(3, steps);
	struct store_found found;
	struct shelf shelf;
	bool cut = true;

	(void)state;
	old.precious = new.precious = false; /* the copy is renamed, which this disk knows nothing of */
	power_register();
	for (long at = 1; cut; at++) {
		power_wipe((uint64_t)at);
		assert_int_equal(open_at(&shelf, &old, &found), SHELF_OPEN);
		shelf_close(&shelf);
		disk.cut_at = disk.operations + at;
		open_at(&shelf, &new, &found);
		cut = disk.off;
		disk.off = true;
		shelf_close(&shelf);
		power_on();
		assert_int_equal(open_at(&shelf, &new, &found), SHELF_OPEN);
		assert_int_equal(found.aside[0], '\0');
		assert_int_equal(db_number(shelf.db, "SELECT sum(n) + sum(m) FROM b", 0), 60 + 15);
		assert_int_equal(db_number(shelf.db, "SELECT count(*) FROM sqlite_schema", 0), 1);
		shelf_close(&shelf);
		assert_true(at < 1000);
	}
	power_wipe(1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(climbs_from_each_version, set_up, tear_down),
		cmocka_unit_test_setup_teardown(older_program_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_step_that_fails_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cut_in_its_midst, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
