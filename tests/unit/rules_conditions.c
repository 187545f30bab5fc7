/* Conditions beside up and down, thresholds, `unstable`; and whether it is us. */
#include "rules_world.h"

#include "monitor/blind.h"

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
		for (uint32_t k = 0; k < world->news.count; k++) {
			assert_int_equal(world->news.changes[k].kind, NOTICE_degraded);
			assert_int_equal(world->news.changes[k].silence, SILENCE_down);
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
	struct sighting run = world_sighting(world, '.');

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

static void
of_two_thresholds_at_once_the_nearer_counts(void **unused)
{
	struct world *world = world_create(2, 2);

	(void)unused;
	for (int i = 0; i < 6; i++) {
		struct sighting run = world_sighting(world, '.');
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
		struct sighting run = world_sighting(world, '.');
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
	for (int i = 0; i < 20 && world->told[0] == '\0'; i++)
		world_run(world, "x.");
	assert_string_equal(world->told, "degraded(unstable)");
	assert_int_equal(world->target.state, STATE_UP);
	world_go_on(world, '.', 80 * MINUTE);
	assert_string_equal(world->told, "degraded(unstable) cleared(unstable)");
	assert_null(world->target.unsteady);
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
	world->outlook.held = true;
	world_run(world, "xxxxxxxx");
	world->outlook.held = false;
	world_run(world, "......");
	assert_string_equal(world->told, "");
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

/* Suspicions in `count` targets of `networks` networks, a second apart. */
static enum hold_act
suspect(struct blind *blind, uint32_t count, uint32_t networks, int64_t *now)
{
	enum hold_act act = HOLD_NOTHING;

	for (uint32_t i = 0; i < count; i++) {
		enum hold_act last = blind_suspected(blind, i, i % networks + 1, MINUTE, *now += SECOND);
		act = last != HOLD_NOTHING ? last : act;
	}
	return act;
}

static void
many_suspects_and_no_pass_hold_confirmation(void **unused)
{
	struct blind blind;
	int64_t now = 1000 * MINUTE;

	(void)unused;
	blind_init(&blind);
	assert_int_equal(suspect(&blind, 4, 4, &now), HOLD_NOTHING);
	blind_init(&blind);
	assert_int_equal(suspect(&blind, 9, 2, &now), HOLD_NOTHING);
	blind_init(&blind);
	assert_int_equal(suspect(&blind, 5, 3, &now), HOLD_BEGIN);
	assert_true(blind_holds(&blind));
	assert_int_equal(blind_tick_hold(&blind, now + 4 * MINUTE), HOLD_NOTHING);
	assert_int_equal(blind_passed(&blind, now, now + 4 * MINUTE), HOLD_END);
	assert_false(blind_holds(&blind));
}

static void
a_pass_between_suspicions_forbids_the_hold(void **unused)
{
	struct blind blind;
	int64_t now = 1000 * MINUTE;

	(void)unused;
	blind_init(&blind);
	suspect(&blind, 4, 4, &now);
	assert_int_equal(blind_passed(&blind, now, now), HOLD_NOTHING);
	assert_int_equal(suspect(&blind, 4, 4, &now), HOLD_NOTHING);
	assert_int_equal(blind_references(&blind, 2, 1, now), HOLD_NOTHING);
	assert_int_equal(suspect(&blind, 4, 4, &now), HOLD_NOTHING);
}

static void
suspicions_far_apart_do_not_hold(void **unused)
{
	struct blind blind;
	int64_t now = 1000 * MINUTE;

	(void)unused;
	blind_init(&blind);
	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(blind_suspected(&blind, i, i + 1, MINUTE, now += 20 * SECOND), HOLD_NOTHING);
	blind_init(&blind);
	for (uint32_t i = 0; i < 20; i++) /* the same one again and again is one */
		assert_int_equal(blind_suspected(&blind, 7, i + 1, MINUTE, now += SECOND), HOLD_NOTHING);
}

static void
a_hold_runs_out_in_a_digest(void **unused)
{
	struct blind blind;
	int64_t now = 1000 * MINUTE;

	(void)unused;
	blind_init(&blind);
	assert_int_equal(suspect(&blind, 100, 50, &now), HOLD_BEGIN);
	assert_int_equal(blind_tick_hold(&blind, now + 6 * MINUTE), HOLD_DIGEST);
	assert_int_equal(blind_tick_hold(&blind, now + 7 * MINUTE), HOLD_NOTHING);
	assert_true(blind_digests(&blind));
	assert_false(blind_holds(&blind));
	now += 8 * MINUTE;
	assert_int_equal(suspect(&blind, 100, 50, &now), HOLD_NOTHING); /* not held twice */
	assert_int_equal(blind_references(&blind, 1, 1, now), HOLD_NOTHING);
	assert_false(blind_digests(&blind));
}

static void
dead_references_mean_blind_and_it_is_told_after_a_minute(void **unused)
{
	struct blind blind;
	int64_t now = 1000 * MINUTE;

	(void)unused;
	blind_init(&blind);
	blind_references(&blind, 0, 0, now);
	assert_false(blind_is_known(&blind)); /* there are none */
	blind_references(&blind, 2, 0, now);
	assert_true(blind_is_known(&blind));
	assert_int_equal(blind_tick(&blind, now + 59 * SECOND), BLIND_TELL_NOBODY);
	blind_references(&blind, 2, 0, now + 30 * SECOND);
	assert_int_equal(blind_tick(&blind, now + 60 * SECOND), BLIND_TELL_BLIND);
	assert_int_equal(blind_tick(&blind, now + 90 * SECOND), BLIND_TELL_NOBODY);
	blind_references(&blind, 2, 1, now + 100 * SECOND);
	assert_false(blind_is_known(&blind));
	assert_int_equal(blind_tick(&blind, now + 101 * SECOND), BLIND_TELL_OVER);
}

static void
a_target_that_answers_shows_that_only_the_references_are_dead(void **unused)
{
	struct blind blind;
	int64_t now = 1000 * MINUTE;

	(void)unused;
	blind_init(&blind);
	blind_references(&blind, 2, 0, now);
	blind_passed(&blind, now - SECOND, now + SECOND); /* it began before: no proof */
	assert_true(blind_is_known(&blind));
	blind_passed(&blind, now + SECOND, now + 2 * SECOND);
	assert_false(blind_is_known(&blind));
	blind_references(&blind, 2, 0, now + 30 * SECOND);
	assert_false(blind_is_known(&blind));
	blind_references(&blind, 2, 2, now + 60 * SECOND);
	blind_references(&blind, 2, 0, now + 90 * SECOND);
	assert_true(blind_is_known(&blind));
}

static void
local_facts_are_told_and_judge_nobody(void **unused)
{
	struct blind blind;
	int64_t now = 1000 * MINUTE;

	(void)unused;
	blind_init(&blind);
	blind_local(&blind, true, now);
	assert_false(blind_is_known(&blind));
	blind_local(&blind, true, now + 30 * SECOND);
	blind_local(&blind, false, now + 31 * SECOND);
	blind_local(&blind, true, now + 40 * SECOND);
	assert_int_equal(blind_tick(&blind, now + 61 * SECOND), BLIND_TELL_NOBODY);
	assert_int_equal(blind_tick(&blind, now + 100 * SECOND), BLIND_TELL_BLIND);
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
		cmocka_unit_test(of_two_thresholds_at_once_the_nearer_counts),
		cmocka_unit_test(more_conditions_than_can_be_kept_do_no_harm),
		cmocka_unit_test(what_fails_now_and_then_is_unstable),
		cmocka_unit_test(few_failures_among_many_passes_are_not_unstable),
		cmocka_unit_test(what_failed_while_held_is_not_unstable),
		cmocka_unit_test(what_was_confirmed_is_not_unstable),
		cmocka_unit_test(many_suspects_and_no_pass_hold_confirmation),
		cmocka_unit_test(a_pass_between_suspicions_forbids_the_hold),
		cmocka_unit_test(suspicions_far_apart_do_not_hold),
		cmocka_unit_test(a_hold_runs_out_in_a_digest),
		cmocka_unit_test(dead_references_mean_blind_and_it_is_told_after_a_minute),
		cmocka_unit_test(a_target_that_answers_shows_that_only_the_references_are_dead),
		cmocka_unit_test(local_facts_are_told_and_judge_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
