/* Histories written as strings, and what people are told of them: the vectors of the rules, attempts, holds. */
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
expect(const char *runs, const char *told)
{
	struct world *world = replay(runs, told);

	world_destroy(&world);
}

static void
vectors_are_told_as_the_rules_say(void **unused)
{
	(void)unused;
	expect("..x.", "");
	expect("..xx.", "");
	expect("..xxx", "down");
	expect("..x?x?x", "down");
	expect("..xxx.x..", "down up");
	expect("..xxx..", "down up");
	expect("xxx", "down");
	expect("..x?x", "");
	expect("?????.", "");
}

static void
the_same_incident_goes_on_when_recovery_fails(void **unused)
{
	struct world *world = replay("..xxx.x", "down");

	(void)unused;
	uint32_t incident = world->target.trouble->incident;
	int64_t began = world->target.trouble->began.mono;
	int64_t first_pass = world->due; /* the one before it was no recovery */
	world_run(world, ".");
	assert_int_equal(world->target.state, STATE_RECOVERING);
	world_run(world, ".");
	assert_int_equal(world->effects.changes[0].kind, NOTICE_up);
	assert_int_equal(world->effects.changes[0].incident, incident);
	assert_true(world->effects.changes[0].detected.mono == first_pass && first_pass > began);
	assert_null(world->target.trouble);
	world_destroy(&world);
}

static void
an_incident_begins_with_the_first_failing_attempt(void **unused)
{
	struct world *world = replay("..", "");
	int64_t began = world->due;

	(void)unused;
	world_run(world, "xxx");
	assert_true(world->effects.changes[0].detected.mono == began);
	assert_true(world->effects.changes[0].confirmed.mono == world->now);
	assert_int_equal(world->effects.changes[0].attempts, 3);
	assert_int_equal(world->effects.changes[0].from, STATE_SUSPECT);
	world_destroy(&world);
}

static void
one_try_is_enough_where_the_user_says_so(void **unused)
{
	struct world *world = world_create(1, 1);

	(void)unused;
	assert_true(pace_is_patient(&world->target, &world->policy));
	world_run(world, ".x.x.");
	assert_string_equal(world->told, "down up down up");
	assert_int_equal(world->suspected, 2);
	world_destroy(&world);
}

static void
false_alarms_avoided_are_counted(void **unused)
{
	struct world *world = replay("..x..xx..", "");

	(void)unused;
	assert_int_equal(world->avoided, 2);
	assert_int_equal(world->suspected, 2);
	world_destroy(&world);
}

static void
three_outages_in_half_an_hour_are_flapping(void **unused)
{
	struct world *world = replay("xxx..xxx..xxx..", "down up down up flapping");

	(void)unused;
	world_go_on(world, '.', 14 * MINUTE);
	assert_string_equal(world->told, "down up down up flapping");
	world_go_on(world, '.', 2 * MINUTE);
	assert_string_equal(world->told, "down up down up flapping settled");
	world_run(world, "xxx");
	assert_string_equal(world->told, "down up down up flapping settled down");
	world_destroy(&world);
}

static void
flapping_ends_down_after_five_minutes_of_it(void **unused)
{
	struct world *world = replay("xxx..xxx..xxx..", "down up down up flapping");

	(void)unused;
	world_run(world, "xxx");
	assert_int_equal(world->target.state, STATE_DOWN);
	world_go_on(world, 'x', 4 * MINUTE);
	assert_string_equal(world->told, "down up down up flapping");
	world_go_on(world, 'x', 2 * MINUTE);
	assert_string_equal(world->told, "down up down up flapping down");
	assert_int_equal(world->target.silence, 0);
	world_run(world, "..");
	assert_string_equal(world->told, "down up down up flapping down up");
	world_destroy(&world);
}

static void
outages_far_apart_are_not_flapping(void **unused)
{
	struct world *world = world_create(3, 2);

	(void)unused;
	for (int i = 0; i < 4; i++) {
		world_run(world, "xxx..");
		world_go_on(world, '.', 20 * MINUTE);
	}
	assert_string_equal(world->told, "down up down up down up down up");
	world_go_on(world, '.', 20 * MINUTE);
	assert_null(world->target.flapping);
	world_destroy(&world);
}

static void
tempfail_fails_only_after_its_grace(void **unused)
{
	struct world *world = world_create(3, 2);

	(void)unused;
	world_run(world, "..");
	world_go_on(world, 't', 15 * MINUTE);
	assert_int_equal(world->target.state, STATE_UP);
	world_run(world, "tt");
	assert_int_equal(world->target.state, STATE_SUSPECT);
	world_run(world, "?t");
	assert_string_equal(world->told, "down");
	world_run(world, "xt"); /* neither is an answer that breaks the series */
	assert_int_equal(world->target.state, STATE_DOWN);
	world_run(world, "..");
	assert_string_equal(world->told, "down up");
	world_run(world, "t");
	assert_int_equal(world->target.state, STATE_UP);
	world_destroy(&world);
}

static void
tempfail_needs_five_runs_as_well(void **unused)
{
	struct world *world = world_create(3, 2);

	(void)unused;
	world->policy.interval = 10 * MINUTE;
	world_run(world, ".tttt");
	assert_int_equal(world->target.state, STATE_UP);
	world_run(world, "t");
	assert_int_equal(world->target.state, STATE_SUSPECT);
	world_run(world, ".");
	assert_int_equal(world->target.state, STATE_UP);
	assert_null(world->target.trouble);
	world_destroy(&world);
}

static void
another_way_of_failing_is_told_at_its_second_sight(void **unused)
{
	struct world *world = replay("xxxxx", "down");

	(void)unused;
	world_run(world, "XxXx");
	assert_string_equal(world->told, "down");
	world_run(world, "X?X");
	assert_string_equal(world->told, "down changed");
	assert_int_equal(world->effects.changes[0].code, world->timeout);
	world_run(world, "xx");
	assert_string_equal(world->told, "down changed"); /* not again within 30 min */
	world_go_on(world, 'x', 31 * MINUTE);
	assert_string_equal(world->told, "down changed changed");
	world_destroy(&world);
}

static void
what_tells_nothing_for_long_is_our_trouble_once(void **unused)
{
	struct world *world = replay("..?????", "");

	(void)unused;
	world_go_on(world, '?', 10 * MINUTE);
	assert_string_equal(world->told, "impaired");
	assert_int_equal(world->target.state, STATE_UP);
	world_run(world, ".");
	world_go_on(world, '?', 10 * MINUTE);
	assert_string_equal(world->told, "impaired impaired");
	world_destroy(&world);
}

static void
blind_runs_tell_nothing_at_all(void **unused)
{
	struct world *world = replay("..x", "");

	(void)unused;
	world->context.blind = true;
	world_go_on(world, 'x', 20 * MINUTE);
	assert_int_equal(world->target.state, STATE_SUSPECT);
	assert_string_equal(world->told, "");
	world->context.blind = false;
	world_run(world, "xx");
	assert_string_equal(world->told, "down");
	world_destroy(&world);
}

static void
a_held_confirmation_is_never_dropped(void **unused)
{
	struct world *world = replay("..", "");

	(void)unused;
	world->context.held = true;
	world_run(world, "xxxxx");
	assert_string_equal(world->told, "");
	assert_true(world->target.trouble->held);
	assert_true(pace_is_patient(&world->target, &world->policy));
	world->context.held = false;
	world_run(world, "?x");
	assert_string_equal(world->told, "down");
	assert_int_equal(world->effects.changes[0].attempts, 6);
	assert_false(world->target.trouble->held);
	world_destroy(&world);
}

static void
what_a_hold_held_is_told_in_a_digest(void **unused)
{
	struct world *world = replay("..", "");

	(void)unused;
	world->context.held = true;
	world_run(world, "xx");
	assert_true(apply_release(&world->target, &world->policy, &world->context, world_moment(world->now), &world->effects));
	assert_int_equal(world->effects.count, 0); /* not yet failed often enough */
	world_run(world, "x");
	world->context = (struct run_context){ .silence = SILENCE_digest, .codes = world->codes };
	assert_true(apply_release(&world->target, &world->policy, &world->context, world_moment(world->now), &world->effects));
	assert_int_equal(world->effects.count, 1);
	assert_int_equal(world->effects.changes[0].kind, NOTICE_down);
	assert_int_equal(world->effects.changes[0].code, world->refused);
	assert_int_equal(world->effects.changes[0].silence, SILENCE_digest);
	assert_int_equal(world->target.state, STATE_DOWN);
	assert_int_equal(world->target.silence, 0);
	assert_false(world->target.trouble->held);
	world_destroy(&world);
}

static void
a_run_by_hand_that_was_not_due_counts_for_nothing(void **unused)
{
	struct world *world = replay("..xx", "");
	struct observation run = world_observation(world, 'x');

	(void)unused;
	run.due = false;
	world_learn(world, &run);
	assert_string_equal(world->told, "");
	assert_int_equal(world->target.fails, 2);
	assert_false(world->effects.durable);
	world_destroy(&world);
}

static void
what_is_quiet_needs_no_keeping(void **unused)
{
	struct world *world = replay("..", "");

	(void)unused;
	assert_false(world->effects.durable);
	assert_null(world->target.trouble);
	assert_null(world->target.conditions);
	assert_null(world->target.flapping);
	assert_null(world->target.failure_rate);
	assert_true(sizeof world->target <= 128);
	world_run(world, "wwww");
	assert_false(world->effects.durable);
	world_run(world, "x");
	assert_true(world->effects.durable);
	world_destroy(&world);
}

static void
security_and_policy_have_thrice_the_grace(void **unused)
{
	struct world *world = replay("..", "");

	(void)unused;
	world->policy.tempfail_grace = 5 * MINUTE;
	world_go_on(world, 'T', 14 * MINUTE);
	assert_int_equal(world->target.state, STATE_UP);
	world_go_on(world, 'T', 4 * MINUTE);
	assert_string_equal(world->told, "down");
	world_destroy(&world);
}

/* An outage is not over because the server says to everybody that it is busy; that it limits our rate is an answer. */
static void
to_come_back_later_does_not_end_an_outage(void **unused)
{
	struct world *world = replay("..xxx", "down");

	(void)unused;
	world->policy.tempfail_grace = 5 * MINUTE;
	world_run(world, "tttt");
	assert_string_equal(world->told, "down");
	assert_int_equal(world->target.state, STATE_DOWN);
	assert_int_equal(world->target.fails, 3);
	world_run(world, "..");
	assert_string_equal(world->told, "down up");
	world_destroy(&world);
	world = replay("..xxx.", "down");
	world_run(world, "t");
	assert_int_equal(world->target.state, STATE_RECOVERING);
	world_run(world, "t.");
	assert_string_equal(world->told, "down up");
	world_destroy(&world);
	/* Beyond its grace it is what fails now. */
	world = replay("..xxx", "down");
	world->policy.tempfail_grace = 5 * MINUTE;
	world_go_on(world, 't', 10 * MINUTE);
	assert_string_equal(world->told, "down changed");
	world_destroy(&world);
	world = replay("..xxxLL", "down up");
	world_destroy(&world);
	world = replay("..xxxbb", "down up");
	world_destroy(&world);
}

/* Three times, ten minutes apart, at a pace that nobody can find too quick. */
static void
a_rate_limit_that_never_ends_is_a_full_server(void **unused)
{
	struct world *world = replay("..", "");

	(void)unused;
	world_go_on(world, 'l', 19 * MINUTE);
	assert_int_equal(world->target.state, STATE_UP);
	world_go_on(world, 'l', 70 * MINUTE);
	assert_int_equal(world->target.state, STATE_DOWN);
	world_destroy(&world);
	world = replay("..", "");
	world_go_on(world, 'L', 300 * MINUTE); /* that is about us */
	assert_int_equal(world->target.state, STATE_UP);
	world_destroy(&world);
	world = replay("..", "");
	for (int i = 0; i < 20; i++)
		world_run(world, "ll."); /* a better answer between */
	assert_int_equal(world->target.state, STATE_UP);
	world_destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_are_told_as_the_rules_say),
		cmocka_unit_test(the_same_incident_goes_on_when_recovery_fails),
		cmocka_unit_test(an_incident_begins_with_the_first_failing_attempt),
		cmocka_unit_test(one_try_is_enough_where_the_user_says_so),
		cmocka_unit_test(false_alarms_avoided_are_counted),
		cmocka_unit_test(three_outages_in_half_an_hour_are_flapping),
		cmocka_unit_test(flapping_ends_down_after_five_minutes_of_it),
		cmocka_unit_test(outages_far_apart_are_not_flapping),
		cmocka_unit_test(tempfail_fails_only_after_its_grace),
		cmocka_unit_test(tempfail_needs_five_runs_as_well),
		cmocka_unit_test(security_and_policy_have_thrice_the_grace),
		cmocka_unit_test(to_come_back_later_does_not_end_an_outage),
		cmocka_unit_test(a_rate_limit_that_never_ends_is_a_full_server),
		cmocka_unit_test(another_way_of_failing_is_told_at_its_second_sight),
		cmocka_unit_test(what_tells_nothing_for_long_is_our_trouble_once),
		cmocka_unit_test(blind_runs_tell_nothing_at_all),
		cmocka_unit_test(a_held_confirmation_is_never_dropped),
		cmocka_unit_test(what_a_hold_held_is_told_in_a_digest),
		cmocka_unit_test(a_run_by_hand_that_was_not_due_counts_for_nothing),
		cmocka_unit_test(what_is_quiet_needs_no_keeping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
