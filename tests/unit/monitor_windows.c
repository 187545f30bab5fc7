/* Recurring windows: silent while open, compared when they close, also where nobody looked at the time. */
#include "monitor_scene.h"

#include "monitor/silence.h"

static const uint32_t first_two[] = { 0, 1 };

/* A window on a and b, every day, that opens in `in` minutes for `length` of them. */
static struct scene *
watching(struct config_window *window, struct calendar_range *range, int in, int length)
{
	struct scene *scene = scene_create(3);
	int minute = (int)(clock_wall() / (60 * (int64_t)SECOND) % 1440);
	int from = (minute + in + 1440) % 1440;

	*range = (struct calendar_range){ 0x7f, (uint16_t)from, (uint16_t)(from + length) };
	*window = (struct config_window){ .when = { 1, range }, .why = "patches", .target_count = 2, .targets = first_two };
	scene->config.windows = window;
	scene->config.window_count = 1;
	scene_bear(scene, clock_mono());
	return scene;
}

static bool
is_silent(const struct scene *scene, uint32_t target)
{
	return scene->monitor->targets[target].state.silence & SILENCE_window;
}

static void
an_outage_in_a_window_is_silent(void **unused)
{
	struct config_window window;
	struct calendar_range range;
	struct scene *scene = watching(&window, &range, 5, 30);

	(void)unused;
	scene_run(scene, 4 * MINUTE);
	assert_false(is_silent(scene, 0));
	scene_run(scene, 2 * MINUTE);
	assert_true(is_silent(scene, 0) && is_silent(scene, 1) && !is_silent(scene, 2));
	scene->scripts[0] = "r";
	scene_run(scene, 5 * MINUTE);
	scene_age(scene);
	scene->scripts[2] = "rrr....";
	scene_run(scene, 5 * MINUTE);
	assert_string_equal(scene->told, "down[a window] down c up c");
	scene_run(scene, 20 * MINUTE);
	assert_string_equal(scene->told, "down[a window] down c up c heard a");
	assert_string_equal(scene->text, "a is down: what was kept silent may be told (window is over)");
	assert_false(is_silent(scene, 0) || is_silent(scene, 1));
	scene_destroy(&scene);
}

static void
one_that_closed_while_nobody_looked_has_closed(void **unused)
{
	struct config_window window;
	struct calendar_range range;
	struct scene *scene = watching(&window, &range, -5, 30);

	(void)unused;
	scene_run(scene, 2 * MINUTE);
	assert_true(is_silent(scene, 0));
	scene->scripts[0] = "r";
	scene_run(scene, 8 * MINUTE);
	assert_string_equal(scene->told, "down[a window]");
	scene_bear(scene, scene->monitor->now + 60 * MINUTE);
	assert_false(is_silent(scene, 0));
	scene_run(scene, 2 * MINUTE);
	/* Whether something of b was kept silent is not remembered: the keeper compares, and finds nothing. */
	assert_string_equal(scene->told, "down[a window] heard a heard b");
	scene_destroy(&scene);
}

static void
one_that_opened_while_nobody_looked_is_open(void **unused)
{
	struct config_window window;
	struct calendar_range range;
	struct scene *scene = watching(&window, &range, 30, 60);

	(void)unused;
	scene_run(scene, 2 * MINUTE);
	assert_false(is_silent(scene, 0));
	scene_bear(scene, scene->monitor->now + 40 * MINUTE);
	assert_true(is_silent(scene, 0) && !is_silent(scene, 2));
	scene->scripts[0] = "r";
	scene_run(scene, 8 * MINUTE);
	assert_string_equal(scene->told, "down[a window]");
	scene_destroy(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_outage_in_a_window_is_silent),
		cmocka_unit_test(one_that_closed_while_nobody_looked_has_closed),
		cmocka_unit_test(one_that_opened_while_nobody_looked_is_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
