/* Quantiles: exact where values are small, at most 7 % too high elsewhere, never above the largest. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/histogram.h"

static void
nothing_is_zero(void **state)
{
	struct histogram histogram = { 0 };

	(void)state;
	assert_int_equal(histogram_at(&histogram, 500), 0);
	assert_int_equal(histogram_at(&histogram, 1000), 0);
}

static void
small_values_are_exact(void **state)
{
	struct histogram histogram = { 0 };

	(void)state;
	for (int64_t value = 1; value <= 10; value++)
		histogram_add(&histogram, value);
	assert_int_equal(histogram_at(&histogram, 1), 1);
	assert_int_equal(histogram_at(&histogram, 500), 5);
	assert_int_equal(histogram_at(&histogram, 501), 6);
	assert_int_equal(histogram_at(&histogram, 999), 10);
	assert_int_equal(histogram_at(&histogram, 1000), 10);
}

static void
large_values_are_near(void **state)
{
	(void)state;
	for (int64_t value = 16; value < (int64_t)1 << 44; value += value / 7 + 1) {
		struct histogram histogram = { 0 };

		histogram_add(&histogram, value);
		histogram_add(&histogram, value);
		histogram_add(&histogram, INT64_MAX / 2);
		assert_in_range(histogram_at(&histogram, 500), value, value + value / 14);
		assert_int_equal(histogram_at(&histogram, 1000), INT64_MAX / 2);
	}
}

static void
a_quantile_is_not_above_the_largest(void **state)
{
	struct histogram histogram = { 0 };

	(void)state;
	histogram_add(&histogram, 1000);
	assert_int_equal(histogram_at(&histogram, 500), 1000);
}

static void
what_is_early_is_not_late(void **state)
{
	struct histogram histogram = { 0 };

	(void)state;
	histogram_add(&histogram, -5);
	histogram_add(&histogram, INT64_MIN);
	assert_int_equal(histogram.count, 2);
	assert_int_equal(histogram_at(&histogram, 990), 0);
	assert_int_equal(histogram_at(&histogram, 1000), 0);
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
