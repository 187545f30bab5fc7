/* Targets that nobody looks at, by the keeper's clock: told once, and their end. */
#include "outbox_world.h"

#include "base/messages.h"
#include "keeper/heartbeat.h"
#include "keeper/stale_targets.h"

static struct policy brief;
static struct target few[TARGETS];

/* Each is run every minute, and may take 10 s; 5 minutes without are too many. */
static void
set_policy(struct world *world)
{
	brief = policy;
	brief.stale_after = 300 * (int64_t)SECOND;
	brief.leg.patient = 10 * (int64_t)SECOND;
	memcpy(few, targets, sizeof targets);
	for (uint32_t i = 0; i < TARGETS; i++)
		few[i].policy = &brief;
	world->config.targets = few;
}

static struct world *
watching(void)
{
	struct world *world = create();

	set_policy(world);
	world->keeper.service->beat.heard = clock_mono();
	return world;
}

static void
pass(struct world *world, int64_t seconds)
{
	world->keeper.service->beat.heard = clock_mono();
	world->keeper.service->stale.clock += seconds * (int64_t)SECOND;
	stale_turn(&world->keeper);
	commit_all(&world->keeper);
}

/* A run of it has ended. */
static void
run(struct world *world, uint32_t target)
{
	unsigned char packet[1024];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct report report = { .run = ++world->keeper.service->link.run, .target = target, .verdict = PW_OK, .outcome = "ok",
		.started = clock_wall() - SECOND, .micros = 1000 };

	message_begin_results(&out);
	assert_true(message_add_report(&out, &report));
	assert_true(say_results(&world->keeper, packet, out.size));
}

static void
state(struct world *world, uint32_t target, int64_t interval)
{
	assert_true(say_whole_run(&world->keeper, &(struct message_run){ .sequence = next_of(&world->keeper, STORE_MAIN),
	    .target = target, .state = { "state", 5 }, .interval = interval }));
}

/* The next notice: its kind and code; it is taken. */
static const char *
told(struct world *world)
{
	static char bytes[64];
	const char *kind = handed(world);

	snprintf(bytes, sizeof bytes, "%s %s", kind, kind[0] == '\0' ? "" : world->notice.code);
	if (kind[0] != '\0')
		answer(world, PW_SENT, false);
	return bytes;
}

static bool
is_well(const struct world *world)
{
	char bytes[BEAT_WHY_MAX];
	struct text why = TEXT_OVER(bytes);

	return heartbeat_is_well(&world->keeper, &why);
}

static void
it_is_told_once_and_so_is_its_end(void **arg)
{
	struct world *world = watching();

	(void)arg;
	for (uint32_t i = 0; i < TARGETS; i++)
		run(world, i);
	pass(world, 319);
	assert_string_equal(told(world), " ");
	assert_true(is_well(world));
	run(world, 1);
	pass(world, 2);
	assert_string_equal(told(world), "impaired not_looked_at");
	assert_true(memcmp(world->notice.text.data, "mx1 and 1 other target have not been looked at for ", 51) == 0);
	assert_int_equal(world->keeper.service->stale.count, 2);
	assert_false(is_well(world));
	pass(world, 1000);
	assert_int_equal(world->keeper.service->stale.count, 3);
	run(world, 0);
	pass(world, 2);
	assert_string_equal(told(world), " ");
	assert_false(is_well(world));
	run(world, 1);
	run(world, 2);
	pass(world, 2);
	assert_string_equal(told(world), "cleared not_looked_at");
	assert_true(is_well(world));
	pass(world, 2);
	assert_string_equal(told(world), " ");
	destroy(&world);
}

/* No run ever ends, and no monitor says anything. */
static void
no_event_is_needed(void **arg)
{
	struct world *world = watching();

	(void)arg;
	world->keeper.service->stale.clock += 321 * (int64_t)SECOND;
	stale_turn(&world->keeper);
	world->keeper.service->beat.heard = 0;
	commit_all(&world->keeper);
	assert_string_equal(told(world), "impaired not_looked_at");
	assert_non_null(memmem(world->notice.text.data, world->notice.text.size, "says nothing", 12));
	destroy(&world);
}

static void
what_was_told_stands_over_a_birth(void **arg)
{
	struct world *world = watching();

	(void)arg;
	pass(world, 321);
	assert_string_equal(told(world), "impaired not_looked_at");
	begin_again(world);
	set_policy(world);
	pass(world, 2);
	assert_string_equal(told(world), " ");
	assert_false(is_well(world));
	pass(world, 400);
	assert_string_equal(told(world), " ");
	for (uint32_t i = 0; i < TARGETS; i++)
		run(world, i);
	pass(world, 2);
	assert_string_equal(told(world), "cleared not_looked_at");
	destroy(&world);
}

static void
a_doubled_interval_has_its_time(void **arg)
{
	struct world *world = watching();

	(void)arg;
	state(world, 0, 120 * (int64_t)SECOND);
	state(world, 1, 0);
	pass(world, 321);
	assert_int_equal(world->keeper.service->stale.count, 2);
	pass(world, 300);
	assert_int_equal(world->keeper.service->stale.count, 3);
	destroy(&world);
}

/* It was told of each in quarantine that it is not looked at. */
static void
who_is_quarantined_is_not_told_again(void **arg)
{
	struct world *world = watching();

	(void)arg;
	for (uint32_t i = 0; i < TARGETS; i++)
		state(world, i, INTERVAL_NONE);
	pass(world, 10000);
	assert_string_equal(told(world), " ");
	state(world, 0, 0);
	pass(world, 319);
	assert_string_equal(told(world), " ");
	pass(world, 3);
	assert_string_equal(told(world), "impaired not_looked_at");
	destroy(&world);
}

static void
a_host_that_stood_still_is_said_as_such(void **arg)
{
	struct world *world = watching();

	(void)arg;
	pass(world, 1);
	world->keeper.service->stale.turned -= 3600 * (int64_t)SECOND;
	world->keeper.service->stale.turned_boot -= 3600 * (int64_t)SECOND;
	pass(world, 0);
	assert_string_equal(told(world), "impaired standstill");
	assert_int_equal(world->keeper.service->stale.count, 0);
	pass(world, 1);
	assert_string_equal(told(world), " ");
	destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_told_once_and_so_is_its_end),
		cmocka_unit_test(no_event_is_needed),
		cmocka_unit_test(what_was_told_stands_over_a_birth),
		cmocka_unit_test(a_doubled_interval_has_its_time),
		cmocka_unit_test(who_is_quarantined_is_not_told_again),
		cmocka_unit_test(a_host_that_stood_still_is_said_as_such),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
