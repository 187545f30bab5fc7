/* What is told at the end of a target that is no longer watched, or no longer told of: to whom its beginning was, to nobody else. */
#include "outbox_world.h"

static const char *const elsewhere[] = { "lab" };

/* The second notifier is told of what has a tag, which none has. */
static struct world *
apart(void)
{
	struct world *world = prepare();

	world->both = true;
	world->rules[1].tags = elsewhere;
	world->rules[1].tag_count = 1;
	begin(world);
	link_notifiers(world);
	return world;
}

static void
without_the_last(struct world *world)
{
	world->fewer = 1;
	begin_again(world);
}

static void
who_was_told_of_the_outage_is_told_that_it_stops(void **state)
{
	struct world *world = apart();

	(void)state;
	down(world, 2, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	without_the_last(world);
	assert_string_equal(handed_to(world, 1), "");
	assert_string_equal(handed(world), "stopped");
	assert_memory_equal(world->notice.target.data, "mx3", 3);
	assert_int_equal(world->notice.incident, 1);
	answer(world, PW_SENT, false);
	begin_again(world);
	assert_string_equal(handed_to(world, 1), "");
	assert_string_equal(handed(world), "");
	/* It comes back, and is told of as if it were new. */
	world->fewer = 0;
	begin_again(world);
	assert_string_equal(handed(world), "");
	down(world, 2, "");
	assert_string_equal(handed(world), "down");
	destroy(&world);
}

static void
whom_it_was_withheld_from_hears_nothing(void **state)
{
	struct world *world = apart();

	(void)state;
	down(world, 2, "paused");
	without_the_last(world);
	assert_string_equal(handed_to(world, 1), "");
	assert_string_equal(handed(world), "");
	world->fewer = 0;
	begin_again(world);
	say(world, 2, "", "", "", 0, "");
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
what_stood_is_cleared(void **state)
{
	struct world *world = apart();

	(void)state;
	world->code = "slow_banner";
	say(world, 2, "degraded", "", "", 0, "");
	assert_string_equal(handed(world), "degraded");
	answer(world, PW_SENT, false);
	world->code = "cert_expired";
	say(world, 2, "degraded", "", "", 0, "");
	assert_string_equal(handed(world), "degraded");
	answer(world, PW_SENT, false);
	without_the_last(world);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(handed_to(world, 1), "");
		assert_string_equal(handed(world), "cleared");
		assert_non_null(strstr(world->notice.text.data, "mx3 is no longer watched; "));
		answer(world, PW_SENT, false);
	}
	assert_string_equal(handed(world), "");
	destroy(&world);
}

/* An end that was queued, or kept silent, when the target was taken out. */
static void
an_end_that_was_not_told_is(void **state)
{
	struct world *world = apart();

	(void)state;
	down(world, 2, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	up(world, 2, 1, "paused");
	without_the_last(world);
	assert_string_equal(handed(world), "stopped");
	answer(world, PW_SENT, false);
	begin_again(world);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
who_is_no_longer_told_of_it_hears_of_its_end(void **state)
{
	struct world *world = create();

	(void)state;
	world->code = "slow_banner";
	say(world, 1, "degraded", "", "", 0, "");
	assert_string_equal(handed(world), "degraded");
	answer(world, PW_SENT, false);
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	world->rules[0].tags = elsewhere;
	world->rules[0].tag_count = 1;
	begin_again(world);
	assert_string_equal(handed(world), "");
	down(world, 2, "");
	up(world, 0, 1, "");
	assert_string_equal(handed(world), "up");
	answer(world, PW_SENT, false);
	say(world, 1, "cleared", "", "", 0, "");
	assert_string_equal(handed(world), "cleared");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_was_told_of_the_outage_is_told_that_it_stops),
		cmocka_unit_test(whom_it_was_withheld_from_hears_nothing),
		cmocka_unit_test(what_stood_is_cleared),
		cmocka_unit_test(an_end_that_was_not_told_is),
		cmocka_unit_test(who_is_no_longer_told_of_it_hears_of_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
