/* What is done in memory while postwatch.db is in trouble comes into the file once, whole, and into no file that is another one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_stage.h"

static void
put_incident(uint64_t number, int64_t ended, const char *text)
{
	store_put_incident(batch, &(struct store_incident){ .number = number, .target = 1, .change = number, .end_confirmed = ended,
	    .text = bytes_of(text) });
}

static void
put_notice(uint64_t number, uint64_t incident, enum store_delivery_state state)
{
	store_put_notice(batch, &(struct store_notice){ .number = number, .target = 1, .change = number, .kind = "down",
	    .incident = incident });
	store_add_delivery(batch, &(struct store_delivery){ .notice = number, .notifier = "mail", .recipient = "a@example.org",
	    .target = 1, .state = state, .ended = state < STORE_DELIVERY_sent ? 0 : 1 });
}

/* Two incidents are in the file; in memory one ends, and a third begins. */
static void
fall_ill(void)
{
	put_incident(1, 0, "one");
	put_incident(2, 0, "two");
	put_notice(1, 1, STORE_DELIVERY_sent);
	folder_commit(&folder, batch);
	folder.store->db_files[STORE_MAIN].trouble = STORE_IO;
	put_incident(1, 5, "one");
	put_incident(3, 0, "three");
	put_notice(3, 3, STORE_DELIVERY_waiting);
	assert_int_equal(folder_submit(&folder, batch), STORE_IN_MEMORY);
	store_batch_clear(batch);
}

static int64_t
count(const char *sql)
{
	return db_number(file_db(), sql, -1);
}

static void
assert_all_is_in_the_file(void)
{
	assert_int_equal(count("SELECT count(*) FROM incidents WHERE end_confirmed = 0 AND number IN (2, 3)"), 2);
	assert_int_equal(count("SELECT count(*) FROM deliveries WHERE state = 1 AND notice = 3"), 1);
	assert_true(store_keeps_notice(folder.store, 3));
	assert_null(folder.store->memory);
}

static void
is_written_once(void **state)
{
	struct store_found found;

	(void)state;
	fall_ill();
	assert_false(store_keeps_notice(folder.store, 3));
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_all_is_in_the_file();
	assert_int_equal(count("SELECT end_confirmed FROM incidents WHERE number = 1"), 5);
	put_incident(2, 7, "two");
	folder_commit(&folder, batch);
	assert_int_equal(count("SELECT count(*) FROM incidents"), 3);
}

/* The same of a transaction that failed, and was kept: what followed is done alone. */
static void
what_was_kept_is_not_done_again(void **state)
{
	(void)state;
	put_incident(1, 0, "one");
	folder_commit(&folder, batch);
	for (int kept = 0; kept < 2; kept++) {
		struct memory *memory = memory_open(file_db());
		uint64_t refused;

		assert_true(db_exec(memory_db(memory), "UPDATE incidents SET text = x'62', ended = ended + 1"));
		assert_true(memory_note_tried(memory, 7));
		assert_true(db_exec(memory_db(memory), "UPDATE incidents SET text = x'63'"));
		assert_true(db_begin(file_db()));
		if (kept) {
			assert_true(db_exec(file_db(), "UPDATE incidents SET text = x'62', ended = ended + 1"));
			memory_was_kept(memory, 6); /* another one */
			assert_false(memory_write_changes(memory, file_db(), &refused));
			assert_int_equal(db_fault(file_db()), DB_CONSTRAINT);
			db_forgive(file_db());
			memory_was_kept(memory, 7);
		}
		assert_true(memory_write_changes(memory, file_db(), &refused));
		assert_true(db_commit(file_db()));
		assert_int_equal(count("SELECT ended FROM incidents WHERE text = x'63'"), kept + 1);
		memory_close(&memory);
	}
}

static void
meddle(const char *sql)
{
	struct db *db = db_open(folder_file(&folder, "postwatch.db"), DB_WRITE);

	assert_true(db_exec(db, sql));
	db_close(&db);
}

/* A file that others have written to is left alone once, and then is damaged; one with another schema is none of ours. The next
 * one has all that memory has. */
static void
a_file_with_other_rows_is_set_aside(void **state)
{
	static const char *const what[] = { "UPDATE incidents SET end_confirmed = 9 WHERE number = 1", "DELETE FROM incidents WHERE number = 1",
		"CREATE TRIGGER t AFTER INSERT ON incidents BEGIN DELETE FROM incidents; END", "ALTER TABLE incidents ADD COLUMN x INTEGER" };
	struct store_found found;

	for (size_t i = 0; i < sizeof what / sizeof what[0]; i++) {
		unsigned char instance[INSTANCE_SIZE];

		memcpy(instance, store_instance(folder.store), sizeof instance);
		fall_ill();
		meddle(what[i]);
		for (int times = 0; i < 2 && times < 2; times++) {
			assert_false(store_mend(folder.store, STORE_MAIN, &found));
			assert_int_equal(store_trouble(folder.store, STORE_MAIN, NULL), times == 0 ? STORE_CANNOT : STORE_DAMAGED);
			assert_non_null(folder.store->memory);
		}
		assert_true(store_mend(folder.store, STORE_MAIN, &found));
		assert_true(found.fresh && found.goes_on && found.aside[0] != '\0');
		assert_memory_equal(store_instance(folder.store), instance, sizeof instance);
		assert_all_is_in_the_file();
		tear_down(state);
		set_up(state);
	}
}

/* One that cannot be read to its end is begun anew by the keeper, since nobody knows what is missing. */
static void
what_is_not_known_whole_is_not_all_there_is(void **state)
{
	struct store_found found;

	(void)state;
	fall_ill();
	memory_close(&folder.store->memory);
	folder.store->memory = memory_open(NULL);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_true(found.unread && folder.store->memory != NULL);
	assert_int_equal(count("SELECT count(*) FROM incidents"), 2);
}

/* Memory stays within its bound: what has ended goes, what has not stays. */
static void
what_has_ended_gives_way(void **state)
{
	static char text[8000];
	struct store_found found;
	uint64_t number;

	(void)state;
	fall_ill();
	memset(text, 'x', sizeof text - 1);
	for (number = 4; number < 20000; number++) {
		bool open = number % 100 == 0;

		put_incident(number, open ? 0 : 1, text);
		put_notice(number, number, open ? STORE_DELIVERY_waiting : STORE_DELIVERY_sent);
		assert_false(store_batch_lacks_memory(batch));
		assert_true(store_batch_bytes(batch) <= 16 * 1024);
		assert_true(db_size(memory_db(folder.store->memory)) <= MEMORY_MAX);
	}
	assert_int_equal(folder_submit(&folder, batch), STORE_IN_MEMORY);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_int_equal(found.refused, 0);
	assert_in_range(found.dropped, 30000, 60000);
	assert_int_equal(count("SELECT count(*) FROM deliveries WHERE state = 1"), 200);
	assert_int_equal(count("SELECT count(*) FROM incidents WHERE end_confirmed = 0"), 201);
	assert_int_equal(count("SELECT max(number) FROM notices"), 19999);
}

static void
put_evidence(uint64_t run, uint64_t incident)
{
	store_put_evidence(batch, &(struct store_evidence){ .target = 1, .run = run, .incident = incident, .role = "confirmed",
	    .bytes = bytes_of("what was said") });
}

/* However much happens, memory takes no more than it did: what is over goes, the oldest first, and so does what was recorded of rows
 * that have gone. What waits to be told stays. */
static void
memory_does_not_grow_with_what_is_over(void **state)
{
	enum { CHANGES = 4000, WAITS = 500, LOOSE = 100 };
	static const char gives_way[] = "DELETE FROM evidence WHERE target = 9 AND id < (SELECT max(id) FROM evidence);"
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO evidence (target, run, leg, at,"
	    " incident, role, bytes) SELECT 9, (SELECT max(run) FROM evidence) + i, 0, 0, 2, 'failed', x'00' FROM n";
	static char text[8000];
	struct store_found found;
	uint64_t run = 0;

	(void)state;
	put_incident(2, 0, "two");
	folder_commit(&folder, batch);
	put_incident(3, 1, "three"); /* of the group that failed, and over */
	put_notice(3, 3, STORE_DELIVERY_sent);
	folder.store->db_files[STORE_MAIN].trouble = STORE_IO;
	assert_int_equal(folder_submit(&folder, batch), STORE_IN_MEMORY);
	store_batch_clear(batch);
	memset(text, 'x', sizeof text - 1);
	for (uint64_t number = 4; number < CHANGES; number++) {
		put_incident(number, 0, text);
		put_notice(number, number, number % WAITS == 0 ? STORE_DELIVERY_waiting : STORE_DELIVERY_sent);
		put_evidence(++run, number);
		if (number % LOOSE == 0)
			assert_true(db_exec(memory_db(folder.store->memory), gives_way));
		put_incident(number, number % WAITS == 0 ? 0 : 1, text);
		assert_int_equal(folder_submit(&folder, batch), STORE_IN_MEMORY);
		store_batch_clear(batch);
		assert_in_range(memory_bytes(folder.store->memory), 0, MEMORY_GROWTH_MAX + 8 * 1024 * 1024);
	}
	assert_in_range(store_dropped(folder.store), 1, 4 * CHANGES);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_int_equal(found.refused, 0);
	assert_in_range(found.dropped, 1, 4 * CHANGES);
	assert_int_equal(count("SELECT count(*) FROM deliveries WHERE state = 1 AND notice > 3"), CHANGES / WAITS - 1);
	assert_int_equal(count("SELECT count(*) FROM evidence WHERE incident IN (SELECT number FROM incidents WHERE end_confirmed = 0"
	    " AND number > 3)"), CHANGES / WAITS - 1);
	assert_int_equal(count("SELECT count(*) FROM evidence WHERE incident = 5"), 0);
	assert_int_equal(count("SELECT count(*) FROM notices WHERE number > 3500"), CHANGES - 3501);
	assert_int_equal(count("SELECT count(*) FROM notices WHERE number = 3"), 0);
	assert_int_equal(count("SELECT count(*) FROM incidents WHERE number = 2"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_written_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_kept_is_not_done_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_with_other_rows_is_set_aside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_known_whole_is_not_all_there_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_has_ended_gives_way, set_up, tear_down),
		cmocka_unit_test_setup_teardown(memory_does_not_grow_with_what_is_over, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
