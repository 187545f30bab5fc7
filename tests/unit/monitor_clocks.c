/* Times that are told: those of the probers, and what becomes of them where the host slept or a clock is set. */
#include "monitor_scene.h"

#define NOW (1000 * MINUTE)
#define HOUR (60 * MINUTE)

static int64_t
distance(int64_t one, int64_t other)
{
	return one < other ? other - one : one - other;
}

/* As after so long a sleep, or as if the clock had been set forward by so much; seen from now on. */
static void
let_clocks_move(struct scene *scene, int64_t slept, int64_t set)
{
	scene->monitor->watch.clocks.boot_offset -= slept;
	scene->monitor->watch.clocks.wall_offset -= slept + set;
}

static void
what_was_before_a_sleep_stays_where_it_was(void **unused)
{
	struct scene *scene = scene_create(1);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	struct monitor *monitor = scene->monitor;
	int64_t before = monitor->watch.now, was = watch_moment(&monitor->watch).utc - HOUR;
	let_clocks_move(scene, HOUR, 0);
	scene_run(scene, SECOND);
	assert_true(distance(clocks_at(&monitor->watch.clocks, before).utc, was) < SECOND / 100);
	assert_true(distance(clocks_at(&monitor->watch.clocks, before - 10 * SECOND).utc, was - 10 * SECOND) < SECOND / 100);
	assert_true(distance(watch_moment(&monitor->watch).utc, was + HOUR + SECOND) < SECOND / 100);
	scene_destroy(&scene);
}

static void
an_outage_lasts_as_long_as_it_did_where_the_clock_is_set(void **unused)
{
	struct scene *scene = scene_create(1);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	scene_age(scene);
	scene->scripts[0] = "r";
	while (scene->monitor->watch.targets[0].state.state != STATE_SUSPECT)
		scene_run(scene, SECOND);
	scene->monitor->watch.targets[0].state.trouble->began.utc -= HOUR; /* as it was seen before */
	let_clocks_move(scene, 0, HOUR);
	scene_run(scene, MINUTE);
	assert_string_equal(scene->told, "down a");
	assert_in_range(scene->change.confirmed - scene->change.detected, 40 * SECOND, 50 * SECOND);
	scene->scripts[0] = ".";
	while (scene->monitor->watch.targets[0].state.state != STATE_RECOVERING)
		scene_run(scene, SECOND);
	scene->monitor->watch.targets[0].state.trouble->recovered.utc += HOUR;
	let_clocks_move(scene, 0, -HOUR);
	scene_run(scene, MINUTE);
	assert_string_equal(scene->told, "down a up a");
	assert_in_range(scene->change.confirmed - scene->change.detected, 20 * SECOND, 30 * SECOND);
	assert_true(distance(scene->monitor->watch.targets[0].state.since.utc, scene->change.confirmed) == 0);
	scene_destroy(&scene);
}

/* So that what is told, the evidence and the result say the same. */
static void
a_run_has_the_times_that_its_prober_saw(void **unused)
{
	struct scene *scene = scene_create(1);
	static const struct { int64_t off; bool taken; } rows[] = { { 0, true }, { 700 * MILLISECOND, true },
		{ -700 * MILLISECOND, true }, { 3 * SECOND, false }, { -3 * SECOND, false } };

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct observation run = { .started = scene->monitor->watch.now - 2 * SECOND, .ended = scene->monitor->watch.now - SECOND };
		int64_t ours = clocks_at(&scene->monitor->watch.clocks, run.started).utc;
		const struct report report = { .started = ours + rows[i].off, .micros = SECOND };
		clocks_date(&scene->monitor->watch.clocks, &run, &report, run.started);
		assert_true(run.started_utc == (rows[i].taken ? report.started : ours));
		assert_true(run.ended_utc == (rows[i].taken ? report.started : ours) + SECOND);
	}
	/* It stood in line for a while. */
	struct observation run = { .started = scene->monitor->watch.now - SECOND, .ended = scene->monitor->watch.now };
	const struct report report = { .started = clocks_at(&scene->monitor->watch.clocks, run.started - 20 * SECOND).utc,
		.micros = 21 * SECOND };
	clocks_date(&scene->monitor->watch.clocks, &run, &report, run.started - 30 * SECOND);
	assert_true(run.started_utc == report.started && run.ended_utc == report.started + report.micros);
	scene_destroy(&scene);
}

/* The record holds what was told. */
static void
the_next_monitor_tells_the_same_times(void **unused)
{
	struct scene *scene = scene_create(1);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	scene->scripts[0] = "r";
	scene_run(scene, 3 * MINUTE);
	struct moment since = scene->monitor->watch.targets[0].state.since, began = scene->monitor->watch.targets[0].state.trouble->began;
	assert_true(since.utc == scene->change.confirmed && began.utc == scene->change.detected);
	for (int i = 0; i < 10; i++) {
		scene_bear(scene, scene->monitor->watch.now + i * 7 * SECOND);
		scene_run(scene, MINUTE);
		assert_true(scene->monitor->watch.targets[0].state.since.utc == since.utc);
		assert_true(scene->monitor->watch.targets[0].state.trouble->began.utc == began.utc);
	}
	scene_destroy(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_before_a_sleep_stays_where_it_was),
		cmocka_unit_test(an_outage_lasts_as_long_as_it_did_where_the_clock_is_set),
		cmocka_unit_test(a_run_has_the_times_that_its_prober_saw),
		cmocka_unit_test(the_next_monitor_tells_the_same_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
