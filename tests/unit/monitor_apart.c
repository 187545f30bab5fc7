/* Targets that a prober died of: each has a prober of its own, in line, until it is cleared or held. */
#include "monitor_scene.h"

#include "monitor/own_faults.h"

#define NOW (1000 * MINUTE)

static void
account(struct scene *scene, uint32_t target, enum account what)
{
	const struct message_account account = { .target = target, .account = what, .text = "a prober died with it in hand" };

	held_targets_take(scene->monitor, &account);
}

/* The targets that the parent has been told are cleared since it was last asked, by name. */
static const char *
cleared(struct scene *scene)
{
	static char names[SCENE_TARGETS + 1];
	unsigned char packet[WIRE_MAX];
	size_t count = 0;
	ssize_t size;

	while ((size = packet_read(scene->parent, packet, sizeof packet, NULL)) > 0) {
		struct wire_in in = wire_from(packet, (size_t)size);
		uint32_t target;
		if (message_kind(packet, (size_t)size) == MESSAGE_CLEARED
		    && message_get_cleared(&in, &target, scene->config.target_count) && count < SCENE_TARGETS)
			names[count++] = scene_names[target][0];
	}
	names[count] = '\0';
	return names;
}

/* Lets time pass, without the parent being read. */
static void
run_unheard(struct scene *scene, int64_t span)
{
	for (int64_t end = scene->monitor->watch.now + span; scene->monitor->watch.now < end;) {
		scene->monitor->watch.now += TICK;
		monitor_tick(scene->monitor);
		monitor_flush(scene->monitor, true);
		for (uint32_t i = 0; i < SCENE_LINKS; i++)
			scene_take_orders(scene, i);
		scene_answer(scene);
		monitor_flush(scene->monitor, false);
		scene_keep(scene);
	}
}

static void
a_suspect_waits_for_a_prober_of_its_own(void **unused)
{
	struct scene *scene = scene_create(6);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 7 * SECOND); /* nothing is in hand */
	for (uint32_t i = 0; i < 5; i++) {
		scene->scripts[i] = "-.";
		account(scene, i, ACCOUNT_APART);
		account(scene, i, ACCOUNT_APART);
	}
	scene->ordered = 0;
	scene_run(scene, 5 * MINUTE);
	assert_int_equal(scene->ordered, 5); /* of the one that nobody suspects */
	for (uint32_t i = SCENE_PROBERS; i < SCENE_LINKS; i++)
		scene_link_prober(scene, i);
	scene->ordered = 0;
	run_unheard(scene, 5 * SECOND);
	assert_int_equal(scene->ordered, 4); /* never reported */
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(orders_prober(scene->monitor->orders, i), SCENE_PROBERS + i);
	assert_int_equal(orders_prober(scene->monitor->orders, 4), CONFIG_NONE);
	assert_string_equal(cleared(scene), "");
	scene_destroy(&scene);
}

static void
a_run_that_ends_clears_it_and_the_next_has_its_turn(void **unused)
{
	struct scene *scene = scene_create(6);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 7 * SECOND); /* nothing is in hand */
	scene_link_prober(scene, SCENE_PROBERS); /* only one has come yet */
	scene->scripts[1] = "r";
	for (uint32_t i = 0; i < 3; i++)
		account(scene, i, ACCOUNT_APART);
	run_unheard(scene, 5 * SECOND);
	assert_string_equal(cleared(scene), "abc");
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(orders_prober(scene->monitor->orders, i), i % SCENE_PROBERS);
	assert_int_equal(scene->monitor->watch.targets[1].state.state, STATE_SUSPECT);
	scene_run(scene, MINUTE + 7 * SECOND); /* nothing is in hand */
	assert_string_equal(scene->told, "down b");
	scene_destroy(&scene);
}

/* What its prober dies of again is held; what was in line before it goes on. */
static void
who_is_held_gives_its_prober_back(void **unused)
{
	struct scene *scene = scene_create(4);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 7 * SECOND); /* nothing is in hand */
	scene_link_prober(scene, SCENE_PROBERS);
	scene->scripts[0] = "-";
	account(scene, 0, ACCOUNT_APART);
	account(scene, 1, ACCOUNT_APART);
	run_unheard(scene, SECOND);
	assert_string_equal(cleared(scene), "");
	account(scene, 0, ACCOUNT_HELD);
	orders_lost(scene->monitor->orders, SCENE_PROBERS);
	run_unheard(scene, SECOND);
	scene_link_prober(scene, SCENE_PROBERS);
	run_unheard(scene, SECOND);
	assert_string_equal(cleared(scene), "b");
	assert_true(scene->monitor->watch.targets[0].state.quarantined);
	/* On trial it is alone as well. */
	scene->scripts[0] = ".";
	account(scene, 0, ACCOUNT_APART);
	run_unheard(scene, SECOND);
	assert_string_equal(cleared(scene), "a");
	assert_int_equal(orders_prober(scene->monitor->orders, 0), 0);
	scene_destroy(&scene);
}

/* Without a word about whom it died of, its one target is run again by the next. */
static void
a_run_that_is_lost_is_run_again_apart(void **unused)
{
	struct scene *scene = scene_create(2);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE + 7 * SECOND); /* nothing is in hand */
	scene_link_prober(scene, SCENE_PROBERS + 3);
	scene->scripts[0] = "-.";
	account(scene, 0, ACCOUNT_APART);
	run_unheard(scene, SECOND);
	assert_int_equal(orders_prober(scene->monitor->orders, 0), SCENE_PROBERS + 3);
	scene_link_prober(scene, SCENE_PROBERS + 3);
	run_unheard(scene, 3 * SECOND);
	assert_string_equal(cleared(scene), "a");
	scene_destroy(&scene);
}

/* A prober that leaks comes to its limit again and again: told once an hour, also where it came before the keeper spoke. */
static void
a_limit_is_told_once_an_hour(void **unused)
{
	static const char words[] = "prober 0 died at its limit of memory; if that comes again, one of its probe plugins leaks: banner";
	struct scene *scene = scene_create(1);

	(void)unused;
	scene->scripts[0] = ".";
	scene_bear(scene, NOW);
	scene_run(scene, SECOND);
	scene->monitor->watch.begun = false;
	own_faults_note_limit(scene->monitor, words);
	assert_string_equal(scene->told, "");
	scene->monitor->watch.begun = true;
	own_faults_begin(scene->monitor);
	scene_run(scene, SECOND);
	assert_string_equal(scene->text, words);
	own_faults_note_limit(scene->monitor, words);
	scene_run(scene, 55 * MINUTE);
	own_faults_note_limit(scene->monitor, words);
	assert_null(strstr(scene->told + 1, "impaired"));
	scene_run(scene, 10 * MINUTE);
	own_faults_note_limit(scene->monitor, words);
	scene_run(scene, SECOND);
	assert_string_equal(strstr(scene->told + 1, "impaired"), "impaired -");
	assert_string_equal(scene->text, words);
	scene_destroy(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_suspect_waits_for_a_prober_of_its_own),
		cmocka_unit_test(a_run_that_ends_clears_it_and_the_next_has_its_turn),
		cmocka_unit_test(who_is_held_gives_its_prober_back),
		cmocka_unit_test(a_run_that_is_lost_is_run_again_apart),
		cmocka_unit_test(a_limit_is_told_once_an_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
