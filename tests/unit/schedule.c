/* The timing wheel: everything is taken out once, in its tick, whatever came before. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "monitor/schedule.h"

enum { TARGETS = 1000 };

struct taken {
	struct schedule schedule;
	uint32_t count, order[TARGETS * 4];
	int64_t again; /* put in again so much later */
};

static void
on_due(void *arg, uint32_t target)
{
	struct taken *taken = arg;

	assert_in_range(taken->count, 0, TARGETS * 4 - 1);
	taken->order[taken->count++] = target;
	if (taken->again > 0)
		schedule_put(&taken->schedule, target, taken->schedule.entries[target].due + taken->again);
}

static struct taken *
begin(int64_t now)
{
	struct taken *taken = calloc(1, sizeof *taken);

	assert_non_null(taken);
	assert_true(schedule_init(&taken->schedule, TARGETS, now));
	return taken;
}

static void
end(struct taken *taken)
{
	schedule_fini(&taken->schedule);
	free(taken);
}

static void
each_is_taken_in_its_tick(void **unused)
{
	struct taken *taken = begin(5 * TICK);

	(void)unused;
	for (uint32_t i = 0; i < TARGETS; i++)
		schedule_put(&taken->schedule, i, (5 + i * 37 % 20000) * (int64_t)TICK + i);
	for (int64_t tick = 5; tick < 20010; tick++) {
		taken->count = 0;
		schedule_collect(&taken->schedule, tick, on_due, taken);
		for (uint32_t i = 0; i < taken->count; i++)
			assert_int_equal(5 + taken->order[i] * 37 % 20000, tick);
		assert_true(schedule_horizon(&taken->schedule) == (tick + 1) * TICK);
	}
	end(taken);
}

static void
what_is_late_already_comes_next(void **unused)
{
	struct taken *taken = begin(100 * TICK);

	(void)unused;
	schedule_put(&taken->schedule, 7, 3 * TICK);
	schedule_collect(&taken->schedule, 100, on_due, taken);
	assert_int_equal(taken->count, 1);
	end(taken);
}

static void
it_can_be_moved_and_dropped(void **unused)
{
	struct taken *taken = begin(0);

	(void)unused;
	for (uint32_t i = 0; i < 10; i++)
		schedule_put(&taken->schedule, i, TICK);
	for (uint32_t i = 0; i < 10; i += 2)
		schedule_drop(&taken->schedule, i);
	schedule_drop(&taken->schedule, 0); /* twice does no harm */
	schedule_put(&taken->schedule, 1, 5 * TICK);
	schedule_collect(&taken->schedule, 2, on_due, taken);
	assert_int_equal(taken->count, 4);
	schedule_collect(&taken->schedule, 5, on_due, taken);
	assert_int_equal(taken->count, 5);
	assert_int_equal(taken->order[4], 1);
	end(taken);
}

static void
a_long_sleep_loses_nothing(void **unused)
{
	struct taken *taken = begin(0);

	(void)unused;
	for (uint32_t i = 0; i < TARGETS; i++)
		schedule_put(&taken->schedule, i, i * 97 * (int64_t)TICK);
	schedule_collect(&taken->schedule, 1000 * 1000, on_due, taken);
	assert_int_equal(taken->count, TARGETS);
	end(taken);
}

static void
put_in_again_it_comes_again(void **unused)
{
	struct taken *taken = begin(0);

	(void)unused;
	taken->again = SCHEDULE_SLOTS * (int64_t)TICK; /* the very same slot */
	schedule_put(&taken->schedule, 3, 0);
	schedule_collect(&taken->schedule, 10, on_due, taken);
	assert_int_equal(taken->count, 1);
	schedule_collect(&taken->schedule, SCHEDULE_SLOTS - 1, on_due, taken);
	assert_int_equal(taken->count, 1);
	schedule_collect(&taken->schedule, SCHEDULE_SLOTS, on_due, taken);
	assert_int_equal(taken->count, 2);
	end(taken);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_taken_in_its_tick),
		cmocka_unit_test(what_is_late_already_comes_next),
		cmocka_unit_test(it_can_be_moved_and_dropped),
		cmocka_unit_test(a_long_sleep_loses_nothing),
		cmocka_unit_test(put_in_again_it_comes_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
