/* Attempts that fail alone, by chance: how many in a row confirm an outage then. */
#include "rules_world.h"

#include "monitor/attempt.h"

/* How many attempts it takes to go down after `quiet` of passes and `runs`; `quiet` -1: none. */
static uint32_t
attempts_after(const char *runs, int64_t quiet)
{
	struct world *world = world_create(3, 2);
	uint32_t attempts = 0;

	world_go_on(world, '.', quiet);
	world_run(world, runs);
	while (world->target.state != STATE_DOWN && attempts < 100) {
		world_run(world, "x");
		attempts++;
	}
	assert_int_equal(world->effects.changes[0].attempts, attempts);
	world_destroy(&world);
	return attempts;
}

static void
single_failures_ask_for_more_in_a_row(void **unused)
{
	(void)unused;
	assert_int_equal(attempts_after("", 60 * MINUTE), 3);
	assert_int_equal(attempts_after("x.", 60 * MINUTE), 3);     /* 1 of 60: a row of 3 comes about twice a year */
	assert_int_equal(attempts_after("x.x.x.", 60 * MINUTE), 4); /* 3 of 60 */
	assert_int_equal(attempts_after("x.........x.........x.........x.........", 0), 6); /* 1 of 10 */
	assert_int_equal(attempts_after("x..x..x..x..", 0), 10);    /* 1 of 3 would ask for 12 */
	assert_int_equal(attempts_after("xx.xx.xx.xx.xx.", 60 * MINUTE), 7);
}

static void
where_half_of_them_fail_it_is_no_chance(void **unused)
{
	(void)unused;
	assert_int_equal(attempts_after("x.x.x.x.x.x.x.x.x.x.", -1), 3);
	assert_int_equal(attempts_after("xx.xx.xx.xx.xx.xx.xx.", -1), 3);
	assert_int_equal(attempts_after("x.", -1), 10); /* of so few, half may fail by chance */
	assert_int_equal(attempts_after("x.x.x.x.x.x.", -1), 10);
}

static void
only_the_hour_before_the_row_counts(void **unused)
{
	struct world *world = world_create(3, 2);

	(void)unused;
	world_run(world, "x..x..x..x..");
	assert_int_equal(attempt_needed(&world->target, &world->policy, world->now), 10);
	world_run(world, "xxxxx");
	assert_int_equal(attempt_needed(&world->target, &world->policy, world->now), 10);
	world_run(world, ".");
	world_go_on(world, '.', 70 * MINUTE);
	assert_int_equal(attempt_needed(&world->target, &world->policy, world->now), 3);
	world_destroy(&world);
}

static void
ten_minutes_of_failures_are_enough(void **unused)
{
	struct world *world = world_create(3, 2);
	int attempts = 0;

	(void)unused;
	world->policy.retry_interval = 3 * MINUTE;
	world_run(world, "x..x..x..x..");
	int64_t began = world->due;
	while (world->target.state != STATE_DOWN) {
		world_run(world, "x");
		attempts++;
	}
	assert_int_equal(attempts, 5);
	assert_in_range(world->now - began, 10 * MINUTE, 14 * MINUTE);
	world_destroy(&world);
}

/* A server of which each look fails by itself at that rate, in percent, for thirty days. */
static uint32_t
downs_by_chance(struct world *world, uint32_t percent)
{
	uint32_t dice = 2463534242u, downs = 0;

	for (int64_t end = world->now + 30 * 1440 * MINUTE; world->now < end;) {
		dice ^= dice << 13;
		dice ^= dice >> 17;
		dice ^= dice << 5;
		world_run(world, dice % 10000 < percent * 100 ? "x" : ".");
		downs += world->effects.from != STATE_DOWN && world->effects.to == STATE_DOWN && world->target.fails >= 3;
	}
	return downs;
}

static void
chance_alone_confirms_nearly_never(void **unused)
{
	static const uint32_t percents[] = { 10, 20, 33 };

	(void)unused;
	for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
		struct world *world = world_create(3, 2);
		world_go_on(world, '.', 60 * MINUTE);
		world_run(world, "x...x...x...x...x...x...");
		assert_in_range(downs_by_chance(world, percents[i]), 0, 2);
		world_destroy(&world);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_failures_ask_for_more_in_a_row),
		cmocka_unit_test(where_half_of_them_fail_it_is_no_chance),
		cmocka_unit_test(only_the_hour_before_the_row_counts),
		cmocka_unit_test(ten_minutes_of_failures_are_enough),
		cmocka_unit_test(chance_alone_confirms_nearly_never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
