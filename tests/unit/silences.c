/* Pauses and windows, known to the keeper alone: what is decided in one is silent, whenever it is heard, and told at its end. */
#include "outbox_world.h"

#include "keeper/silences.h"

/* A change of the first target that the monitor decided at that time. */
static void
say_at(struct world *world, const char *kind, const char *from, const char *to, const char *silences, int64_t at)
{
	struct message_change change = { .target = 0, .change = ++world->changes[0], .incident = 1, .detected = BEGAN, .confirmed = at,
		.text = { "mx1 changed", 11 } };

	copy(change.kind, sizeof change.kind, kind);
	copy(change.from, sizeof change.from, from);
	copy(change.to, sizeof change.to, to);
	copy(change.silences, sizeof change.silences, silences);
	assert_true(say_run(&world->keeper, &change, &(struct message_state){ 0, false, { "state", 5 } }));
	commit_all(&world->keeper);
}

static void
what_is_decided_in_a_pause_is_told_at_its_end(void **state)
{
	struct world *world = create();

	(void)state;
	ASK(world, "pause", 0, "mx1", "1h", "disks");
	say_at(world, "down", "suspect", "down", "", clock_wall());
	assert_string_equal(handed(world), "");
	begin_again(world); /* and by a keeper that was born since */
	assert_string_equal(handed(world), "");
	ASK(world, "resume", 0, "mx1");
	assert_string_equal(handed(world), "down");
	assert_string_equal(world->notice.silences, "paused");
	destroy(&world);
}

static void
what_was_over_in_it_is_told_as_an_outage_or_not_at_all(void **state)
{
	struct world *world = create();

	(void)state;
	say_at(world, "down", "suspect", "down", "", clock_wall());
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	ASK(world, "pause", 0, "mx1", "1h", "disks");
	say_at(world, "up", "down", "up", "", clock_wall());
	assert_string_equal(handed(world), "");
	ASK(world, "resume", 0, "mx1");
	assert_string_equal(handed(world), "up");
	destroy(&world);
}

/* The monitor had no keeper for a while, or the keeper was slow: it is as if it had been heard at once. */
static void
it_goes_by_the_time_at_which_it_was_so(void **state)
{
	struct world *world = create();
	int64_t before = clock_wall(), within;

	(void)state;
	ASK(world, "pause", 0, "mx1", "1h", "disks");
	within = clock_wall();
	ASK(world, "resume", 0, "mx1");
	begin_again(world);
	say_at(world, "down", "suspect", "down", "", within);
	assert_string_equal(handed(world), "down");
	assert_string_equal(world->notice.silences, "paused");
	answer(world, PW_SENT, false);
	ASK(world, "pause", 0, "mx1", "1h", "disks");
	say_at(world, "up", "down", "up", "", before);
	ASK(world, "resume", 0, "mx1");
	assert_string_equal(handed(world), "up");
	assert_string_equal(world->notice.silences, "");
	destroy(&world);
}

static void
windows_are_looked_up_at_any_time(void **state)
{
	static const int64_t a_monday = INT64_C(1704067200) * SECOND, minute = 60 * (int64_t)SECOND;
	static const struct calendar_range hours[] = { { 0x7f, 610, 625 } };
	static const uint32_t windowed[] = { 0 };
	static const struct config_window window = { .when = { 1, hours }, .timezone = "UTC", .why = "reboots", .target_count = 1,
		.targets = windowed };
	struct world *world = create();

	(void)state;
	world->config.window_count = 1;
	world->config.windows = &window;
	window_clock_fini(&world->keeper.policy->windows);
	assert_true(window_clock_init(&world->keeper.policy->windows, &world->config));
	assert_null(silences_at(&world->keeper, 0, a_monday + 609 * minute));
	assert_string_equal(silences_at(&world->keeper, 0, a_monday + 610 * minute), "window");
	assert_null(silences_at(&world->keeper, 1, a_monday + 610 * minute));
	(void)window_clock_turn(&world->keeper.policy->windows, a_monday + 700 * minute);
	assert_string_equal(silences_at(&world->keeper, 0, a_monday + 624 * minute), "window");
	assert_false(window_clock_holds(&world->keeper.policy->windows, 0)); /* it is at the present again */
	destroy(&world);
}

static void
reasons_are_named_in_their_order(void **state)
{
	static const struct { const char *kind, *before, *after; } rows[] = {
		{ "down", "", "paused" }, { "down", "flapping", "flapping paused" }, { "down", "down digest", "paused down digest" },
		{ "down", "parent_unplain down", "parent_unplain paused down" }, { "up", "flapping parent digest", "flapping parent paused digest" },
		{ "impaired", "", "" },
	};
	struct world *world = create();

	(void)state;
	ASK(world, "pause", 0, "mx1", "1h", "disks");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct message_change change = { .target = 0, .confirmed = clock_wall() };

		copy(change.kind, sizeof change.kind, rows[i].kind);
		copy(change.silences, sizeof change.silences, rows[i].before);
		silences_stamp(&world->keeper, &change);
		assert_string_equal(change.silences, rows[i].after);
	}
	destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_decided_in_a_pause_is_told_at_its_end),
		cmocka_unit_test(what_was_over_in_it_is_told_as_an_outage_or_not_at_all),
		cmocka_unit_test(it_goes_by_the_time_at_which_it_was_so),
		cmocka_unit_test(windows_are_looked_up_at_any_time),
		cmocka_unit_test(reasons_are_named_in_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
