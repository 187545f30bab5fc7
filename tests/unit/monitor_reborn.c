/* The monitor as a whole: what is known of our own side outlives it, and what was told is ended by the next one. */
#include "monitor_scene.h"

#include "monitor/own_record.h"

#define NOW (1000 * MINUTE)

/* Killed and born again at once, and all that it had told so far forgotten by the test. */
static void
bear_again(struct scene *scene)
{
	scene->told[0] = '\0';
	scene_bear(scene, scene->monitor->watch.now);
}

static struct scene *
watching(uint32_t targets)
{
	struct scene *scene = scene_create(targets);

	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	return scene;
}

static void
script_all(struct scene *scene, const char *script)
{
	for (uint32_t i = 0; i < scene->config.target_count; i++)
		scene->scripts[i] = script;
}

static void
blindness_that_was_told_is_ended_by_the_next_monitor(void **unused)
{
	struct scene *scene = scene_create(4);

	(void)unused;
	scene->config.reference_count = 2;
	scene->reached = 2;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	script_all(scene, "x");
	scene->reached = 0;
	scene_run(scene, 4 * MINUTE);
	assert_string_equal(scene->told, "blind -");
	bear_again(scene);
	assert_true(blind_is_known(&scene->monitor->own.blind));
	scene_run(scene, 4 * MINUTE);
	assert_string_equal(scene->told, "");
	scene->reached = 2;
	script_all(scene, ".");
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "cleared -");
	assert_string_equal(scene->change.code, "blind");
	assert_non_null(strstr(scene->text, "we see again, after 8 min"));
	bear_again(scene);
	scene_run(scene, 10 * MINUTE);
	assert_string_equal(scene->told, "");
	scene_destroy(&scene);
}

/* The store that it was told to is gone, and with it who was told. */
static void
blindness_is_said_again_to_another_store(void **unused)
{
	struct scene *scene = watching(3);

	(void)unused;
	script_all(scene, "?");
	scene_run(scene, 4 * MINUTE);
	assert_string_equal(scene->told, "blind -");
	scene_link_keeper(scene); /* what is not safe is said again anyway */
	scene_recovered(scene, 2);
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "blind - blind -");
	scene_commit(scene);
	scene_link_keeper(scene);
	scene_recovered(scene, 3);
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "blind - blind - blind -");
	script_all(scene, ".");
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "blind - blind - blind - cleared -");
	scene_destroy(&scene);
}

static void
what_is_known_and_was_not_told_yet_is_told_by_the_next_monitor(void **unused)
{
	struct scene *scene = watching(3);

	(void)unused;
	script_all(scene, "?");
	while (scene->monitor->own.blind.stage != BLIND_CUT_OFF)
		scene_run(scene, TICK);
	scene_run(scene, 50 * SECOND);
	int64_t since = scene->monitor->own.blind.causes[CAUSE_ROUTE].since;
	assert_string_equal(scene->told, "");
	bear_again(scene);
	scene_run(scene, MINUTE);
	assert_string_equal(scene->told, "blind -");
	assert_in_range(scene->monitor->own.blind_since.mono, since - SECOND, since + SECOND);
	scene_destroy(&scene);
}

/* The cause is gone with what showed it: nobody would ever show the contrary. */
static void
what_does_not_show_itself_again_is_over(void **unused)
{
	struct scene *scene = watching(3);

	(void)unused;
	script_all(scene, "?");
	scene_run(scene, 4 * MINUTE);
	assert_string_equal(scene->told, "blind -");
	script_all(scene, "-");
	bear_again(scene);
	scene_run(scene, 4 * MINUTE);
	assert_string_equal(scene->told, "");
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "cleared -");
	assert_non_null(strstr(scene->text, "it has not shown itself again since postwatch began anew, 9 min"));
	scene_destroy(&scene);
}

static void
a_hold_goes_on_for_the_rest_of_its_time(void **unused)
{
	struct scene *scene = watching(SCENE_TARGETS);

	(void)unused;
	script_all(scene, "x");
	scene_run(scene, 4 * MINUTE);
	assert_int_equal(scene->monitor->own.hold.stage, HOLD_HOLDING);
	int64_t since = scene->monitor->own.hold.since;
	bear_again(scene);
	assert_int_equal(scene->monitor->own.hold.stage, HOLD_HOLDING);
	assert_in_range(scene->monitor->own.hold.since, since - 1000, since + 1000);
	while (scene->monitor->watch.now < since + 5 * MINUTE - SECOND)
		scene_run(scene, TICK);
	assert_string_equal(scene->told, "");
	scene_run(scene, 2 * SECOND);
	assert_non_null(strstr(scene->told, "digest -"));
	assert_non_null(strstr(scene->text, "all 12 targets have failed for "));
	scene_destroy(&scene);
}

/* Nobody watched for an hour: what failed then may be well by now. */
static void
a_hold_begins_anew_after_time_in_which_nobody_watched(void **unused)
{
	struct scene *scene = watching(SCENE_TARGETS);

	(void)unused;
	script_all(scene, "x");
	scene_run(scene, 4 * MINUTE);
	assert_int_equal(scene->monitor->own.hold.stage, HOLD_HOLDING);
	scene->monitor->watch.now += 60 * MINUTE;
	bear_again(scene);
	assert_int_equal(scene->monitor->own.hold.stage, HOLD_HOLDING);
	assert_int_equal(scene->monitor->own.hold.since, scene->monitor->watch.now);
	assert_int_equal(scene->monitor->watch.targets[0].state.state, STATE_PENDING);
	script_all(scene, ".");
	scene_run(scene, 10 * MINUTE);
	assert_string_equal(scene->told, "");
	scene_destroy(&scene);
}

/* The downs have been stamped, and nothing of each is told: the digest is owed. */
static void
a_digest_that_was_not_told_is_told_by_the_next_monitor_and_once(void **unused)
{
	struct scene *scene = watching(SCENE_TARGETS);

	(void)unused;
	script_all(scene, "x");
	while (scene->monitor->own.hold.stage != HOLD_RUN_OUT)
		scene_run(scene, TICK);
	scene_run(scene, SECOND);
	assert_int_equal(scene->changes, SCENE_TARGETS + 1);
	bear_again(scene);
	scene_run(scene, 3 * MINUTE);
	assert_null(strstr(scene->told, "digest -"));
	/* And now it had not been. */
	scene->monitor->own.digest.told.told = scene->monitor->watch.targets[0].state.since;
	scene->monitor->own.digest.told.told.utc -= SECOND;
	keeper_link_mark(scene->monitor->keeper, CONFIG_NONE);
	scene_run(scene, SECOND);
	bear_again(scene);
	scene_run(scene, 2 * SECOND);
	assert_string_equal(scene->told, "digest -");
	assert_non_null(strstr(scene->text, "all 12 targets have failed for "));
	bear_again(scene);
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "");
	script_all(scene, ".");
	scene_run(scene, 5 * MINUTE);
	assert_non_null(strstr(scene->told, "cleared -"));
	scene_destroy(&scene);
}

/* Six greet in the same words: told as a port that may be shut, and ended as such. */
static void
a_port_that_was_told_is_ended_by_the_next_monitor(void **unused)
{
	struct scene *scene = watching(6);
	struct port_hold *of_port = own_side_port(&scene->monitor->own, 25);

	(void)unused;
	of_port->hold.stage = HOLD_RUN_OUT;
	of_port->hold.likeness = of_port->turned_away = 7;
	of_port->hold.since = scene->monitor->watch.now - MINUTE;
	of_port->refused = clocks_at(&scene->monitor->watch.clocks, of_port->hold.since);
	script_all(scene, "-");
	scene_run(scene, SECOND);
	bear_again(scene);
	of_port = own_side_port(&scene->monitor->own, 25);
	assert_int_equal(of_port->hold.stage, HOLD_RUN_OUT);
	assert_int_equal(of_port->hold.likeness, 7);
	assert_true(of_port->passed);
	script_all(scene, ".");
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "cleared -");
	assert_non_null(strstr(scene->text, "port 25 is answered by its targets again, after "));
	scene_destroy(&scene);
}

static void
files_that_could_not_be_used_are_ended_by_the_next_monitor(void **unused)
{
	struct scene *scene = watching(2);

	(void)unused;
	scene_say_files(scene, "/etc/hosts: too large");
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "impaired -");
	bear_again(scene);
	scene_say_files(scene, "/etc/hosts: too large");
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "");
	scene_say_files(scene, "");
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "cleared -");
	scene_destroy(&scene);
}

/* A prober says what files it cannot use when it is born, which may be before the keeper says what was told of them. */
static void
files_are_compared_with_what_was_told_whoever_speaks_first(void **unused)
{
	static const struct { const char *now, *told; } rows[] = { { "/etc/hosts: too large", "" }, { "", "cleared -" },
		{ "/etc/hosts: too small", "impaired -" } };

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene *scene = watching(2);
		scene_say_files(scene, "/etc/hosts: too large");
		scene_run(scene, SECOND);
		assert_string_equal(scene->told, "impaired -");
		scene->files = rows[i].now;
		bear_again(scene);
		scene_run(scene, SECOND);
		assert_string_equal(scene->told, rows[i].told);
		scene_destroy(&scene);
	}
}

/* Where targets were seen, who fell silent, what was ours of their failures. */
static void
what_the_rules_read_of_targets_is_known_again(void **unused)
{
	struct scene *scene = watching(4);
	struct watched *watched = &scene->monitor->watch.targets[1];

	(void)unused;
	assert_int_equal(own_side_all(&scene->monitor->own, &scene->monitor->watch, 0).networks, 4);
	scene->scripts[1] = "x-";
	while (scene->monitor->watch.targets[1].state.state != STATE_SUSPECT)
		scene_run(scene, TICK);
	assert_true(watched->unheard);
	watched->blurred = (uint32_t)((scene->monitor->watch.now - 2 * MINUTE) / SECOND);
	watched->blurred_end = (uint32_t)(scene->monitor->watch.now / SECOND);
	watched->blurred_runs = 3;
	watched->state.trouble->offered = true;
	struct watched before = *watched;
	keeper_link_mark(scene->monitor->keeper, 1);
	scene_run(scene, 2 * SECOND);
	uint64_t network = watched->network;
	int64_t silent = scene->monitor->own.unheard.items[0].from;
	bear_again(scene);
	watched = &scene->monitor->watch.targets[1];
	assert_int_equal(own_side_all(&scene->monitor->own, &scene->monitor->watch, 0).networks, 4);
	assert_int_equal(watched->network, network);
	assert_in_range(watched->blurred, before.blurred - 1, before.blurred + 1);
	assert_in_range(watched->blurred_end, before.blurred_end - 1, before.blurred_end + 1);
	assert_int_equal(watched->blurred_runs, 3);
	assert_true(watched->state.trouble->offered);
	assert_true(watched->unheard);
	assert_int_equal(scene->monitor->own.unheard.count, 1);
	assert_int_equal(scene->monitor->own.unheard.items[0].state, UNHEARD_OPEN);
	assert_in_range(scene->monitor->own.unheard.items[0].from, silent - SECOND, silent + SECOND);
	scene_destroy(&scene);
}

static void
a_child_waits_for_its_parent_as_before(void **unused)
{
	struct scene *scene = scene_create(3);

	(void)unused;
	scene->targets[1].parent = 0;
	scene->policy.tries = 4;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	scene->scripts[0] = scene->scripts[1] = "r";
	while (scene->monitor->watch.targets[1].state.fails < 2 || scene->monitor->watch.targets[1].state.state != STATE_SUSPECT)
		scene_run(scene, TICK);
	bear_again(scene);
	scene_run(scene, 4 * MINUTE);
	assert_non_null(strstr(scene->told, "down a"));
	assert_null(strstr(scene->told, "down b"));
	scene_destroy(&scene);
}

/* Its last attempt failed an hour ago: that one and the next are not in a row. */
static void
attempts_with_an_hour_between_them_are_not_in_a_row(void **unused)
{
	struct scene *scene = watching(3);

	(void)unused;
	scene->scripts[0] = "rr-";
	while (scene->monitor->watch.targets[0].state.fails < 2)
		scene_run(scene, TICK);
	scene_run(scene, SECOND);
	scene->monitor->watch.now += 60 * MINUTE;
	scene->scripts[0] = "r.";
	bear_again(scene);
	scene_run(scene, 5 * MINUTE);
	assert_string_equal(scene->told, "");
	scene_destroy(&scene);
}

/* A record that cannot be read is as none. */
static void
a_record_that_is_cut_short_or_has_bytes_too_many_is_none(void **unused)
{
	struct scene *scene = watching(SCENE_TARGETS);
	unsigned char record[sizeof scene->own + 1];

	(void)unused;
	script_all(scene, "x");
	scene_run(scene, 4 * MINUTE);
	memcpy(record, scene->own, scene->own_size);
	record[scene->own_size] = 0;
	for (size_t size = 0; size <= scene->own_size + 1; size++) {
		struct wire_in in = wire_from(record, size);
		assert_int_equal(own_record_decode(&scene->monitor->own, &scene->monitor->watch, &in), size == scene->own_size);
		assert_int_equal(scene->monitor->own.hold.stage == HOLD_HOLDING, size == scene->own_size);
	}
	scene_destroy(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blindness_that_was_told_is_ended_by_the_next_monitor),
		cmocka_unit_test(blindness_is_said_again_to_another_store),
		cmocka_unit_test(what_is_known_and_was_not_told_yet_is_told_by_the_next_monitor),
		cmocka_unit_test(what_does_not_show_itself_again_is_over),
		cmocka_unit_test(a_hold_goes_on_for_the_rest_of_its_time),
		cmocka_unit_test(a_hold_begins_anew_after_time_in_which_nobody_watched),
		cmocka_unit_test(a_digest_that_was_not_told_is_told_by_the_next_monitor_and_once),
		cmocka_unit_test(a_port_that_was_told_is_ended_by_the_next_monitor),
		cmocka_unit_test(files_that_could_not_be_used_are_ended_by_the_next_monitor),
		cmocka_unit_test(files_are_compared_with_what_was_told_whoever_speaks_first),
		cmocka_unit_test(what_the_rules_read_of_targets_is_known_again),
		cmocka_unit_test(a_child_waits_for_its_parent_as_before),
		cmocka_unit_test(attempts_with_an_hour_between_them_are_not_in_a_row),
		cmocka_unit_test(a_record_that_is_cut_short_or_has_bytes_too_many_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
