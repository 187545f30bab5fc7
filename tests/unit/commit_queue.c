/* What of a monitor's runs is not committed, for the next monitor to hold. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "keeper/commit_queue_private.h"

static struct pending_run *
add(struct pending_run ***last, uint64_t number)
{
	struct pending_run *pending = calloc(1, sizeof *pending);

	*pending = (struct pending_run){ .number = number };
	**last = pending;
	*last = &pending->next;
	return pending;
}

static void
forget(struct pending_run **pending)
{
	for (struct pending_run *next; *pending != NULL; *pending = next) {
		next = (*pending)->next;
		free(*pending);
	}
}

static void
what_is_not_committed_is_found_in_order(void **state)
{
	struct commit_queue queue = { .serial = 1 };
	struct pending_run **held = &queue.held;

	(void)state;
	queue.open_last = &queue.open;
	assert_null(commit_queue_uncommitted(&queue, 0));
	struct pending_run *first = add(&held, 70);
	(void)add(&held, 0); /* our own */
	struct pending_run *second = add(&held, 71), *third = add(&queue.open_last, 72);
	(void)add(&queue.open_last, 0);
	assert_ptr_equal(commit_queue_uncommitted(&queue, 0), first);
	assert_ptr_equal(commit_queue_uncommitted(&queue, 70), second);
	assert_ptr_equal(commit_queue_uncommitted(&queue, 71), third);
	assert_null(commit_queue_uncommitted(&queue, 72));
	forget(&queue.held);
	assert_ptr_equal(commit_queue_uncommitted(&queue, 0), third);
	forget(&queue.open);
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
		cmocka_unit_test(each_number_has_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
