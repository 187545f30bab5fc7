/* The newest result of each target at once is, of each, the first of its chain, whatever is left of that. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "store_folder.h"

enum { TARGETS = 10 };
static const int64_t HOUR = INT64_C(3600) * SECOND, DAY = INT64_C(86400) * SECOND;
static const int64_t BEGIN = INT64_C(1795392000) * SECOND;

static struct folder folder;
static struct store_batch *batch;

static int
set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	folder_open(&folder);
	batch = store_batch_create(STORE_HISTORY);
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
put(uint64_t target, int64_t at, enum pw_verdict verdict)
{
	store_put_result(batch, &(struct store_result){ .target = target, .run = (uint64_t)at, .at = at, .micros = 1,
	    .verdict = verdict, .mood = STORE_MOOD_up, .speaks_for = 600, .outcome = "ok", .phase_names = "connect",
	    .text = bytes_of("") });
}

/* In parts of so many rows. */
static void
assert_newest(uint32_t part, uint32_t count)
{
	struct store_reader *reader = folder_read(&folder);
	int64_t at[TARGETS] = { 0 }; /* by target */
	uint32_t total = 0;
	uint64_t last = 0;
	struct store_last_run run;
	struct store_run newest;
	struct store_list list;

	do {
		store_list_open(&list, reader, STORE_LIST_NEWEST_RUNS, 0);
		store_list_behind(&list, last);
		store_list_limit(&list, part);
		while (store_list_next(&list, &newest)) {
			assert_true(newest.target > last && newest.target < TARGETS);
			last = newest.target;
			at[last] = newest.at;
		}
		assert_int_equal(store_list_close(&list), STORE_READ_END);
		total += list.given;
	} while (list.given == part);
	assert_int_equal(total, count);
	store_list_open(&list, reader, STORE_LIST_LAST_RUNS, 0);
	for (; store_list_next(&list, &run); count--)
		assert_true(run.target < TARGETS && run.started == at[run.target] && run.ended == run.started + 1);
	assert_int_equal(store_list_close(&list), STORE_READ_END);
	assert_int_equal(count, 0);
	for (uint64_t target = 1; target < TARGETS; target++) {
		struct store_run first = { .at = 0 };

		store_list_open(&list, reader, STORE_LIST_HISTORY, target);
		(void)store_list_next(&list, &first);
		assert_int_equal(store_list_close(&list), STORE_READ_END);
		assert_int_equal(at[target], first.at);
	}
	store_reader_close(&reader);
}

static uint64_t
last_run(void)
{
	struct store_reader *reader = folder_read(&folder);
	uint64_t run = store_read_last_run(reader);

	store_reader_close(&reader);
	return run;
}

static void
in_pages_with_and_without_heads(void **state)
{
	(void)state;
	assert_newest(1, 0);
	assert_int_equal(last_run(), 0);
	for (int64_t i = 1; i <= 300; i++)
		put((uint64_t)(i % 5 + 1), BEGIN + i * SECOND, PW_OK);
	folder_commit(&folder, batch);
	assert_newest(1, 5);
	assert_newest(100, 5);
	store_close(&folder.store); /* writes the heads */
	folder_open(&folder);
	assert_newest(2, 5);
	assert_int_equal(last_run(), BEGIN + 300 * SECOND);
	put(2, BEGIN + 400 * SECOND, PW_OK);
	put(7, BEGIN + 401 * SECOND, PW_OK);
	folder_commit(&folder, batch);
	assert_newest(1, 6);
	assert_newest(100, 6);
	put(2, BEGIN + 399 * SECOND, PW_OK); /* it ended last */
	folder_commit(&folder, batch);
	assert_int_equal(last_run(), BEGIN + 401 * SECOND);
}

static void
of_what_retention_has_left(void **state)
{
	(void)state;
	for (int day = 0; day < 10; day++)
		for (int i = 0; i < 20; i++)
			put(4, BEGIN + day * DAY + i * HOUR, i == 7 ? PW_FAILED : PW_OK);
	put(5, BEGIN, PW_OK);
	folder_commit(&folder, batch);
	store_close(&folder.store);
	folder_open(&folder);
	folder_tend(&folder, BEGIN + 20 * DAY); /* the heads name rows that have gone */
	assert_newest(10, 1);
	folder_tend(&folder, BEGIN + 300 * DAY);
	assert_newest(10, 0);
	put(4, BEGIN + 300 * DAY, PW_OK);
	folder_commit(&folder, batch);
	assert_newest(10, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_pages_with_and_without_heads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_what_retention_has_left, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
