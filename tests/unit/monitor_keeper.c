/* A monitor and its keepers: what the one after the next has to know. */
#include "monitor_scene.h"

#define NOW (1000 * MINUTE)

/* The keeper that had it in memory alone is gone as well. */
static void
what_another_monitor_said_is_said_to_the_next_keeper(void **unused)
{
	struct scene *scene = scene_create(2);
	unsigned char packet[16];
	struct wire_out out = wire_over(scene->handed, sizeof scene->handed), committed = wire_over(packet, sizeof packet);

	(void)unused;
	message_put_change(&out, &(struct message_change){ .number = 1, .target = 1, .change = 7, .kind = "down", .code = "refused",
	    .from = "suspect", .to = "down", .incident = 7, .detected = 1, .confirmed = 2, .text = { "b down", 6 } });
	scene->handed_size = out.size;
	scene_bear(scene, NOW);
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "");
	scene_link_keeper(scene);
	scene_recovered(scene, 1);
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "down b");
	assert_true(scene->change.change == 7 && scene->change.number == 1);
	scene->told[0] = '\0';
	message_put_committed(&committed, 1);
	assert_true(outbox_heard(scene->monitor, packet, committed.size));
	scene_link_keeper(scene);
	scene_recovered(scene, 1);
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "");
	/* Also where we had to begin without it, and nothing was safe. */
	scene->scripts[0] = "r";
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "down a");
	assert_true(outbox_heard(scene->monitor, scene->handed, scene->handed_size));
	scene->told[0] = '\0';
	scene->number = 0;
	scene_link_keeper(scene);
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "down b down a");
	/* A number that is not one of those is none of a keeper's. */
	out = wire_over(scene->handed, sizeof scene->handed);
	message_put_change(&out, &(struct message_change){ .number = CHANGES_HANDED_MAX + 1, .kind = "down", .text = { "", 0 } });
	assert_false(outbox_heard(scene->monitor, scene->handed, out.size));
	scene_destroy(&scene);
}

/* It was lost before it had said all: the next one says what is so. */
static void
what_half_a_keeper_said_is_forgotten(void **unused)
{
	struct scene *scene = scene_create(2);
	unsigned char packet[5000];

	(void)unused;
	scene_bear(scene, NOW);
	scene->scripts[0] = "r";
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "down a");
	monitor_destroy(&scene->monitor);
	scene->monitor = monitor_create(&scene->duty, NOW + 3 * MINUTE, 1);
	scene_link_keeper(scene);
	struct wire_out out = wire_over(packet, sizeof packet);
	message_put_state(&out, &(struct message_state){ 0, { (char *)scene->record[0], scene->record_size[0] }, 0 });
	assert_true(outbox_heard(scene->monitor, packet, out.size));
	assert_int_equal(scene->monitor->targets[0].state.state, STATE_DOWN);
	assert_non_null(scene->monitor->targets[0].series);
	scene->monitor->targets[0].state.flags |= TARGET_QUARANTINED;
	scene_link_keeper(scene);
	assert_int_equal(scene->monitor->targets[0].state.state, STATE_PENDING);
	assert_null(scene->monitor->targets[0].series);
	assert_true(scene->monitor->targets[0].state.flags & TARGET_QUARANTINED);
	scene_destroy(&scene);
}

static void
a_keeper_of_another_store_hears_what_is_open(void **unused)
{
	struct scene *scene = scene_create(2);
	unsigned char packet[16];
	uint64_t incident;

	(void)unused;
	scene_bear(scene, NOW);
	scene->scripts[0] = "r";
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "down a");
	incident = scene->change.change;
	struct wire_out out = wire_over(packet, sizeof packet);
	message_put_committed(&out, scene->number);
	assert_true(outbox_heard(scene->monitor, packet, out.size));
	scene_link_keeper(scene);
	scene_recovered(scene, 1);
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "down a");
	scene->told[0] = '\0';
	scene_link_keeper(scene);
	scene_recovered(scene, 2);
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "down a");
	assert_string_equal(scene->change.to, "down");
	assert_true(scene->change.change == incident && scene->change.incident == incident);
	/* It was not safe: the next hears it once, whatever that one writes. */
	scene->told[0] = '\0';
	scene->number--;
	scene_link_keeper(scene);
	scene_recovered(scene, 3);
	scene->scripts[0] = ".";
	scene_run(scene, 3 * MINUTE);
	assert_string_equal(scene->told, "down a up a");
	assert_true(scene->change.incident == incident);
	scene_destroy(&scene);
}

static void
a_keeper_that_does_not_read_costs_only_results(void **unused)
{
	struct scene *scene = scene_create(1);

	(void)unused;
	scene_bear(scene, NOW);
	scene->monitor->outbox.bytes = 64 * 1024 * 1024; /* as if so much waited */
	scene->scripts[0] = "r";
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "down a");
	assert_int_equal(scene->results, 0);
	assert_int_equal(scene->evidence, 0);
	assert_true(scene->monitor->outbox.results_dropped > 0 && scene->monitor->outbox.evidence_dropped > 0);
	scene_destroy(&scene);
}

static void
runs_are_numbered_behind_all_that_were_given(void **unused)
{
	static const uint64_t year_3000 = UINT64_C(32503680000) * 1000 << 12, old = UINT64_C(1795000000000000) << 12;
	struct scene *scene = scene_create(1);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	assert_true(scene->last[0].run > 0 && scene->last[0].run < RUNS_MAX / 2);
	uint64_t given[] = { scene->last[0].run + 1000, year_3000, old }, before = scene->last[0].run;
	for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
		scene->last_run = given[i];
		scene_bear(scene, scene->monitor->now);
		scene_run(scene, MINUTE);
		assert_true(scene->last[0].run > given[i] && scene->last[0].run < RUNS_MAX);
		assert_true(scene->last[0].run > before);
		before = scene->last[0].run;
	}
	/* A number that none has given leads nowhere. */
	scene->last_run = UINT64_MAX;
	scene_bear(scene, scene->monitor->now);
	scene_run(scene, MINUTE);
	assert_true(scene->last[0].run < RUNS_MAX);
	scene_destroy(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_are_numbered_behind_all_that_were_given),
		cmocka_unit_test(what_another_monitor_said_is_said_to_the_next_keeper),
		cmocka_unit_test(what_half_a_keeper_said_is_forgotten),
		cmocka_unit_test(a_keeper_of_another_store_hears_what_is_open),
		cmocka_unit_test(a_keeper_that_does_not_read_costs_only_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
