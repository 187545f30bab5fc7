/* A child that keeps dying is replaced ever more slowly, and one that was well at once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "parent/backoff.h"

enum { STEP = 1000 };

static void
waits_double_up_to_a_ceiling(void **state)
{
	static const int64_t expected[] = { 0, 1, 2, 4, 8, 16, 32, 60, 60, 60 };
	struct backoff backoff = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
		assert_int_equal(backoff_wait(&backoff, BLAME_NOBODY, 0, STEP), expected[i] * STEP);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(backoff_wait(&backoff, BLAME_NOBODY, 59 * STEP, STEP), 60 * STEP);
}

static void
good_health_forgives(void **state)
{
	struct backoff backoff = { .deaths = 9 };

	(void)state;
	assert_int_equal(backoff_wait(&backoff, BLAME_NOBODY, 60 * STEP - 1, STEP), 60 * STEP);
	assert_int_equal(backoff_wait(&backoff, BLAME_NOBODY, 60 * STEP, STEP), 0);
	assert_int_equal(backoff_wait(&backoff, BLAME_NOBODY, 0, STEP), STEP);
}

static void
the_count_does_not_wrap(void **state)
{
	struct backoff backoff = { .deaths = UINT32_MAX };

	(void)state;
	assert_int_equal(backoff_wait(&backoff, BLAME_NOBODY, 0, STEP), 60 * STEP);
	assert_int_equal(backoff_wait(&backoff, BLAME_NOBODY, 0, STEP), 60 * STEP);
}

/* Who dies of a target costs no wait, as often as that is; where none can be blamed, ten times in a row do not. */
static void
the_death_of_a_target_costs_no_wait(void **state)
{
	struct backoff backoff = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(backoff_wait(&backoff, BLAME_TARGET, 0, STEP), 0);
	for (int i = 0; i < BACKOFF_AT_ONCE; i++)
		assert_int_equal(backoff_wait(&backoff, BLAME_IN_HAND, 0, STEP), 0);
	assert_int_equal(backoff_wait(&backoff, BLAME_IN_HAND, 0, STEP), 0);
	assert_int_equal(backoff_wait(&backoff, BLAME_IN_HAND, 0, STEP), STEP);
	assert_int_equal(backoff_wait(&backoff, BLAME_NOBODY, 0, STEP), 2 * STEP);
	assert_int_equal(backoff_wait(&backoff, BLAME_TARGET, 0, STEP), 0);
	assert_int_equal(backoff_wait(&backoff, BLAME_IN_HAND, 0, STEP), 0);
	assert_int_equal(backoff_wait(&backoff, BLAME_NOBODY, 0, STEP), 4 * STEP);
	assert_int_equal(backoff_wait(&backoff, BLAME_NOBODY, 60 * STEP, STEP), 0);
	assert_int_equal(backoff.in_hand, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_double_up_to_a_ceiling),
		cmocka_unit_test(good_health_forgives),
		cmocka_unit_test(the_count_does_not_wrap),
		cmocka_unit_test(the_death_of_a_target_costs_no_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
