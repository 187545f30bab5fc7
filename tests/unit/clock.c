/* A wall clock that is set is doubted for a day, and no longer than until it is set back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/clock.h"

#define MINUTES (INT64_C(60) * SECOND)
#define DAYS (1440 * MINUTES)
#define NOW (20000 * DAYS)

static void
small_steps_are_followed(void **state)
{
	struct clock_doubt doubt = clock_doubt_begin(NOW, 0);

	(void)state;
	for (int64_t boot = 1; boot < 100; boot++) {
		int64_t wall = NOW + boot * 29 * MINUTES;
		assert_int_equal(clock_doubt_look(&doubt, wall, boot), wall);
	}
}

static void
a_step_is_doubted_for_a_day(void **state)
{
	static const int64_t steps[] = { 31 * MINUTES, -31 * MINUTES, 400 * DAYS, -400 * DAYS };

	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct clock_doubt doubt = clock_doubt_begin(NOW, 0);

		assert_int_equal(clock_doubt_look(&doubt, NOW + MINUTES + steps[i], MINUTES), NOW + MINUTES);
		assert_int_equal(clock_doubt_look(&doubt, NOW + DAYS + steps[i], DAYS), NOW + DAYS);
		assert_int_equal(clock_doubt_look(&doubt, NOW + 2 * DAYS + steps[i], 2 * DAYS), NOW + 2 * DAYS + steps[i]);
	}
}

static void
until_it_is_set_back(void **state)
{
	struct clock_doubt doubt = clock_doubt_begin(NOW, 0);

	(void)state;
	assert_int_equal(clock_doubt_look(&doubt, NOW + 400 * DAYS, 0), NOW);
	assert_int_equal(clock_doubt_look(&doubt, NOW + 200 * DAYS, 0), NOW);
	assert_int_equal(clock_doubt_look(&doubt, NOW + MINUTES, 0), NOW + MINUTES);
	assert_int_equal(clock_doubt_look(&doubt, NOW - 9 * DAYS, 0), NOW + MINUTES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_steps_are_followed),
		cmocka_unit_test(a_step_is_doubted_for_a_day),
		cmocka_unit_test(until_it_is_set_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
