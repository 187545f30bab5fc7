/* When the next run comes, and how patient it is. */
#include "rules_world.h"

/* Replays `runs` with tries 3 and recover_tries 2; what was told has to be `told`. */
static struct world *
replay(const char *runs, const char *told)
{
	struct world *world = world_create(3, 2);

	world_run(world, runs);
	assert_string_equal(world->told, told);
	return world;
}

static void
patience_comes_with_the_last_attempt(void **unused)
{
	static const struct { const char *runs; bool patient; uint32_t attempt; } want[] = {
		{ "", false, 1 }, { ".", false, 1 }, { ".x", false, 2 }, { ".xx", true, 3 }, { ".xx?", true, 3 },
		{ ".xxx", true, 1 }, { ".xxx.", true, 2 }, { ".xxx..", false, 1 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		struct world *world = world_create(3, 2);
		world_run(world, want[i].runs);
		assert_int_equal(pace_is_patient(&world->target, &world->policy), want[i].patient);
		assert_int_equal(pace_attempt(&world->target), want[i].attempt);
		world_destroy(&world);
	}
}

static void
retries_come_soon_and_the_rest_on_the_grid(void **unused)
{
	struct world *world = replay(".", "");
	struct pace_next next;

	(void)unused;
	assert_true(world->due % MINUTE == 0);
	world_run(world, "x");
	for (uint32_t random = 0; random < 100000; random += 997) {
		next = pace_next(&world->target, &world->policy, 77, world->due, 5 * MINUTE, random * 41);
		assert_in_range(next.at - 5 * MINUTE, 20 * SECOND, 22 * SECOND);
	}
	world_run(world, "xx");
	assert_true(world->due % MINUTE == 0 && world->due > world->now);
	next = pace_next(&world->target, &world->policy, 0, 10 * MINUTE, 10 * MINUTE + 200 * SECOND, 0);
	assert_true(next.at == 14 * MINUTE);
	assert_int_equal(next.passed_over, 3);
	world_destroy(&world);
}

static void
a_missing_name_is_looked_at_again_soon(void **unused)
{
	struct world *world = replay("..", "");
	int64_t first = world->due;

	(void)unused;
	world_run(world, "m");
	assert_in_range(world->due - world->now, 20 * SECOND, 22 * SECOND);
	assert_true(world->effects.durable);
	world_run(world, "mm");
	assert_string_equal(world->told, "down");
	assert_int_equal(world->effects.changes[0].attempts, 3);
	assert_in_range(world->now - first, 40 * SECOND, 46 * SECOND);
	assert_true(world->due % MINUTE == 0); /* what is down is looked at once an interval */
	world_destroy(&world);
	/* What it was taken for says nothing about the next time. */
	world = replay(".mm.m.m..", "");
	assert_int_equal(world->target.missing, 0);
	assert_int_equal(world->suspected, 0);
	world_destroy(&world);
	world = replay(".mm?m", "down");
	assert_int_equal(world->target.state, STATE_DOWN);
	world_destroy(&world);
}

static void
the_grid_is_spread_and_does_not_drift(void **unused)
{
	(void)unused;
	for (uint64_t hash = 0; hash <= UINT32_MAX; hash += 0x10101010) {
		int64_t first = pace_grid((uint32_t)hash, MINUTE, 0);
		assert_in_range(first, 1, MINUTE);
		assert_true(pace_grid((uint32_t)hash, MINUTE, first - 1) == first);
		assert_true(pace_grid((uint32_t)hash, MINUTE, first) == first + MINUTE);
		assert_true(pace_grid((uint32_t)hash, MINUTE, -MINUTE) <= first);
		assert_in_range(pace_first((uint32_t)hash, MINUTE, 5), 5, 5 + MINUTE);
	}
	assert_true(pace_grid(UINT32_MAX / 2, MINUTE, 0) > 29 * SECOND && pace_grid(UINT32_MAX / 2, MINUTE, 0) < 31 * SECOND);
}

/* It does not swing: what is borne at half the pace is not asked for twice as often. */
static void
who_limits_us_is_asked_less_often_for_a_day(void **unused)
{
	struct world *world = replay("..", "");
	static const int minutes[] = { 2, 4, 8, 10, 10 };

	(void)unused;
	for (size_t i = 0; i < sizeof minutes / sizeof *minutes; i++) {
		world_run(world, "L");
		assert_true(pace_interval(&world->target, &world->policy) == minutes[i] * MINUTE);
		assert_int_equal(world->effects.backed_off, i < 4);
	}
	world_go_on(world, '.', 23 * 60 * MINUTE);
	assert_true(pace_interval(&world->target, &world->policy) == 10 * MINUTE);
	world_run(world, "L");
	world_go_on(world, '.', 23 * 60 * MINUTE);
	assert_true(pace_interval(&world->target, &world->policy) == 10 * MINUTE);
	world_go_on(world, '.', 75 * MINUTE);
	assert_true(pace_interval(&world->target, &world->policy) == MINUTE);
	assert_string_equal(world->told, "degraded(rate_limited) cleared(rate_limited)");
	world->policy.interval = 60 * MINUTE;
	world->target.doubled = 3;
	assert_true(pace_interval(&world->target, &world->policy) == 60 * MINUTE);
	world_destroy(&world);
}

static void
who_limits_us_is_never_asked_sooner_than_before(void **unused)
{
	struct world *world = replay("..", "");

	(void)unused;
	for (uint64_t hash = 0; hash < UINT32_MAX; hash += UINT32_MAX / 1000) {
		int64_t planned = pace_grid((uint32_t)hash, MINUTE, 0);
		for (world->target.doubled = 1; world->target.doubled <= 3; world->target.doubled++) {
			int64_t interval = pace_interval(&world->target, &world->policy), ended = planned + SECOND;
			struct pace_next next = pace_next(&world->target, &world->policy, (uint32_t)hash, planned, ended, 0);
			assert_in_range(next.at - ended, interval / 2, interval + interval / 2);
			assert_int_equal(next.passed_over, 0);
			planned = next.at;
			next = pace_next(&world->target, &world->policy, (uint32_t)hash, planned, planned + SECOND, 0);
			assert_true(next.at == planned + interval);
		}
	}
	world_destroy(&world);
}

static void
a_limit_that_one_halving_cures_is_never_told(void **unused)
{
	struct world *world = replay("..", "");

	(void)unused;
	world_run(world, "lL....");
	assert_true(pace_interval(&world->target, &world->policy) == 4 * MINUTE);
	assert_string_equal(world->told, "");
	world_destroy(&world);
}

static void
a_server_that_greets_late_is_slow_and_never_down(void **unused)
{
	struct world *world = replay("ssssssssss", "degraded(slow_banner)");

	(void)unused;
	assert_int_equal(world->suspected, 1);
	assert_int_equal(world->avoided, 1);
	assert_true(world->target.slow);
	int64_t due = world->due;
	world_run(world, "s");
	assert_true(world->due - due == MINUTE); /* once an interval */
	world_run(world, "..");
	assert_false(world->target.slow);
	assert_string_equal(world->told, "degraded(slow_banner) cleared(slow_banner)");
	world_destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patience_comes_with_the_last_attempt),
		cmocka_unit_test(retries_come_soon_and_the_rest_on_the_grid),
		cmocka_unit_test(a_missing_name_is_looked_at_again_soon),
		cmocka_unit_test(the_grid_is_spread_and_does_not_drift),
		cmocka_unit_test(who_limits_us_is_asked_less_often_for_a_day),
		cmocka_unit_test(who_limits_us_is_never_asked_sooner_than_before),
		cmocka_unit_test(a_limit_that_one_halving_cures_is_never_told),
		cmocka_unit_test(a_server_that_greets_late_is_slow_and_never_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
