/* Quantiles: exact where values are small, at most 7 % too high elsewhere, never above the largest. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/spread.h"

static void
nothing_is_zero(void **state)
{
	struct spread spread = { 0 };

	(void)state;
	assert_int_equal(spread_at(&spread, 500), 0);
	assert_int_equal(spread_at(&spread, 1000), 0);
}

static void
small_values_are_exact(void **state)
{
	struct spread spread = { 0 };

	(void)state;
	for (int64_t value = 1; value <= 10; value++)
		spread_add(&spread, value);
	assert_int_equal(spread_at(&spread, 1), 1);
	assert_int_equal(spread_at(&spread, 500), 5);
	assert_int_equal(spread_at(&spread, 501), 6);
	assert_int_equal(spread_at(&spread, 999), 10);
	assert_int_equal(spread_at(&spread, 1000), 10);
}

static void
large_values_are_near(void **state)
{
	(void)state;
	for (int64_t value = 16; value < (int64_t)1 << 44; value += value / 7 + 1) {
		struct spread spread = { 0 };

		spread_add(&spread, value);
		spread_add(&spread, value);
		spread_add(&spread, INT64_MAX / 2);
		assert_in_range(spread_at(&spread, 500), value, value + value / 14);
		assert_int_equal(spread_at(&spread, 1000), INT64_MAX / 2);
	}
}

static void
a_quantile_is_not_above_the_largest(void **state)
{
	struct spread spread = { 0 };

	(void)state;
	spread_add(&spread, 1000);
	assert_int_equal(spread_at(&spread, 500), 1000);
}

static void
what_is_early_is_not_late(void **state)
{
	struct spread spread = { 0 };

	(void)state;
	spread_add(&spread, -5);
	spread_add(&spread, INT64_MIN);
	assert_int_equal(spread.count, 2);
	assert_int_equal(spread_at(&spread, 990), 0);
	assert_int_equal(spread_at(&spread, 1000), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_zero),
		cmocka_unit_test(small_values_are_exact),
		cmocka_unit_test(large_values_are_near),
		cmocka_unit_test(a_quantile_is_not_above_the_largest),
		cmocka_unit_test(what_is_early_is_not_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
