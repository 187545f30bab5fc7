/* What is put is seen at once by whoever reads inside the store, in the file or in memory, and by others when it is kept. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"
#include "base/text.h"
#include "store/find.h"
#include "store_stage.h"

enum { KEYS = 6, ROUNDS = 40, DUMP_ROWS = 2000 };

static uint32_t chance = 4711;

static void
put_notice(uint64_t number)
{
	store_put_notice(batch, &(struct store_notice){ .number = number, .target = 1, .change = number, .kind = "down" });
}

/* How many notices target 1 has; for each of up to `put` of them another is put. */
static uint32_t
notices_with(struct store_reader *reader, uint32_t put)
{
	struct store_notice row;
	struct store_list list;

	store_list_open(&list, reader, STORE_LIST_RECORDED_OF, 1);
	if (put > 0)
		store_list_limit(&list, put);
	while (store_list_next(&list, &row))
		if (put > 0)
			put_notice(row.number + 100);
	assert_int_equal(store_list_close(&list), STORE_READ_END);
	return list.given;
}

static uint32_t
notices(struct store_reader *reader)
{
	return notices_with(reader, 0);
}

static uint32_t
notices_outside(void)
{
	struct store_reader *reader = folder_read(&folder);
	uint32_t count = notices(reader);

	store_reader_close(&reader);
	return count;
}

static void
others_see_it_when_it_is_kept(void **state)
{
	(void)state;
	put_notice(1);
	assert_int_equal(notices(store_inside(folder.store)), 1);
	assert_int_equal(notices_outside(), 0);
	assert_false(store_keeps_notice(folder.store, 1));
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
	assert_int_equal(notices_outside(), 1);
	assert_true(store_keeps_notice(folder.store, 1) && !store_keeps_notice(folder.store, 2));
	store_batch_clear(batch);
	put_notice(2);
	store_close(&folder.store); /* as a kill does */
	folder_open(&folder);
	assert_int_equal(notices(store_inside(folder.store)), 1);
}

static void
rows_may_be_put_while_a_list_is_read(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 20; i++)
		put_notice(i);
	assert_false(store_find_first_notice(folder.store, 0, &(struct store_notice){ .number = 0 }));
	assert_int_equal(notices_with(store_inside(folder.store), 10), 10);
	assert_int_equal(notices(store_inside(folder.store)), 30);
}

static void
limit_file(int pages)
{
	char limit[64];

	snprintf(limit, sizeof limit, "PRAGMA max_page_count=%lld", (long long)db_number(file_db(), "PRAGMA page_count", 0) + pages);
	assert_true(db_exec(file_db(), limit));
}

static void
put_big(uint64_t run)
{
	static char bytes[50000];

	store_put_evidence(batch, &(struct store_evidence){ .target = 1, .run = run, .bytes = { bytes, sizeof bytes } });
}

/* It fails in the midst of a batch: what was put before is read all the same, and so is what is put behind it. */
static void
a_full_disk_hides_nothing(void **state)
{
	struct store_found found;

	(void)state;
	put_notice(1);
	folder_commit(&folder, batch);
	limit_file(4);
	put_notice(2);
	put_big(7);
	assert_non_null(folder.store->memory);
	assert_int_equal(store_trouble(folder.store, STORE_MAIN, NULL), STORE_FULL);
	put_notice(3);
	assert_int_equal(notices(store_inside(folder.store)), 3);
	assert_int_equal(notices_outside(), 1);
	assert_int_equal(folder_submit(&folder, batch), STORE_IN_MEMORY);
	assert_false(store_keeps_notice(folder.store, 2));
	assert_int_equal(notices(store_inside(folder.store)), 3);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_null(folder.store->memory);
	assert_int_equal(notices(store_inside(folder.store)), 3);
	assert_int_equal(notices_outside(), 3);
	assert_true(store_keeps_notice(folder.store, 3));
}

/* Some faults roll a transaction back, also those of a statement that reads: what was in it is done anew with what comes next. */
static void
a_transaction_that_was_ended_is_begun_anew(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 2; i++) {
		put_notice(3 * i + 1);
		put_notice(3 * i + 2);
		assert_true(db_exec(file_db(), "ROLLBACK"));
		if (i == 0)
			put_notice(3);
		assert_int_equal(notices(store_inside(folder.store)), 3);
		assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
		assert_int_equal(notices_outside(), i == 0 ? 3 : 5);
		assert_null(folder.store->memory);
		store_batch_clear(batch);
	}
}

/* A rollback journal, as a copy may have, is read where the switch to a write-ahead log cannot be written. */
static void
leave_wal_mode(void)
{
	struct db *db = db_open(folder_file(&folder, "postwatch.db"), DB_WRITE);

	assert_true(db_says(db, "PRAGMA journal_mode=DELETE", "delete"));
	db_close(&db);
}

/* Whoever reads a file that cannot be opened for writing goes on with its numbers, and under the name that it has. */
static void
a_file_that_is_only_read_gives_its_numbers(void **state)
{
	uint64_t target = store_number(folder.store, STORE_TARGETS), notice = store_number(folder.store, STORE_NOTICES);
	unsigned char instance[INSTANCE_SIZE];
	struct store_found found;
	struct rlimit before;

	(void)state;
	memcpy(instance, store_instance(folder.store), sizeof instance);
	put_notice(notice);
	store_put_sequence(batch, (struct sequence){ 5, 6 });
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
	store_batch_destroy(&batch);
	store_close(&folder.store);
	leave_wal_mode();
	before = forbid_writes();
	folder_open(&folder);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(folder.opening, STORE_OPENED);
	assert_null(folder.store->db_files[STORE_MAIN].db);
	assert_int_equal(notices(store_inside(folder.store)), 1);
	assert_memory_equal(store_instance(folder.store), instance, sizeof instance);
	assert_int_equal(store_number(folder.store, STORE_TARGETS), target + 1);
	assert_true(store_keeps_notice(folder.store, notice) && !store_keeps_notice(folder.store, store_number(folder.store, STORE_NOTICES)));
	assert_int_equal(store_sequence(folder.store, STORE_MAIN).number, 6);
	assert_true(store_mend(folder.store, STORE_MAIN, &found));
	assert_false(found.fresh);
	assert_memory_equal(store_instance(folder.store), instance, sizeof instance);
	assert_int_equal(notices(store_inside(folder.store)), 1);
}

static uint32_t
traces(struct store_reader *reader)
{
	struct store_trace row;
	struct store_list list;

	store_list_open(&list, reader, STORE_LIST_RUN_TRACES, 7);
	while (store_list_next(&list, &row))
		assert_int_equal(row.target, 1);
	assert_int_equal(store_list_close(&list), STORE_READ_END);
	return list.given;
}

/* A history that could not be opened, and then could, is read by whoever reads inside since before. */
static void
history_is_read_again(void **state)
{
	struct store_batch *results = store_batch_create(STORE_HISTORY);
	struct store_reader *reader = store_inside(folder.store);
	struct store_found found;
	struct rlimit before;

	(void)state;
	store_put_trace(results, &(struct store_trace){ .target = 1, .run = 7 });
	assert_int_equal(folder_submit(&folder, results), STORE_COMMITTED);
	store_batch_destroy(&results);
	assert_int_equal(traces(reader), 1);
	folder.store->db_files[STORE_HISTORY].trouble = STORE_IO;
	before = forbid_writes();
	assert_false(store_mend(folder.store, STORE_HISTORY, &found));
	assert_null(folder.store->db_files[STORE_HISTORY].db);
	assert_int_equal(traces(reader), 0);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_true(store_mend(folder.store, STORE_HISTORY, &found));
	assert_int_equal(traces(reader), 1);
}

static void
put_incident(uint64_t number, uint64_t target, int64_t ended)
{
	store_put_incident(batch, &(struct store_incident){ .number = number, .target = target, .change = number,
	    .end_confirmed = ended, .outcome = "refused" });
}

static uint64_t
open_of(uint64_t target)
{
	struct store_incident row;

	return store_find_open_incident(folder.store, target, &row) ? row.number : 0;
}

static void
what_is_open_is_found_by_its_key(void **state)
{
	struct store_incident row = { .number = 0 };
	struct store_condition condition = { .target = 7 };
	uint64_t sum = 0;

	(void)state;
	put_incident(1, 7, 5);
	put_incident(2, 7, 0);
	put_incident(3, 8, 5);
	put_incident(4, 9, 0);
	assert_true(open_of(7) == 2 && open_of(8) == 0 && open_of(9) == 4 && open_of(10) == 0);
	for (; store_next_open_incident(folder.store, &row); put_incident(row.number, row.target, 6))
		sum += row.number;
	assert_int_equal(sum, 6);
	assert_true(open_of(7) == 0 && store_find_incident(folder.store, 2, &row));
	assert_string_equal(row.outcome, "refused");
	for (uint64_t i = 0; i < 4; i++)
		store_put_condition(batch, &(struct store_condition){ .target = 7 + i / 3, .code = i % 3 == 1 ? "slow" : "tls",
		    .since = 1, .standing = 2, .cleared = i % 3 == 2 ? 3 : 0 });
	assert_true(store_next_condition_of(folder.store, &condition));
	assert_string_equal(condition.code, "slow");
	assert_false(store_next_condition_of(folder.store, &condition));
	assert_true(store_next_condition(folder.store, &condition) && condition.target == 8);
	assert_false(store_next_condition(folder.store, &condition) || store_find_condition(folder.store, 7, "tls", &condition));
}

/* What waits to be committed is found in memory then, and so is what comes behind it. */
static void
a_file_that_cannot_be_read_is_gone_on_with_in_memory(void **state)
{
	(void)state;
	put_incident(1, 7, 0);
	assert_true(db_exec(file_db(), "DROP TABLE incidents"));
	assert_int_equal(open_of(7), 1);
	assert_non_null(folder.store->memory);
	put_incident(2, 8, 0);
	assert_int_equal(open_of(8), 2);
	assert_int_equal(folder_submit(&folder, batch), STORE_IN_MEMORY);
}

/* --- every column of every table --- */

static uint32_t
draw(uint32_t below)
{
	return random_next(&chance) % below;
}

/* What is drawn of keys comes again, so that rows are replaced. */
static void
draw_row(enum row_kind kind, void *row)
{
	static const char *const words[] = { "", "a", "down", "x y", "refused" };
	static char bytes[ROW_FIELDS_MAX][16];
	const struct row_form *form = &row_forms[kind];

	for (uint32_t i = 0; form->fields[i].column != NULL; i++) {
		void *member = (char *)row + form->fields[i].offset;
		uint32_t number = i < form->key ? 1 + draw(KEYS) : draw(UINT32_MAX);

		switch (form->fields[i].type) {
		case FIELD_U32:
			*(uint32_t *)member = number;
			break;
		case FIELD_I64:
			*(int64_t *)member = number;
			break;
		case FIELD_TEXT:
			*(const char **)member = words[number % 5];
			break;
		case FIELD_BYTES:
			snprintf(bytes[i], sizeof bytes[i], "%u", number);
			*(struct pw_bytes *)member = bytes_of(bytes[i]);
			break;
		}
	}
}

static void
put_any(void)
{
	_Alignas(8) char row[ROW_SIZE_MAX];
	enum row_kind kind = (enum row_kind)draw(ROW_TRACE);
	uint64_t target = 1 + draw(KEYS), run = 1 + draw(KEYS), incident = draw(KEYS);
	char key[8];

	switch (draw(16)) {
	case 0:
		store_attach_evidence(batch, target, run, incident, "confirmed");
		return;
	case 1:
		store_drop_evidence_upto(batch, target, run);
		return;
	case 2:
		store_drop_loose(batch, target, incident);
		return;
	case 3:
		snprintf(key, sizeof key, "key%u", draw(KEYS));
		store_put_meta(batch, key, bytes_of(key + draw(4)));
		return;
	case 4:
		kind = ROW_NOTICE; /* on which others depend */
		break;
	}
	draw_row(kind, row);
	if (kind == ROW_NOTICE)
		store_put_notice(batch, (const void *)row);
	else
		store_batch_add_row(batch, kind, row);
}

static void
put_some(void)
{
	for (int i = 0; i < 60; i++)
		put_any();
}

/* All rows of all tables as text; the ids of evidence, which no row is known by, are not in it. */
static uint32_t
dump(struct db *db, char *rows[DUMP_ROWS])
{
	uint32_t count = 0;

	for (enum row_kind kind = 0; kind < ROW_TRACE; kind++) {
		char sql[ROW_SQL_MAX];
		struct text text = TEXT_OVER(sql);
		struct query *query;
		text_format(&text, "SELECT '%s'", row_forms[kind].table);
		for (const struct field *field = row_forms[kind].fields; field->column != NULL; field++)
			text_format(&text, "||' '||quote(\"%s\")", field->column);
		text_format(&text, " FROM %s%s", row_forms[kind].table, row_is_evidence(kind) ? " WHERE run > 0" : "");
		query = db_query(db, sql);
		assert_non_null(query);
		while (query_step(query)) {
			assert_true(count < DUMP_ROWS);
			rows[count++] = strdup(query_text(query, 0));
		}
	}
	return count;
}

static bool
is_among(const char *row, char *const *rows, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(row, rows[i]) == 0)
			return true;
	return false;
}

static void
forget(char **rows, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		free(rows[i]);
}

static char *in_memory[DUMP_ROWS];
static uint32_t in_memory_count;

static void
remember(struct db *memory)
{
	assert_non_null(memory);
	in_memory_count = dump(memory, in_memory);
}

/* Whatever is done in memory is in the file when that is well, row for row but for those that were refused; what is over need not
 * be in memory. */
static void
assert_memory_is_in_file(uint64_t refused)
{
	static char *in_file[DUMP_ROWS];
	uint32_t all = dump(file_db(), in_file);

	assert_in_range(in_memory_count, 20, all);
	for (uint32_t i = 0; i < in_memory_count; i++)
		if (!is_among(in_memory[i], in_file, all) && refused-- == 0)
			fail_msg("not in the file: %s", in_memory[i]);
	forget(in_memory, in_memory_count);
	forget(in_file, all);
}

static void
what_is_done_in_memory_is_done_in_the_file(void **state)
{
	struct store_found found;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		put_some();
		folder_commit(&folder, batch);
		put_some(); /* in the file, whose batch is then done once more in memory */
		folder.store->db_files[STORE_MAIN].trouble = STORE_IO;
		assert_int_equal(folder_submit(&folder, batch), STORE_IN_MEMORY);
		store_batch_clear(batch);
		put_some();
		put_some();
		remember(memory_db(folder.store->memory));
		assert_true(store_mend(folder.store, STORE_MAIN, &found));
		assert_null(folder.store->memory);
		assert_memory_is_in_file(found.refused);
		folder_commit(&folder, batch);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(others_see_it_when_it_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rows_may_be_put_while_a_list_is_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_disk_hides_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_transaction_that_was_ended_is_begun_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_only_read_gives_its_numbers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_open_is_found_by_its_key, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_cannot_be_read_is_gone_on_with_in_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(history_is_read_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_done_in_memory_is_done_in_the_file, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
