/* The monitor as a whole: blindness known and suspected, who is asked before anything is confirmed, holds, digests. */
#include <time.h>

#include "monitor_scene.h"

#define NOW (1000 * MINUTE)

static void
dead_references_make_failures_say_nothing(void **unused)
{
	struct scene *scene = scene_create(4);

	(void)unused;
	scene->config.reference_count = 2;
	scene->reached = 2;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	assert_false(scene->health.blind);
	for (uint32_t i = 0; i < 4; i++)
		scene->scripts[i] = "x";
	scene->reached = 0;
	scene_run(scene, 10 * MINUTE);
	assert_string_equal(scene->told, "blind -");
	assert_true(scene->health.blind);
	assert_non_null(strstr(scene->text, "we are cut off: no reference has answered for 6"));
	scene->reached = 1;
	scene->scripts[3] = ".";
	scene_run(scene, 3 * MINUTE);
	assert_non_null(strstr(scene->told, "blind - cleared - down "));
	assert_false(scene->health.blind);
	scene_destroy(&scene);
}

static void
every_target_that_fails_unheard_is_held_and_told_in_one_digest(void **unused)
{
	struct scene *scene = scene_create(SCENE_TARGETS);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	for (uint32_t i = 0; i < SCENE_TARGETS; i++)
		scene->scripts[i] = "x";
	scene_run(scene, 4 * MINUTE);
	assert_string_equal(scene->told, "");
	assert_int_equal(scene->monitor->own.hold.stage, HOLD_HOLDING);
	scene_run(scene, 3 * MINUTE);
	assert_int_equal(scene->changes, SCENE_TARGETS + 1);
	assert_non_null(strstr(scene->told, "down[a digest]"));
	assert_non_null(strstr(scene->told, "down[l digest] digest -"));
	assert_non_null(strstr(scene->text, "all 12 targets have failed for "));
	assert_non_null(strstr(scene->text, "nothing that we can reach tells which: a, b, c, d, e, f, g, h, i, j, k, l"));
	scene->told[0] = '\0';
	for (uint32_t i = 0; i < SCENE_TARGETS; i++)
		scene->scripts[i] = ".";
	scene_run(scene, 5 * MINUTE);
	assert_non_null(strstr(scene->told, "up[l digest]"));
	assert_null(strstr(scene->told, "up l"));
	assert_int_equal(scene->changes, 2 * SCENE_TARGETS + 2);
	assert_non_null(strstr(scene->text, "12 of the 12 targets that were told together answer again, after "));
	scene_destroy(&scene);
}

/* Who still fails when the others are back is told by itself, and its end as well. */
static void
who_stays_away_after_a_digest_is_told_by_itself(void **unused)
{
	struct scene *scene = scene_create(SCENE_TARGETS);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	for (uint32_t i = 0; i < SCENE_TARGETS; i++)
		scene->scripts[i] = "x";
	scene_run(scene, 8 * MINUTE);
	assert_non_null(strstr(scene->told, "digest -"));
	scene_bear(scene, scene->monitor->watch.now); /* and by a monitor born since */
	scene->told[0] = '\0';
	for (uint32_t i = 1; i < SCENE_TARGETS; i++)
		scene->scripts[i] = ".";
	scene_run(scene, 6 * MINUTE);
	assert_non_null(strstr(scene->told, "down a"));
	assert_non_null(strstr(scene->told, "cleared -"));
	assert_non_null(strstr(scene->told, "up[b digest]"));
	scene->told[0] = '\0';
	scene->scripts[0] = ".";
	scene_run(scene, 3 * MINUTE);
	assert_string_equal(scene->told, "up a");
	scene_destroy(&scene);
}

static void
one_pass_ends_the_hold_and_the_rest_is_confirmed(void **unused)
{
	struct scene *scene = scene_create(SCENE_TARGETS);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	for (uint32_t i = 0; i < SCENE_TARGETS; i++)
		scene->scripts[i] = "x";
	scene_run(scene, 3 * MINUTE);
	assert_string_equal(scene->told, "");
	scene->scripts[5] = scene->scripts[6] = ".";
	scene_run(scene, MINUTE + 45 * SECOND);
	assert_int_equal(scene->changes, SCENE_TARGETS - 2);
	assert_null(strstr(scene->told, "digest"));
	assert_null(strstr(scene->told, "down f"));
	scene_destroy(&scene);
}

/* Six refuse in the same minute: who is on the same port and passes shows that it is they. */
static void
a_refusal_is_theirs_where_a_target_passes_on_the_port(void **unused)
{
	struct scene *scene = scene_create(7);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	for (uint32_t i = 0; i < 6; i++)
		scene->scripts[i] = "r";
	scene_run(scene, 4 * MINUTE);
	assert_int_equal(scene->changes, 6);
	assert_null(strstr(scene->told, "["));
	scene_destroy(&scene);
}

static void
refusals_alike_on_one_port_are_held_and_told_in_one_digest(void **unused)
{
	struct scene *scene = scene_create(7);

	(void)unused;
	scene->targets[6].port = 587;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	for (uint32_t i = 0; i < 6; i++)
		scene->scripts[i] = "r";
	scene_run(scene, 5 * MINUTE);
	assert_int_equal(scene->changes, 0);
	scene_run(scene, 3 * MINUTE);
	assert_int_equal(scene->changes, 7);
	assert_non_null(strstr(scene->text, "6 targets have not answered on port 25 as they should for "));
	assert_non_null(strstr(scene->text, "ours or theirs: nothing that we can reach on that port tells which: a, b, c, d, e, f"));
	scene_destroy(&scene);
}

/* The one that is silent is told when another has been heard after its last attempt, which is asked for at once. */
static void
a_silent_failure_is_confirmed_once_somebody_else_is_heard(void **unused)
{
	struct scene *scene = scene_create(3);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	scene->scripts[0] = "x";
	scene_run(scene, MINUTE + 45 * SECOND);
	assert_string_equal(scene->told, "down a");
	assert_non_null(strstr(scene->text, "a down: no connection within 15.0 s, 3 of 3 attempts"));
	assert_null(strstr(scene->text, "nobody else"));
	assert_int_equal(scene->change.attempt_count, 3);
	scene_destroy(&scene);
}

static void
who_is_watched_alone_is_told_in_words_that_say_so(void **unused)
{
	struct scene *scene = scene_create(1);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	scene->scripts[0] = "x";
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "down a");
	assert_string_equal(scene->text, "a down: no connection within 15.0 s, 3 of 3 attempts; nobody else could be asked: "
	    "it may be our own network");
	scene_destroy(&scene);
}

static void
few_targets_that_all_fall_silent_are_held(void **unused)
{
	struct scene *scene = scene_create(3);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	for (uint32_t i = 0; i < 3; i++)
		scene->scripts[i] = "x";
	scene_run(scene, 4 * MINUTE);
	assert_string_equal(scene->told, "");
	for (uint32_t i = 0; i < 3; i++)
		scene->scripts[i] = ".";
	scene_run(scene, 4 * MINUTE);
	assert_string_equal(scene->told, "");
	for (uint32_t i = 0; i < 3; i++)
		scene->scripts[i] = "x";
	scene_run(scene, 9 * MINUTE);
	assert_int_equal(scene->changes, 4);
	assert_non_null(strstr(scene->text, "all 3 targets have failed for "));
	scene_destroy(&scene);
}

/* References say nothing of the port, and other targets there are silent as well. */
static void
a_port_that_lets_nothing_through_is_told_once(void **unused)
{
	struct scene *scene = scene_create(7);

	(void)unused;
	scene->config.reference_count = 2;
	scene->reached = 2;
	scene->targets[6].port = 587;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	for (uint32_t i = 0; i < 6; i++)
		scene->scripts[i] = "x";
	scene_run(scene, 5 * MINUTE);
	assert_string_equal(scene->told, "");
	scene_run(scene, 3 * MINUTE);
	assert_int_equal(scene->changes, 7);
	assert_non_null(strstr(scene->text, "6 targets have not answered on port 25 as they should for "));
	scene_destroy(&scene);
}

static void
the_first_pass_on_a_port_ends_its_hold(void **unused)
{
	struct scene *scene = scene_create(7);

	(void)unused;
	scene->config.reference_count = 2;
	scene->reached = 2;
	scene->targets[6].port = 587;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	for (uint32_t i = 0; i < 6; i++)
		scene->scripts[i] = "x";
	scene_run(scene, 3 * MINUTE);
	scene->scripts[0] = ".";
	scene_run(scene, 2 * MINUTE);
	assert_int_equal(scene->changes, 5);
	assert_null(strstr(scene->told, "digest"));
	scene_destroy(&scene);
}

/* A reference is asked for when a target fails in silence, and again when it is heard after all of them were silent. */
static void
references_are_asked_when_it_matters(void **unused)
{
	struct scene *scene = scene_create(2);

	(void)unused;
	scene->config.reference_count = 2;
	scene->reached = 2;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	uint32_t before = scene->rounds;
	scene->scripts[0] = "xx.";
	while (scene->monitor->watch.targets[0].state.fails == 0)
		scene_run(scene, TICK);
	scene->reached = 0;
	scene_run(scene, SECOND);
	assert_in_range(scene->rounds, before + 1, before + 4);
	while (scene->monitor->watch.targets[0].state.state != STATE_UP) {
		before = scene->rounds;
		scene_run(scene, TICK);
	}
	scene_run(scene, 2 * SECOND);
	assert_true(scene->rounds > before);
	scene_destroy(&scene);
}

static void
runs_that_end_on_our_side_tell_of_us(void **unused)
{
	struct scene *scene = scene_create(3);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	for (uint32_t i = 0; i < 3; i++)
		scene->scripts[i] = "?";
	scene_run(scene, 4 * MINUTE);
	assert_string_equal(scene->told, "blind -");
	assert_non_null(strstr(scene->text, "we are cut off: for 60.2 s this host has had no route to where its targets are"));
	for (uint32_t i = 0; i < 3; i++)
		scene->scripts[i] = ".";
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "blind - cleared -");
	scene_destroy(&scene);
}

/* A dead line of ours over IPv6 is one word about us, and none of a target. */
static void
our_way_over_ipv6_is_told_once_and_of_no_target(void **unused)
{
	struct scene *scene = scene_create(5);

	(void)unused;
	for (uint32_t i = 0; i < 5; i++)
		scene->scripts[i] = "h";
	scene_bear(scene, NOW);
	scene_run(scene, 2 * MINUTE);
	for (uint32_t i = 0; i < 4; i++)
		scene->scripts[i] = "6";
	scene->scripts[4] = "s";
	scene_run(scene, 20 * MINUTE);
	assert_string_equal(scene->told, "blind -");
	assert_string_equal(scene->change.code, "no_ipv6");
	assert_non_null(strstr(scene->text, " no target has answered over IPv6, while they do over IPv4; that says nothing of them"));
	assert_int_equal(scene->monitor->watch.targets[0].state.outcome, CODE_OK);
	assert_false(scene->health.blind);
	for (uint32_t i = 0; i < 5; i++)
		scene->scripts[i] = "h";
	scene_run(scene, 3 * MINUTE);
	assert_string_equal(scene->told, "blind - cleared -");
	scene_destroy(&scene);
}

static void
ipv6_of_one_is_its_own_where_others_answer_over_it(void **unused)
{
	struct scene *scene = scene_create(4);

	(void)unused;
	for (uint32_t i = 0; i < 3; i++)
		scene->scripts[i] = "h";
	scene_bear(scene, NOW);
	scene_run(scene, 2 * MINUTE);
	scene->scripts[0] = scene->scripts[1] = "6";
	scene_run(scene, 10 * MINUTE);
	assert_non_null(strstr(scene->told, "degraded a"));
	assert_non_null(strstr(scene->told, "degraded b"));
	assert_null(strstr(scene->told, "blind"));
	assert_null(strstr(scene->text, "our own way"));
	scene_destroy(&scene);
}

static void
ipv6_of_the_only_one_is_told_in_words_that_say_so(void **unused)
{
	struct scene *scene = scene_create(4);

	(void)unused;
	scene->scripts[0] = "h";
	scene_bear(scene, NOW);
	scene_run(scene, 2 * MINUTE);
	scene->scripts[0] = "6";
	scene_run(scene, 10 * MINUTE);
	assert_string_equal(scene->told, "degraded a");
	assert_non_null(strstr(scene->text, "; no other target is watched over IPv6: it may be our own way"));
	scene_destroy(&scene);
}

/* That our clock is wrong is told once, and of no target, however long nothing is learnt of some. */
static void
a_wrong_clock_is_told_once(void **unused)
{
	struct scene *scene = scene_create(3);

	(void)unused;
	scene->scripts[0] = "o";
	scene->scripts[1] = "u";
	scene_bear(scene, NOW);
	scene_run(scene, 50 * MINUTE);
	assert_string_equal(scene->told, "impaired -");
	assert_string_equal(scene->change.code, "our_clock");
	assert_non_null(strstr(scene->text, "our own clock is wrong: it says "));
	assert_non_null(strstr(scene->text, "the dates of certificates are not judged until it is right, all else is"));
	scene->scripts[0] = scene->scripts[1] = ".";
	scene_run(scene, 70 * MINUTE);
	scene->scripts[1] = "u";
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "impaired - impaired -");
	scene_destroy(&scene);
}

/* A certificate from and to so many days from now, in a leg of the run that is in hand. */
static void
show_certificate(struct scene *scene, int from, int end)
{
	static unsigned char packet[WIRE_MAX];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct evidence_log log = { .gap = 0 };
	struct message_evidence evidence = { .run = scene->last[0].run, .target = 0,
		.leg = { .legs = 1, .verdict = PW_OK, .outcome = "ok", .started = 1, .text = { "", 0 }, .address = { "192.0.2.1", 9 },
			.local = { "", 0 }, .helo = { "", 0 }, .warnings = { "", 0 }, .transcript = { "", 0 } } };
	const char *const names[] = { "cert_not_before", "cert_not_after" };

	for (int i = 0; i < 2; i++) {
		time_t at = time(NULL) + (i == 0 ? from : end) * 86400;
		char bytes[32];

		assert_int_equal(strftime(bytes, sizeof bytes, "%Y-%m-%dT%H:%M:%SZ", gmtime(&at)), 20);
		evidence_add_fact(&log, names[i], (struct pw_bytes){ bytes, 20 }, false);
	}
	evidence.leg.facts = buffer_view(&log.facts);
	message_put_evidence(&out, &evidence);
	assert_true(prober_messages_take(scene->monitor, 0, packet, out.size));
	evidence_log_fini(&log);
}

/* What the last certificate had left when it was renewed is known to each run after it, and to the next monitor. */
static void
renewals_are_known_to_later_runs(void **unused)
{
	struct scene *scene = scene_create(1);

	(void)unused;
	scene->scripts[0] = "-.";
	scene_bear(scene, NOW);
	scene_run(scene, 2 * SECOND);
	assert_int_equal(scene->last[0].renewed, 0);
	show_certificate(scene, -150, 50);
	show_certificate(scene, -1, 199);
	struct report report = scene_report(&scene->last[0], '.');
	assert_true(scene_send_report(scene, 0, &report));
	scene_run(scene, 2 * MINUTE);
	assert_in_range(scene->last[0].renewed, 24, 25);
	scene_bear(scene, scene->monitor->watch.now);
	scene_run(scene, 2 * MINUTE);
	assert_in_range(scene->last[0].renewed, 24, 25);
	scene_destroy(&scene);
}

/* Probers are told that the store holds a later time than our clock says, until it says more. */
static void
a_clock_behind_the_store_is_passed_on(void **unused)
{
	struct scene *scene = scene_create(1);
	struct message_recovered recovered = { .newest = clock_wall() + 3600 * (int64_t)SECOND };

	(void)unused;
	scene_bear(scene, NOW);
	for (int i = 0; i < 2; i++) {
		unsigned char packet[128];
		struct wire_out out = wire_over(packet, sizeof packet);

		recovered.runs = scene->taken;
		recovered.runs_taken = scene->taken.number;
		message_put_recovered(&out, &recovered);
		assert_true(keeper_messages_take(scene->monitor, packet, out.size));
		scene_run(scene, 2 * MINUTE);
		assert_int_equal(scene->last[0].flags & ORDER_CLOCK_BEHIND, i == 0 ? ORDER_CLOCK_BEHIND : 0);
		recovered.newest = clock_wall() - SECOND;
	}
	scene_destroy(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dead_references_make_failures_say_nothing),
		cmocka_unit_test(every_target_that_fails_unheard_is_held_and_told_in_one_digest),
		cmocka_unit_test(who_stays_away_after_a_digest_is_told_by_itself),
		cmocka_unit_test(one_pass_ends_the_hold_and_the_rest_is_confirmed),
		cmocka_unit_test(a_refusal_is_theirs_where_a_target_passes_on_the_port),
		cmocka_unit_test(refusals_alike_on_one_port_are_held_and_told_in_one_digest),
		cmocka_unit_test(a_silent_failure_is_confirmed_once_somebody_else_is_heard),
		cmocka_unit_test(who_is_watched_alone_is_told_in_words_that_say_so),
		cmocka_unit_test(few_targets_that_all_fall_silent_are_held),
		cmocka_unit_test(a_port_that_lets_nothing_through_is_told_once),
		cmocka_unit_test(the_first_pass_on_a_port_ends_its_hold),
		cmocka_unit_test(references_are_asked_when_it_matters),
		cmocka_unit_test(our_way_over_ipv6_is_told_once_and_of_no_target),
		cmocka_unit_test(ipv6_of_one_is_its_own_where_others_answer_over_it),
		cmocka_unit_test(ipv6_of_the_only_one_is_told_in_words_that_say_so),
		cmocka_unit_test(a_wrong_clock_is_told_once),
		cmocka_unit_test(a_clock_behind_the_store_is_passed_on),
		cmocka_unit_test(renewals_are_known_to_later_runs),
		cmocka_unit_test(runs_that_end_on_our_side_tell_of_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
