/* What stands at a receiver that forgets is told again, under its key, and nothing of it is kept. */
#include "outbox_world.h"

#define MINUTE (60 * (int64_t)SECOND)

static struct world *
forgetful(uint32_t receiver)
{
	struct world *world = prepare();

	world->rules[0].receiver = receiver;
	begin(world);
	link_notifiers(world);
	return world;
}

/* Five minutes have passed. */
static const char *
later(struct world *world)
{
	world->keeper.policy->listeners[0].repeat_next = 1;
	return handed(world);
}

static void
what_stands_is_told_again(void **state)
{
	struct world *world = forgetful(PW_KEEPS | PW_FORGETS);
	char thread[NOTICE_KEY_MAX], key[NOTICE_KEY_MAX];

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	copy(thread, sizeof thread, world->notice.thread);
	copy(key, sizeof key, world->notice.key);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	for (int i = 0; i < 30; i++) {
		assert_string_equal(later(world), "down");
		assert_string_equal(world->notice.thread, thread);
		assert_string_equal(world->notice.key, key);
		answer(world, PW_SENT, false);
		assert_string_equal(handed(world), "");
		assert_false(waits(&world->keeper, 0));
	}
	/* Not while it is paused, and not when it is over. */
	ASK(world, "pause", 0, "mx1", "1h", "planned");
	assert_string_equal(later(world), "");
	ASK(world, "resume", 0, "mx1");
	up(world, 0, 1, "");
	assert_string_equal(handed(world), "up");
	assert_string_equal(world->notice.thread, thread);
	answer(world, PW_SENT, false);
	assert_string_equal(later(world), "");
	destroy(&world);
}

static void
conditions_are_told_again(void **state)
{
	struct world *world = forgetful(PW_KEEPS | PW_FORGETS);

	(void)state;
	world->code = "slow_banner";
	say(world, 1, "degraded", "", "", 0, "");
	assert_string_equal(handed(world), "degraded");
	answer(world, PW_SENT, false);
	assert_string_equal(later(world), "degraded");
	answer(world, PW_AGAIN, true);
	assert_string_equal(handed(world), "");
	assert_string_equal(later(world), "degraded");
	answer(world, PW_SENT, false);
	say(world, 1, "cleared", "", "", 0, "");
	assert_string_equal(handed(world), "cleared");
	answer(world, PW_SENT, false);
	assert_string_equal(later(world), "");
	destroy(&world);
}

static void
say_ours(struct world *world, const char *kind, const char *code, const char *words)
{
	record_ours(&world->keeper, kind, code, clock_wall(), "%s", words);
	commit_all(&world->keeper);
}

/* The last words, under the key of the first. */
static void
what_stands_of_ours_is_told_again(void **state)
{
	struct world *world = forgetful(PW_KEEPS | PW_FORGETS);
	char thread[NOTICE_KEY_MAX];

	(void)state;
	say_ours(world, "impaired", "dead", "it has no end");
	assert_string_equal(handed(world), "impaired");
	answer(world, PW_SENT, false);
	say_ours(world, "blind", "no_route", "we see nothing");
	assert_string_equal(handed(world), "blind");
	copy(thread, sizeof thread, world->notice.thread);
	answer(world, PW_SENT, false);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(later(world), "blind");
		assert_string_equal(world->notice.thread, thread);
		answer(world, PW_SENT, false);
		assert_string_equal(handed(world), "");
	}
	say_ours(world, "blind", "no_route", "we see nothing still");
	say_ours(world, "impaired", "file", "a file is damaged");
	assert_string_equal(handed(world), "blind");
	assert_string_equal(world->notice.thread, thread);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "impaired");
	answer(world, PW_SENT, false);
	begin_again(world);
	assert_string_equal(later(world), "impaired");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "blind");
	assert_memory_equal(world->notice.text.data, "we see nothing still", 20);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	say_ours(world, "cleared", "no_route", "we see again");
	assert_string_equal(handed(world), "cleared");
	assert_string_equal(world->notice.thread, thread);
	answer(world, PW_SENT, false);
	assert_string_equal(later(world), "impaired");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
others_are_told_once(void **state)
{
	struct world *world = forgetful(PW_KEEPS);

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	assert_string_equal(later(world), "");
	destroy(&world);
}

/* It died with one in hand that it had before: nothing is doubtful, and the next goes on. */
static void
a_death_costs_nothing(void **state)
{
	struct world *world = forgetful(PW_KEEPS | PW_FORGETS);

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	assert_string_equal(later(world), "down");
	close(world->notifiers[0]);
	dispatch_lost(&world->keeper, notifier_at(&world->keeper, 0));
	link_notifiers(world);
	up(world, 0, 1, "");
	assert_string_equal(handed(world), "up");
	destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stands_is_told_again),
		cmocka_unit_test(conditions_are_told_again),
		cmocka_unit_test(what_stands_of_ours_is_told_again),
		cmocka_unit_test(others_are_told_once),
		cmocka_unit_test(a_death_costs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
