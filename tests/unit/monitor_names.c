/* What is known of a host and its name, over the deaths of probers and monitors. */
#include "monitor_scene.h"

#define NOW (1000 * MINUTE)

static struct message_name
sample(const struct scene *scene, uint32_t target)
{
	struct message_name name = { .target = target, .public_at = scene->monitor->watch.now - 2 * SECOND,
		.good_at = scene->monitor->watch.now - SECOND, .count = 2 };

	assert_true(address_parse("192.0.2.1", 0, &name.addresses[0]));
	assert_true(address_parse("2001:db8::1", 0, &name.addresses[1]));
	return name;
}

static bool
say(struct scene *scene, uint32_t prober, const struct message_name *name)
{
	unsigned char packet[1024];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_name(&out, name);
	return prober_messages_take(scene->monitor, prober, packet, out.size);
}

static void
assert_near(int64_t one, int64_t other)
{
	assert_in_range(one - other + SECOND, 999 * MILLISECOND, 1001 * MILLISECOND);
}

static void
assert_told(const struct scene *scene, const struct message_name *name, uint32_t times)
{
	assert_int_equal(scene->names, times);
	assert_int_equal(scene->name.target, name->target);
	assert_near(scene->name.public_at, name->public_at);
	assert_near(scene->name.good_at, name->good_at);
	assert_int_equal(scene->name.count, name->count);
	for (uint32_t i = 0; i < name->count; i++)
		assert_int_equal(address_order(&scene->name.addresses[i], &name->addresses[i]), 0);
}

static void
the_next_prober_is_told_before_its_first_order(void **unused)
{
	struct scene *scene = scene_create(2);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	struct message_name name = sample(scene, 1);
	assert_true(say(scene, 1, &name));
	scene_run(scene, 3 * MINUTE);
	assert_int_equal(scene->names, 0); /* it said so itself */
	scene_link_prober(scene, 0);
	scene_run(scene, 3 * MINUTE);
	assert_int_equal(scene->names, 0); /* that one has no word in it */
	scene_link_prober(scene, 1);
	uint32_t ordered = scene->ordered;
	while (scene->names == 0)
		scene_run(scene, TICK);
	assert_true(scene->ordered - ordered <= 1);
	scene_run(scene, 3 * MINUTE);
	assert_told(scene, &name, 1);
	scene_destroy(&scene);
}

static void
the_next_monitor_knows_it(void **unused)
{
	struct scene *scene = scene_create(2);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	struct message_name name = sample(scene, 1);
	assert_true(say(scene, 1, &name));
	scene_run(scene, MINUTE);
	scene_bear(scene, scene->monitor->watch.now);
	scene_run(scene, MINUTE);
	assert_told(scene, &name, 1);
	/* Of another name nothing is known. */
	scene->targets[1].host = "another.test";
	scene_bear(scene, scene->monitor->watch.now);
	scene_run(scene, 2 * MINUTE);
	assert_int_equal(scene->names, 1);
	scene_destroy(&scene);
}

/* The second target answers, with that software. */
static void
show(struct scene *scene, const char *software)
{
	static unsigned char packet[WIRE_MAX];
	struct evidence_log log = { .facts = { .data = NULL } };
	struct wire_out out = wire_over(packet, sizeof packet);

	while (scene->monitor->watch.targets[1].run == 0)
		scene_run(scene, TICK);
	evidence_add_fact(&log, "software", (struct pw_bytes){ software, strlen(software) }, true);
	struct message_evidence evidence = { .run = scene->monitor->watch.targets[1].run, .target = 1,
		.leg = { .legs = 1, .verdict = PW_OK, .outcome = "ok", .started = 1, .text = { "", 0 }, .local = { "", 0 },
			.address = { "192.0.2.1", 9 }, .helo = { "", 0 }, .facts = buffer_view(&log.facts), .warnings = { "", 0 },
			.transcript = { "", 0 } } };
	message_put_evidence(&out, &evidence);
	assert_false(out.bad);
	assert_true(prober_messages_take(scene->monitor, 1, packet, out.size));
	evidence_log_fini(&log);
	scene_run(scene, SECOND);
}

static void
the_next_monitor_knows_the_facts(void **unused)
{
	struct scene *scene = scene_create(2);

	(void)unused;
	scene_bear(scene, NOW);
	show(scene, "Postfix");
	scene_bear(scene, scene->monitor->watch.now);
	show(scene, "Postfix");
	assert_string_equal(scene->told, "");
	uint32_t before = scene->evidence;
	scene_bear(scene, scene->monitor->watch.now);
	show(scene, "Exim");
	assert_string_equal(scene->told, "fact b");
	assert_int_equal(scene->evidence, before + 1);
	assert_string_equal(scene->text, "b is not as it was: software was Postfix, is Exim");
	scene->targets[1].port = 26; /* another service */
	scene_bear(scene, scene->monitor->watch.now);
	show(scene, "Postfix");
	assert_string_equal(scene->told, "fact b");
	scene_destroy(&scene);
}

static void
nobody_tells_of_another_ones_name_or_of_the_future(void **unused)
{
	struct scene *scene = scene_create(2);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	struct message_name name = sample(scene, 1);
	assert_false(say(scene, 0, &name));
	name.good_at = scene->monitor->watch.now + MINUTE;
	assert_false(say(scene, 1, &name));
	name.good_at = 0; /* addresses without a time */
	assert_false(say(scene, 1, &name));
	scene_run(scene, MINUTE);
	assert_null(scene->monitor->watch.targets[1].name);
	scene_destroy(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_prober_is_told_before_its_first_order),
		cmocka_unit_test(the_next_monitor_knows_it),
		cmocka_unit_test(the_next_monitor_knows_the_facts),
		cmocka_unit_test(nobody_tells_of_another_ones_name_or_of_the_future),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
