/* The monitor as a whole: parents and children, suspensions, flapping. */
#include "monitor_scene.h"

#include "monitor/silence.h"

#define NOW (1000 * MINUTE)

/* `a` is the parent of `b`, and `b` of `c`, each on a port of its own. */
static struct scene *
family(void)
{
	struct scene *scene = scene_create(3);

	scene->targets[1].port = 26;
	scene->targets[2].port = 27;
	scene->targets[1].parent = 0;
	scene->targets[2].parent = 1;
	return scene;
}

static void
a_suspicion_has_the_parents_looked_at_at_once(void **unused)
{
	struct scene *scene = family();

	(void)unused;
	scene->targets[0].hash = 0x80000000u; /* half a minute later than its child */
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 20 * SECOND);
	uint64_t before = scene->last[0].run;
	scene->targets[1].hash = 0;
	scene_age(scene);
	scene->scripts[1] = "rrr.";
	scene_run(scene, 45 * SECOND);
	assert_true(scene->last[0].run > before);
	scene_run(scene, 5 * MINUTE);
	assert_string_equal(scene->told, "down b up b"); /* the parent was plain in time */
	scene_destroy(&scene);
}

static void
a_down_waits_until_the_parent_is_plain(void **unused)
{
	struct scene *scene = family();

	(void)unused;
	scene->policy.tries = 1; /* the child is down before anybody could look */
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	scene->scripts[1] = "r";
	scene_run(scene, MINUTE);
	assert_string_equal(scene->told, "down[b parent_unplain] heard b");
	assert_string_equal(scene->text, "b is down: what was kept silent may be told (parent_unplain is over)");
	assert_string_equal(scene->change.silences, "");
	scene_destroy(&scene);
}

static void
a_down_waits_no_longer_than_the_parent_takes(void **unused)
{
	struct scene *scene = family();

	(void)unused;
	scene->policy.tries = 1;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	scene->scripts[0] = "?"; /* nothing is learnt of it, so it stays what it was */
	scene->scripts[1] = "r";
	scene_run(scene, MINUTE);
	assert_int_equal(scene->monitor->dependencies.waiting, 1);
	scene->scripts[0] = "-";
	scene_destroy(&scene);
	scene = family();
	scene->policy.tries = 1;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	scene->scripts[0] = "-";
	scene->scripts[1] = "r";
	scene_run(scene, 4 * MINUTE);
	assert_string_equal(scene->told, "down[b parent_unplain]");
	scene_run(scene, 3 * MINUTE);
	assert_string_equal(scene->told, "down[b parent_unplain] heard b");
	assert_int_equal(scene->monitor->dependencies.waiting, 0);
	scene_destroy(&scene);
}

static void
children_of_a_dead_parent_are_silent(void **unused)
{
	struct scene *scene = family();

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 10 * SECOND);
	scene->scripts[0] = scene->scripts[1] = scene->scripts[2] = "r";
	scene_run(scene, 5 * MINUTE);
	assert_non_null(strstr(scene->told, "down a"));
	assert_non_null(strstr(scene->told, "down[b parent"));
	assert_non_null(strstr(scene->told, "down[c parent"));
	assert_null(strstr(scene->told, "heard"));
	assert_int_equal(scene->monitor->watch.targets[2].state.silence, SILENCE_parent);
	scene->told[0] = '\0';
	scene->scripts[0] = scene->scripts[1] = ".";
	scene_run(scene, 5 * MINUTE);
	assert_non_null(strstr(scene->told, "up a"));
	assert_non_null(strstr(scene->told, "heard b"));
	assert_non_null(strstr(scene->told, "heard c")); /* that it is down may be told */
	assert_int_equal(scene->monitor->watch.targets[2].state.silence, 0);
	scene_destroy(&scene);
}

static void
the_parent_says_how_many_lie_behind_it(void **unused)
{
	struct scene *scene = family();

	(void)unused;
	scene_bear(scene, NOW);
	scene->scripts[0] = "r";
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->text, "a down: connection refused, 3 of 3 attempts; 2 targets lie behind it");
	scene_destroy(&scene);
}

static void
what_a_suspension_broke_says_nothing(void **unused)
{
	struct scene *scene = scene_create(1);

	(void)unused;
	scene->policy.tries = 1;
	scene_bear(scene, clock_mono());
	scene_run(scene, MINUTE);
	scene->scripts[0] = "-";
	scene_run(scene, MINUTE);
	struct report broken = scene_report(&scene->last[0], 'r');
	scene->monitor->watch.clocks.boot_offset -= 10 * MINUTE; /* as if ten minutes had passed without us since the last tick */
	scene->monitor->watch.clocks.wall_offset -= 10 * MINUTE;
	assert_true(scene_send_report(scene, scene->last[0].target % SCENE_PROBERS, &broken));
	assert_int_equal(scene->monitor->watch.targets[0].state.state, STATE_UP);
	assert_int_equal(scene->monitor->activity.counts.verdicts[PW_UNKNOWN], 1);
	assert_int_equal(scene->monitor->activity.counts.verdicts[PW_FAILED], 0);
	scene->scripts[0] = "r";
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "down a"); /* this one is theirs */
	scene_destroy(&scene);
}

static void
flapping_is_told_in_words(void **unused)
{
	struct scene *scene = scene_create(1);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	scene_age(scene);
	scene->scripts[0] = "rrr..rrr..rrr..";
	scene_run(scene, 12 * MINUTE);
	assert_string_equal(scene->told, "down a up a down a up a flapping a up[a flapping]");
	scene_run(scene, 20 * MINUTE);
	assert_non_null(strstr(scene->told, "settled a"));
	assert_non_null(strstr(scene->text, "a settled: it is up and steady; it went down and up for "));
	scene_destroy(&scene);
}

static void
a_condition_is_told_with_its_words(void **unused)
{
	struct scene *scene = scene_create(1);

	(void)unused;
	scene_bear(scene, NOW);
	scene->scripts[0] = "www.";
	scene_run(scene, 3 * MINUTE);
	assert_string_equal(scene->told, "degraded a");
	assert_string_equal(scene->text, "a degraded(early_data): the server spoke out of turn");
	assert_string_equal(scene->change.code, "early_data");
	assert_int_equal(scene->change.attempt_count, 1);
	scene_run(scene, 3 * MINUTE);
	assert_string_equal(scene->told, "degraded a cleared a");
	assert_non_null(strstr(scene->text, "a cleared(early_data): no longer seen, after "));
	scene_destroy(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_suspicion_has_the_parents_looked_at_at_once),
		cmocka_unit_test(a_down_waits_until_the_parent_is_plain),
		cmocka_unit_test(a_down_waits_no_longer_than_the_parent_takes),
		cmocka_unit_test(children_of_a_dead_parent_are_silent),
		cmocka_unit_test(the_parent_says_how_many_lie_behind_it),
		cmocka_unit_test(what_a_suspension_broke_says_nothing),
		cmocka_unit_test(flapping_is_told_in_words),
		cmocka_unit_test(a_condition_is_told_with_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
