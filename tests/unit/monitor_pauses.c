/* Pauses as the keeper tells them: who is silent, from when to when, over keepers that come and go. */
#include "monitor_scene.h"

#include "base/messages_ask.h"
#include "monitor/silence.h"

static void
say(struct scene *scene, uint64_t number, uint32_t target, const char *tag, int64_t span, bool over)
{
	struct message_pause pause = { .number = number, .target = target, .until = clock_wall() + span, .over = over };
	unsigned char packet[512];
	struct wire_out out = wire_over(packet, sizeof packet);

	snprintf(pause.tag, sizeof pause.tag, "%s", tag);
	message_put_pause(&out, &pause);
	assert_true(keeper_messages_take(scene->monitor, packet, out.size));
}

/* On the clock that pauses end by, nearly: always at the same second of the grid that runs begin by. Plain since some minutes. */
static struct scene *
watching(void)
{
	struct scene *scene = scene_create(3);

	scene_bear(scene, clock_mono() / MINUTE * MINUTE + MINUTE / 3);
	scene_run(scene, 3 * MINUTE);
	return scene;
}

static bool
is_paused(const struct scene *scene, uint32_t target)
{
	return scene->monitor->targets[target].state.silence & SILENCE_paused;
}

static void
an_outage_in_a_pause_is_silent(void **unused)
{
	struct scene *scene = watching();

	(void)unused;
	say(scene, 1, 0, "", 60 * MINUTE, false);
	assert_true(is_paused(scene, 0) && !is_paused(scene, 1));
	scene_age(scene);
	scene->scripts[0] = scene->scripts[1] = "rrr....";
	scene_run(scene, 10 * MINUTE);
	assert_string_equal(scene->told, "down[a paused] down b up[a paused] up b");
	say(scene, 1, 0, "", 0, true);
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "down[a paused] down b up[a paused] up b heard a");
	assert_false(is_paused(scene, 0));
	scene_destroy(&scene);
}

static void
it_ends_by_its_time(void **unused)
{
	struct scene *scene = watching();

	(void)unused;
	say(scene, 1, 0, "", 20 * MINUTE, false);
	scene->scripts[0] = "r";
	scene_run(scene, 10 * MINUTE);
	assert_string_equal(scene->told, "down[a paused]");
	scene_run(scene, 10 * MINUTE);
	assert_string_equal(scene->told, "down[a paused] heard a");
	assert_string_equal(scene->text, "a is down: what was kept silent may be told (paused is over)");
	scene_destroy(&scene);
}

static void
a_tag_pauses_all_that_have_it(void **unused)
{
	static const char *const tags[] = { "lab", "north" };
	struct scene *scene = watching();
	struct policy tagged = scene->policy;

	(void)unused;
	tagged.tag_count = 2;
	tagged.tags = tags;
	scene->targets[1].policy = scene->targets[2].policy = &tagged;
	say(scene, 1, CONFIG_NONE, "north", 60 * MINUTE, false);
	say(scene, 2, 2, "", 60 * MINUTE, false);
	assert_true(!is_paused(scene, 0) && is_paused(scene, 1) && is_paused(scene, 2));
	say(scene, 1, CONFIG_NONE, "north", 0, true);
	assert_true(!is_paused(scene, 1) && is_paused(scene, 2));
	say(scene, 3, CONFIG_NONE, "south", 60 * MINUTE, false);
	assert_true(!is_paused(scene, 0) && !is_paused(scene, 1));
	scene->targets[1].policy = scene->targets[2].policy = &scene->policy;
	scene_destroy(&scene);
}

static void
one_that_the_next_keeper_does_not_know_is_over(void **unused)
{
	struct scene *scene = watching();

	(void)unused;
	say(scene, 1, 0, "", 60 * MINUTE, false);
	say(scene, 2, 1, "", 60 * MINUTE, false);
	scene_link_keeper(scene);
	say(scene, 2, 1, "", 60 * MINUTE, false);
	assert_true(is_paused(scene, 0) && is_paused(scene, 1));
	scene_recovered(scene, 1);
	assert_true(!is_paused(scene, 0) && is_paused(scene, 1));
	scene_destroy(&scene);
}

static void
the_next_monitor_is_told_and_one_that_ended_meanwhile_is_heard(void **unused)
{
	struct scene *scene = watching();

	(void)unused;
	say(scene, 1, 0, "", 60 * MINUTE, false);
	say(scene, 2, 1, "", 60 * MINUTE, false);
	scene->scripts[0] = scene->scripts[1] = "r";
	scene_run(scene, 5 * MINUTE);
	assert_string_equal(scene->told, "down[a paused] down[b paused]");
	/* As scene_bear(), with a pause among what is told. */
	int64_t now = scene->monitor->now;
	monitor_destroy(&scene->monitor);
	scene->monitor = monitor_create(&scene->duty, now, 1);
	scene->in_hand_count = 0;
	scene_link_keeper(scene);
	for (uint32_t i = 0; i < SCENE_PROBERS; i++)
		scene_link_prober(scene, i);
	say(scene, 2, 1, "", 60 * MINUTE, false);
	for (uint32_t i = 0; i < 2; i++) {
		unsigned char packet[5000];
		struct wire_out out = wire_over(packet, sizeof packet);
		message_put_state(&out, &(struct message_state){ i, { (char *)scene->record[i], scene->record_size[i] }, 0 });
		assert_true(keeper_messages_take(scene->monitor, packet, out.size));
	}
	scene_recovered(scene, 1);
	scene_run(scene, SECOND);
	assert_true(!is_paused(scene, 0) && is_paused(scene, 1));
	assert_string_equal(scene->told, "down[a paused] down[b paused] heard a");
	scene_destroy(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_outage_in_a_pause_is_silent),
		cmocka_unit_test(it_ends_by_its_time),
		cmocka_unit_test(a_tag_pauses_all_that_have_it),
		cmocka_unit_test(one_that_the_next_keeper_does_not_know_is_over),
		cmocka_unit_test(the_next_monitor_is_told_and_one_that_ended_meanwhile_is_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
