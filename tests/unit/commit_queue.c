/* What of a monitor's runs is not committed, for the next monitor to hold. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "keeper/commit_queue_private.h"

static struct pending_run *
add(struct commit_queue *queue, uint64_t number)
{
	struct pending_run *pending = calloc(1, sizeof *pending);

	*pending = (struct pending_run){ .number = number };
	*queue->end = pending;
	queue->end = &pending->next;
	return pending;
}

/* Those of the monitor stay when they are told, until they are committed; our own go. */
static void
what_is_not_committed_is_found_in_order(void **state)
{
	struct commit_queue queue = { .untold = &queue.runs, .end = &queue.runs };

	(void)state;
	assert_null(commit_queue_uncommitted(&queue, 0));
	assert_null(commit_queue_untold(&queue));
	assert_true(commit_queue_is_told(&queue));
	struct pending_run *first = add(&queue, 70), *own = add(&queue, 0), *second = add(&queue, 71), *third = add(&queue, 72),
	    *last = add(&queue, 0);
	queue.open = third;
	assert_ptr_equal(commit_queue_uncommitted(&queue, 0), first);
	assert_ptr_equal(commit_queue_uncommitted(&queue, 70), second);
	assert_ptr_equal(commit_queue_uncommitted(&queue, 71), third);
	assert_null(commit_queue_uncommitted(&queue, 72));
	for (const struct pending_run *const *next = (const struct pending_run *[]){ first, own, second, NULL }; *next != NULL; next++) {
		assert_ptr_equal(commit_queue_untold(&queue), *next);
		commit_queue_told(&queue);
	}
	assert_null(commit_queue_untold(&queue)); /* the open batch is not committed */
	assert_false(commit_queue_is_told(&queue));
	queue.open = NULL;
	assert_ptr_equal(commit_queue_untold(&queue), third);
	commit_queue_told(&queue);
	assert_ptr_equal(commit_queue_untold(&queue), last);
	commit_queue_told(&queue);
	assert_true(commit_queue_is_told(&queue));
	assert_ptr_equal(commit_queue_uncommitted(&queue, 71), third);
	assert_ptr_equal(commit_queue_untold(&queue), NULL);
	struct pending_run *next = add(&queue, 73);
	assert_ptr_equal(commit_queue_untold(&queue), next);
	for (struct pending_run *run; (run = queue.runs) != NULL; free(run))
		queue.runs = run->next;
}

/* Of what is told no more is held than there is room for. */
static void
the_oldest_give_way(void **state)
{
	struct commit_queue queue = { .untold = &queue.runs, .end = &queue.runs };

	(void)state;
	for (uint64_t number = 1; number <= 5; number++) {
		add(&queue, number)->size = COMMIT_HELD_MAX / 2;
		commit_queue_told(&queue);
		assert_int_equal(commit_queue_uncommitted(&queue, 0)->number, number < 2 ? 1 : number - 1);
		assert_true(commit_queue_is_told(&queue));
	}
	add(&queue, 6)->size = COMMIT_HELD_MAX + 1;
	commit_queue_told(&queue);
	assert_null(commit_queue_uncommitted(&queue, 0));
	assert_ptr_equal(queue.end, &queue.runs);
	assert_ptr_equal(queue.untold, &queue.runs);
	assert_int_equal(queue.held_bytes, 0);
}

static void
each_number_has_its_place(void **state)
{
	static const struct { struct sequence taken, message; enum sequence_place place; } rows[] = {
		{ { 0, 0 }, { 5, 1 }, SEQUENCE_NEXT }, { { 0, 0 }, { 5, 2 }, SEQUENCE_GAP }, { { 5, 1 }, { 5, 2 }, SEQUENCE_NEXT },
		{ { 5, 2 }, { 5, 2 }, SEQUENCE_TAKEN }, { { 5, 9 }, { 5, 2 }, SEQUENCE_TAKEN }, { { 5, 2 }, { 5, 4 }, SEQUENCE_GAP },
		{ { 5, 9 }, { 6, 1 }, SEQUENCE_NEXT }, { { 5, 9 }, { 6, 10 }, SEQUENCE_GAP }, { { 5, 9 }, { 5, 0 }, SEQUENCE_TAKEN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(sequence_place(rows[i].taken, rows[i].message), rows[i].place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_committed_is_found_in_order),
		cmocka_unit_test(the_oldest_give_way),
		cmocka_unit_test(each_number_has_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
