/* Conditions beside up and down, thresholds, `unstable`; and whether it is us. */
#include "rules_world.h"


static void
expect(const char *runs, const char *told)
{
	struct world *world = world_create(3, 2);

	world_run(world, runs);
	assert_string_equal(world->told, told);
	world_destroy(&world);
}

static void
a_condition_stands_after_tries_and_ends_after_recover_tries(void **unused)
{
	(void)unused;
	expect("ww.", "");
	expect("ww.ww.", "");
	expect("www", "degraded(early_data)");
	expect("wwww.w.w", "degraded(early_data)");
	expect("www..", "degraded(early_data) cleared(early_data)");
	expect("bbb", "blocked(policy)");
	expect("bbb.b..", "blocked(policy) cleared(policy)");
	expect("bbbwww", "blocked(policy) cleared(policy) degraded(early_data)");
}

static void
a_run_that_does_not_reach_the_phase_says_nothing(void **unused)
{
	(void)unused;
	expect("wxw?w", "degraded(early_data)");
	expect("wwwxx.xx.", "degraded(early_data) cleared(early_data)");
	expect("wwwx.x", "degraded(early_data)");
}

static void
conditions_are_recorded_while_down(void **unused)
{
	struct world *world = world_create(2, 3);
	bool recorded = false;

	(void)unused;
	world_run(world, ".xx");
	for (int i = 0; i < 2; i++) {
		world_run(world, "w");
		for (uint32_t k = 0; k < world->effects.count; k++) {
			assert_int_equal(world->effects.changes[k].kind, NOTICE_degraded);
			assert_int_equal(world->effects.changes[k].silence, SILENCE_down);
			recorded = true;
		}
	}
	assert_true(recorded);
	world_run(world, "w");
	assert_string_equal(world->told, "down up");
	assert_int_equal(conditions_find(world->target.conditions, world->greeting)->stage, STAGE_STANDING);
	world_destroy(&world);
}

/* A run that shows the condition `name`; "" for none. */
static void
show(struct world *world, const char *name)
{
	struct observation run = world_observation(world, '.');

	if (name[0] != '\0') {
		run.verdict = PW_DEGRADED;
		run.outcome = codes_of(world->codes, name, NULL);
		world_show(&run, run.outcome, BANNER, false);
	}
	world_learn(world, &run);
}

static void
codes_so_marked_stand_at_once(void **unused)
{
	struct world *world = world_create(3, 2);

	(void)unused;
	show(world, "starttls_gone");
	assert_string_equal(world->told, "degraded(starttls_gone)");
	show(world, "");
	show(world, "");
	assert_string_equal(world->told, "degraded(starttls_gone) cleared(starttls_gone)");
	world_destroy(&world);
}

static void
nearer_thresholds_replace_farther_ones_in_silence(void **unused)
{
	struct world *world = world_create(2, 2);

	(void)unused;
	for (int i = 0; i < 3; i++)
		show(world, i == 0 ? "cert_expires_21d" : "cert_expires_soon"); /* one and the same by its earlier name */
	assert_string_equal(world->told, "degraded(cert_expires_soon)");
	for (int i = 0; i < 5; i++)
		show(world, "cert_expires_urgent");
	assert_string_equal(world->told, "degraded(cert_expires_soon) degraded(cert_expires_urgent)");
	show(world, "cert_expired");
	assert_int_equal(world->target.conditions->count, 1);
	for (int i = 0; i < 2; i++)
		show(world, "");
	assert_string_equal(world->told,
	    "degraded(cert_expires_soon) degraded(cert_expires_urgent) degraded(cert_expired) cleared(cert_expired)");
	assert_null(world->target.conditions);
	world_destroy(&world);
}

/* A run by a clock that cannot be right does not show what the dates of a certificate would: that is not over. */
static void
dates_are_not_missed_by_a_wrong_clock(void **unused)
{
	static const char *const codes[] = { "cert_expires_soon", "cert_expired", "cert_not_yet_valid", "cert_name" };
	struct world *world = world_create(2, 2);

	(void)unused;
	for (size_t i = 0; i < 4; i++) {
		world->told[0] = '\0';
		for (int j = 0; j < 2; j++)
			show(world, codes[i]);
		world->told[0] = '\0';
		for (int j = 0; j < 5; j++) {
			struct observation run = world_observation(world, '.');
			run.undated = true;
			world_learn(world, &run);
		}
		assert_string_equal(world->told, i == 3 ? "cleared(cert_name)" : "");
		for (int j = 0; j < 2; j++)
			show(world, "");
		assert_null(world->target.conditions);
	}
	world_destroy(&world);
}

static void
of_two_thresholds_at_once_the_nearer_counts(void **unused)
{
	struct world *world = world_create(2, 2);

	(void)unused;
	for (int i = 0; i < 6; i++) {
		struct observation run = world_observation(world, '.');
		run.verdict = PW_DEGRADED;
		world_show(&run, codes_of(world->codes, "cert_expires_soon", NULL), BANNER, false);
		world_show(&run, codes_of(world->codes, "cert_expires_urgent", NULL), BANNER, false);
		world_learn(world, &run);
	}
	assert_string_equal(world->told, "degraded(cert_expires_urgent)");
	for (int i = 0; i < 6; i++) /* renewed for a short while */
		show(world, "cert_expires_soon");
	assert_string_equal(world->told,
	    "degraded(cert_expires_urgent) cleared(cert_expires_urgent) degraded(cert_expires_soon)");
	world_destroy(&world);
}

static void
more_conditions_than_can_be_kept_do_no_harm(void **unused)
{
	struct world *world = world_create(2, 2);
	char name[32];

	(void)unused;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "odd_%d", i);
		show(world, name);
	}
	for (int i = 0; i < 20; i++) {
		struct observation run = world_observation(world, '.');
		for (int k = 0; k < REPORT_WARNINGS_MAX; k++) {
			snprintf(name, sizeof name, "odd_%d", i * REPORT_WARNINGS_MAX + k);
			world_show(&run, codes_of(world->codes, name, NULL), 0, false);
		}
		run.reached = 0;
		world_learn(world, &run);
	}
	assert_int_equal(world->target.conditions->count, CONDITIONS_MAX);
	world_destroy(&world);
}

static void
what_fails_now_and_then_is_unstable(void **unused)
{
	struct world *world = world_create(3, 2);

	(void)unused;
	world_run(world, "x..x..x..x..");
	assert_string_equal(world->told, "");
	world_run(world, "x"); /* told with the failure at hand */
	assert_string_equal(world->told, "degraded(unstable)");
	assert_int_equal(world->target.fails, 1);
	world_run(world, ".");
	assert_int_equal(world->target.state, STATE_UP);
	world_go_on(world, '.', 80 * MINUTE);
	assert_string_equal(world->told, "degraded(unstable) cleared(unstable)");
	assert_null(world->target.failure_rate);
	assert_null(world->target.conditions);
	world_destroy(&world);
}

static void
few_failures_among_many_passes_are_not_unstable(void **unused)
{
	struct world *world = world_create(3, 2);

	(void)unused;
	world_go_on(world, '.', 60 * MINUTE);
	for (int i = 0; i < 40; i++)
		world_run(world, "x........");
	assert_string_equal(world->told, "");
	/* the first five failures come after an hour of passes that nobody counted at that time */
	world_go_on(world, '.', 120 * MINUTE);
	world_run(world, "x.x.x.x.x.");
	assert_string_equal(world->told, "");
	world_destroy(&world);
}

static void
what_failed_while_held_is_not_unstable(void **unused)
{
	struct world *world = world_create(3, 2);

	(void)unused;
	world_run(world, "...xx");
	world->context.held = world->context.ours = true;
	world_run(world, "xxxxxxxx");
	world->context.held = false;
	world_run(world, ".");
	world->context.ours = false;
	world_run(world, ".....x");
	assert_string_equal(world->told, "");
	world_destroy(&world);
}

/* What failed in the time of something of our own says nothing about theirs, whether that was known at once or later. */
static void
what_failed_through_us_is_not_unstable(void **unused)
{
	struct world *world = world_create(3, 2);

	(void)unused;
	for (int i = 0; i < 10; i++)
		world_run(world, "x?...");
	for (int i = 0; i < 10; i++) {
		world_run(world, "x");
		world->context.blind = true;
		world_run(world, "x");
		world->context.blind = false;
		world_run(world, "...");
	}
	assert_string_equal(world->told, "");
	assert_null(world->target.failure_rate);
	world_destroy(&world);
}

static void
what_was_confirmed_is_not_unstable(void **unused)
{
	struct world *world = world_create(2, 1);

	(void)unused;
	world->policy.flap_window = 1;
	for (int i = 0; i < 10; i++)
		world_run(world, "xx.");
	assert_null(strstr(world->told, "unstable"));
	world_destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_condition_stands_after_tries_and_ends_after_recover_tries),
		cmocka_unit_test(a_run_that_does_not_reach_the_phase_says_nothing),
		cmocka_unit_test(conditions_are_recorded_while_down),
		cmocka_unit_test(codes_so_marked_stand_at_once),
		cmocka_unit_test(nearer_thresholds_replace_farther_ones_in_silence),
		cmocka_unit_test(dates_are_not_missed_by_a_wrong_clock),
		cmocka_unit_test(of_two_thresholds_at_once_the_nearer_counts),
		cmocka_unit_test(more_conditions_than_can_be_kept_do_no_harm),
		cmocka_unit_test(what_fails_now_and_then_is_unstable),
		cmocka_unit_test(few_failures_among_many_passes_are_not_unstable),
		cmocka_unit_test(what_failed_while_held_is_not_unstable),
		cmocka_unit_test(what_failed_through_us_is_not_unstable),
		cmocka_unit_test(what_was_confirmed_is_not_unstable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
