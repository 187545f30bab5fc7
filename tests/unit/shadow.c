/* Shadow: what would be told is recorded, and nobody is told; when it ends, what is true is told once. */
#include "outbox_world.h"
#include "keeper/shadow.h"
#include "store/list.h"

#define MINUTE (60 * (int64_t)SECOND)

/* "down up …": the kinds of what was recorded, by notice. */
static const char *
recorded(struct world *world)
{
	static char kinds[400];
	struct store_list list;
	struct store_told told;

	kinds[0] = '\0';
	store_list_open(&list, store_inside(world->keeper.store), STORE_LIST_NOTICES, 0);
	while (store_list_next(&list, &told)) {
		size_t size = strlen(kinds);

		if (strcmp(told.delivery, "dropped") != 0)
			continue;
		assert_int_equal(told.receipt.size, strlen(SHADOW_RECEIPT));
		assert_memory_equal(told.receipt.data, SHADOW_RECEIPT, told.receipt.size);
		snprintf(kinds + size, sizeof kinds - size, "%s%s", size > 0 ? " " : "", told.kind);
	}
	assert_int_equal(store_list_close(&list), STORE_READ_END);
	return kinds;
}

static struct world *
in_shadow(void)
{
	struct world *world = prepare();

	world->shadow = true;
	begin(world);
	link_notifiers(world);
	return world;
}

static void
turn(struct world *world, bool shadow)
{
	world->shadow = shadow;
	begin_again(world);
}

static void
nobody_is_told_and_all_is_recorded(void **state)
{
	struct world *world = in_shadow();

	(void)state;
	world->rules[0].storm = 0;
	down(world, 0, "");
	assert_string_equal(handed(world), "");
	assert_string_equal(recorded(world), "down");
	assert_true(ledgers_is_down(&world->keeper, 0, 0)); /* so that its end is recorded as well */
	up(world, 0, world->changes[0], "");
	world->code = "slow_banner";
	say(world, 1, "degraded", "", "", 0, "");
	say(world, 1, "cleared", "", "", 0, "");
	world->code = NULL;
	for (int i = 0; i < 3; i++)
		assert_string_equal(handed(world), "");
	assert_string_equal(recorded(world), "down up degraded cleared");
	/* A pause withholds as ever, and what it withholds is not what would be told. */
	down(world, 2, "paused");
	assert_string_equal(handed(world), "");
	assert_string_equal(recorded(world), "down up degraded cleared");
	begin_again(world);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
what_is_true_at_its_end_is_told_once(void **state)
{
	struct world *world = in_shadow();

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed(world), "");
	up(world, 0, world->changes[0], "");
	down(world, 1, "");
	assert_string_equal(handed(world), "");
	world->code = "slow_banner";
	say(world, 2, "degraded", "", "", 0, "");
	world->code = NULL;
	assert_string_equal(handed(world), "");
	turn(world, false);
	assert_string_equal(handed(world), "down");
	assert_memory_equal(world->notice.text.data, "mx2 down", 8);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "degraded");
	answer(world, PW_SENT, false);
	for (int i = 0; i < 3; i++)
		assert_string_equal(handed(world), ""); /* nothing of what is over */
	begin_again(world);
	assert_string_equal(handed(world), "");
	up(world, 1, world->changes[1], "");
	assert_string_equal(handed(world), "up");
	answer(world, PW_SENT, false);
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	destroy(&world);
}

static void
what_waits_at_its_end_is_not_told(void **state)
{
	struct world *world = in_shadow();

	(void)state;
	world->rules[0].after = 10 * MINUTE;
	begin_again(world);
	down(world, 0, "");
	assert_string_equal(handed(world), ""); /* it waits */
	up(world, 0, world->changes[0], "");
	down(world, 1, "");
	assert_string_equal(handed(world), "");
	world->rules[0].after = 0;
	turn(world, false);
	assert_string_equal(handed(world), "down");
	assert_memory_equal(world->notice.text.data, "mx2 down", 8);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
what_waits_at_its_beginning_is_recorded(void **state)
{
	struct world *world = create();

	(void)state;
	hold(world, 0, true);
	down(world, 0, "");
	assert_string_equal(handed(world), "");
	turn(world, true);
	assert_string_equal(handed(world), "");
	assert_string_equal(recorded(world), "down");
	up(world, 0, world->changes[0], "");
	assert_string_equal(handed(world), "");
	assert_string_equal(recorded(world), "down up");
	turn(world, false);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
a_storm_is_recorded_as_a_digest(void **state)
{
	struct world *world = prepare();

	(void)state;
	world->shadow = true;
	world->rules[0].storm = 1;
	begin(world);
	link_notifiers(world);
	for (uint32_t i = 0; i < TARGETS; i++) {
		hold(world, 0, i > 0 && i + 1 < TARGETS);
		down(world, i, "");
		assert_string_equal(handed(world), "");
	}
	assert_non_null(strstr(recorded(world), "digest"));
	for (uint32_t i = 0; i < TARGETS; i++)
		assert_true(ledgers_is_down(&world->keeper, i, 0));
	world->rules[0].storm = 0;
	turn(world, false);
	for (uint32_t i = 0; i < TARGETS; i++) {
		assert_string_equal(handed(world), "down");
		answer(world, PW_SENT, false);
	}
	assert_string_equal(handed(world), "");
	destroy(&world);
}

/* The monitor tells them together, and of each by itself nothing: nobody has heard that, either. */
static void
what_was_told_together_is_told_by_itself(void **state)
{
	struct world *world = in_shadow();

	(void)state;
	down(world, 0, "digest");
	assert_string_equal(handed(world), "");
	begin_again(world);
	assert_string_equal(handed(world), "");
	assert_string_equal(recorded(world), "");
	turn(world, false);
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	begin_again(world);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
a_test_goes_out(void **state)
{
	struct world *world = in_shadow();

	(void)state;
	ASK(world, "test", CONFIG_NONE, "tests");
	assert_string_equal(handed(world), "test");
	answer(world, PW_SENT, false);
	assert_string_equal(recorded(world), "");
	destroy(&world);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_told_and_all_is_recorded),
		cmocka_unit_test(what_is_true_at_its_end_is_told_once),
		cmocka_unit_test(what_waits_at_its_end_is_not_told),
		cmocka_unit_test(what_waits_at_its_beginning_is_recorded),
		cmocka_unit_test(a_storm_is_recorded_as_a_digest),
		cmocka_unit_test(what_was_told_together_is_told_by_itself),
		cmocka_unit_test(a_test_goes_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
