/* `outbox` as the keeper is asked for it: what is meant, what is retried or dropped of many, and what is left. */
#include "asks_world.h"

static char first[24], second[24];

static void
take_number(char number[24], uint64_t notice)
{
	snprintf(number, 24, "%llu", (unsigned long long)notice);
}

/* To two people. */
static void
have_two(struct world *world)
{
	notifier_at(&world->keeper, 0)->recipients = two;
	notifier_at(&world->keeper, 0)->recipient_count = 2;
}

static void
what_is_not_meant_is_refused(void **state)
{
	static const char *const words[][5] = { { NULL }, { "retry", NULL }, { "drop", NULL }, { "sing", "5", NULL }, { "pord", "5", NULL },
		{ "retry", "0", NULL }, { "drop", "all", NULL }, { "retry", "all", "tests", "more", NULL } };
	static char long_name[300];
	struct world *world = *state;

	(void)heard(world);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		ask(world, "outbox", CONFIG_NONE, words[i]);
		assert_string_equal(heard(world), "e`outbox` takes: retry NOTICE|all [NOTIFIER], or drop NOTICE [NOTIFIER]|x64|");
	}
	memset(long_name, 'n', sizeof long_name - 1);
	ASK(world, "outbox", CONFIG_NONE, "retry", "all", long_name);
	assert_true(starts_with(heard(world), "e`outbox` takes: "));
}

static void
each_of_several_is_counted(void **state)
{
	struct world *world = *state;

	(void)heard(world);
	have_two(world);
	down(world, 0);
	down(world, 1);
	assert_string_equal(handed(world), "down");
	take_number(first, world->notice.notice);
	take_number(second, world->notice.notice + 1);
	ASK(world, "outbox", CONFIG_NONE, "retry", first); /* both are in hand */
	assert_true(starts_with(heard(world), "enothing of that kind waits or was given up"));
	ASK(world, "outbox", CONFIG_NONE, "retry", second);
	assert_string_equal(heard(world), "o2 deliveries are due at once|x0|");
	ASK(world, "outbox", CONFIG_NONE, "drop", second, "nobody");
	assert_true(starts_with(heard(world), "enothing of that kind waits or was given up"));
	ASK(world, "outbox", CONFIG_NONE, "drop", second);
	assert_string_equal(heard(world), "o2 deliveries are dropped|x0|");
	answer(world, 0, PW_SENT);
	answer(world, 1, PW_SENT);
	assert_string_equal(handed(world), "");
}

/* Of a notice to two people one is tried again, and the other waits. */
static void
one_of_two_is_in_hand(void **state)
{
	struct world *world = *state;
	struct notifier *notifier = notifier_at(&world->keeper, 0);
	struct delivery delivery = { .notice = 0 };

	(void)heard(world);
	have_two(world);
	down(world, 0);
	assert_string_equal(handed(world), "down");
	take_number(first, world->notice.notice);
	answer(world, 0, PW_AGAIN);
	answer(world, 1, PW_AGAIN);
	notifier->rest_until = 0;
	while (outbox_next(&world->keeper, notifier, STORE_QUEUE_ALL, 0, &delivery)) {
		delivery.due = strcmp(delivery.recipient, two[1]) == 0 ? 0 : clock_wall() + 3600 * (int64_t)SECOND;
		outbox_put(&world->keeper, notifier, &delivery, (struct pw_bytes){ "", 0 });
	}
	assert_string_equal(handed(world), "down");
	assert_int_equal(world->notice.recipient_count, 1);
	ASK(world, "outbox", CONFIG_NONE, "drop", first);
	assert_string_equal(heard(world), "etests has it in hand just now|o1 delivery is dropped|x0|");
	answer(world, 0, PW_SENT);
	assert_string_equal(handed(world), "");
	assert_false(waits(&world->keeper, 0));
}

/* A digest that is dropped is over: what comes next is no part of it. */
static void
a_digest_is_dropped(void **state)
{
	struct world *world = *state;
	struct delivery delivery;

	(void)heard(world);
	record_ours(&world->keeper, "digest", "digest", clock_wall(), "3 targets failed");
	commit_all(&world->keeper);
	assert_true(find_waiting(&world->keeper, 0, &delivery));
	assert_int_equal(delivery.kind, NOTICE_digest);
	take_number(first, delivery.notice);
	ASK(world, "outbox", CONFIG_NONE, "drop", first);
	assert_string_equal(heard(world), "o1 delivery is dropped|x0|");
	assert_false(waits(&world->keeper, 0));
	down(world, 0);
	assert_string_equal(handed(world), "down");
	answer(world, 0, PW_SENT);
	assert_string_equal(handed(world), "");
}

/* A pause takes back what waits, and not what is in hand: that is told, and so is its end. */
static void
a_pause_leaves_what_is_in_hand(void **state)
{
	struct world *world = *state;

	(void)heard(world);
	down(world, 0);
	assert_string_equal(handed(world), "down");
	ASK(world, "pause", 0, "mx1", "2h", "work");
	commit_all(&world->keeper);
	(void)heard(world);
	say(world, 0, "reminder", "down", "down", 1);
	assert_string_equal(handed(world), "");
	answer(world, 0, PW_SENT);
	assert_string_equal(handed(world), "");
	assert_true(ledgers_is_down(&world->keeper, 0, 0));
	up(world, 0, 1);
	commit_all(&world->keeper);
	ASK(world, "resume", 0, "mx1");
	commit_all(&world->keeper);
	(void)heard(world);
	assert_string_equal(handed(world), "up");
	answer(world, 0, PW_SENT);
	assert_string_equal(handed(world), "");
}

/* As a week without a way does, for all that waits. */
static void
give_up(struct world *world)
{
	struct notifier *notifier = notifier_at(&world->keeper, 0);

	grow_old(&world->keeper, 0, 8 * 24 * 3600 * (int64_t)SECOND, false);
	for (uint32_t i = 0; i < notifier->recipient_count; i++)
		answer(world, i, PW_NEVER);
	notifier->rest_until = 0;
	commit_all(&world->keeper);
}

static void
give_all_up(struct world *world)
{
	while (handed(world)[0] != '\0')
		give_up(world);
}

static void
one_of_those_that_were_given_up_is_meant(void **state)
{
	struct world *world = *state;
	uint64_t wanted;

	(void)heard(world);
	down(world, 0);
	down(world, 1);
	assert_string_equal(handed(world), "down");
	wanted = world->notice.notice;
	answer(world, 0, PW_AGAIN);
	notifier_at(&world->keeper, 0)->rest_until = 0;
	grow_old(&world->keeper, 0, 0, true);
	give_all_up(world);
	take_number(first, wanted);
	take_number(second, wanted + 1);
	ASK(world, "outbox", CONFIG_NONE, "retry", first);
	assert_string_equal(heard(world), "o1 delivery is due at once|x0|");
	assert_string_equal(handed(world), "down");
	assert_int_equal(world->notice.notice, wanted);
	answer(world, 0, PW_SENT);
	ASK(world, "outbox", CONFIG_NONE, "drop", second, "nobody");
	assert_true(starts_with(heard(world), "enothing of that kind"));
	ASK(world, "outbox", CONFIG_NONE, "drop", first); /* it was sent */
	assert_true(starts_with(heard(world), "enothing of that kind"));
	ASK(world, "outbox", CONFIG_NONE, "drop", second, "tests");
	assert_string_equal(heard(world), "o1 delivery is dropped|x0|");
	ASK(world, "outbox", CONFIG_NONE, "retry", "all");
	assert_true(starts_with(heard(world), "enothing of that kind"));
}

/* What is about us has no target. */
static void
what_is_about_us_is_retried(void **state)
{
	struct world *world = *state;

	(void)heard(world);
	record_ours(&world->keeper, "impaired", "undurable", clock_wall(), "the store cannot be written");
	commit_all(&world->keeper);
	give_all_up(world);
	ASK(world, "outbox", CONFIG_NONE, "retry", "all");
	assert_string_equal(heard(world), "o1 delivery is due at once|x0|");
	assert_string_equal(handed(world), "impaired");
	answer(world, 0, PW_SENT);
}

static void
what_is_degraded_is_retried(void **state)
{
	struct world *world = *state;

	(void)heard(world);
	say(world, 0, "degraded", "up", "up", 0);
	grow_old(&world->keeper, 0, 0, true);
	assert_string_equal(handed(world), "degraded");
	give_up(world);
	ASK(world, "outbox", CONFIG_NONE, "retry", "all", "tests");
	assert_string_equal(heard(world), "o1 delivery is due at once|x0|");
	assert_string_equal(handed(world), "degraded");
}

/* The next keeper has another configuration, without the second target. */
static void
begin_with_one(struct world *world)
{
	struct reason why;
	int ends[2];

	end(world);
	world->config.target_count = 1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	world->parent = ends[1];
	world->duty.parent = ends[0];
	world->keeper = (struct keeper){ .duty = &world->duty, .config = &world->config, .end.status = -1 };
	assert_true(keeper_recover(&world->keeper, &why));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	dispatch_link(&world->keeper, 0, ends[0]);
	world->notifier = ends[1];
	link_monitor(world);
}

static void
whose_target_is_gone_is_left(void **state)
{
	struct world *world = *state;

	(void)heard(world);
	down(world, 1);
	give_all_up(world);
	begin_with_one(world);
	ASK(world, "outbox", CONFIG_NONE, "retry", "all");
	assert_non_null(strstr(heard(world), " is left: its target is no longer watched|eso nothing was done|x1|"));
}

/* No outage of it lasts any more, so a week is patience enough. */
static void
whose_target_is_gone_is_given_up_after_a_week(void **state)
{
	struct world *world = *state;
	struct delivery delivery;

	(void)heard(world);
	down(world, 1);
	assert_string_equal(handed(world), "down");
	answer(world, 0, PW_AGAIN);
	commit_all(&world->keeper);
	begin_with_one(world);
	assert_true(find_waiting(&world->keeper, 0, &delivery));
	grow_old(&world->keeper, 0, 8 * 24 * 3600 * (int64_t)SECOND, true);
	assert_string_equal(handed(world), "down");
	answer(world, 0, PW_AGAIN);
	commit_all(&world->keeper);
	ASK(world, "outbox", CONFIG_NONE, "retry", "all");
	assert_non_null(strstr(heard(world), " is left: its target is no longer watched|"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_not_meant_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_of_several_is_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_of_two_is_in_hand, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_digest_is_dropped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_pause_leaves_what_is_in_hand, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_of_those_that_were_given_up_is_meant, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_about_us_is_retried, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_degraded_is_retried, set_up, tear_down),
		cmocka_unit_test_setup_teardown(whose_target_is_gone_is_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(whose_target_is_gone_is_given_up_after_a_week, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
