/* Deliveries in people's hands: dropped, retried, tested. */
#include "asks_world.h"

static void
what_waits_is_dropped_but_not_what_is_in_hand(void **state)
{
	struct world *world = *state;

	(void)heard(world);
	down(world, 0);
	down(world, 1);
	assert_string_equal(handed(world), "down");
	uint64_t first = world->notice.notice;
	char number[24];
	snprintf(number, sizeof number, "%llu", (unsigned long long)first);
	ASK(world, "outbox", CONFIG_NONE, "drop", number);
	assert_string_equal(heard(world), "etests has it in hand just now|eso nothing was done|x1|");
	snprintf(number, sizeof number, "%llu", (unsigned long long)first + 1);
	ASK(world, "outbox", CONFIG_NONE, "drop", number, "tests");
	assert_string_equal(heard(world), "o1 delivery is dropped|x0|");
	assert_false(ledgers_is_down(&world->keeper, 1, 0));
	answer(world, 0, PW_SENT);
	assert_string_equal(handed(world), "");
	assert_true(ledgers_is_down(&world->keeper, 0, 0));
}

/* As a week without a way does. */
static void
give_up(struct world *world)
{
	struct notifier *notifier = notifier_at(&world->keeper, 0);

	assert_string_equal(handed(world), "down");
	grow_old(&world->keeper, 0, 8 * 24 * 3600 * (int64_t)SECOND, false);
	answer(world, 0, PW_NEVER);
	assert_false(ledgers_is_down(&world->keeper, 0, 0));
	notifier->rest_until = 0;
}

static void
what_was_given_up_is_retried(void **state)
{
	struct world *world = *state;

	(void)heard(world);
	down(world, 0);
	give_up(world);
	uint64_t notice = world->notice.notice;
	ASK(world, "outbox", CONFIG_NONE, "retry", "all", "nobody");
	assert_true(starts_with(heard(world), "enothing of that kind waits or was given up"));
	ASK(world, "outbox", CONFIG_NONE, "retry", "all", "tests");
	(void)heard(world);
	assert_true(ledgers_is_down(&world->keeper, 0, 0));
	bool seen = false;
	for (const char *kind = handed(world); kind[0] != '\0'; kind = handed(world)) {
		seen |= world->notice.notice == notice && strcmp(kind, "down") == 0;
		answer(world, 0, PW_SENT);
	}
	assert_true(seen);
}

static void
what_was_overtaken_is_not_sent_after_it(void **state)
{
	struct world *world = *state;
	char number[24];

	(void)heard(world);
	down(world, 0);
	give_up(world);
	snprintf(number, sizeof number, "%llu", (unsigned long long)world->notice.notice);
	up(world, 0, 1);
	ASK(world, "outbox", CONFIG_NONE, "retry", number);
	assert_non_null(strstr(heard(world), " is left: newer things were told since; `outbox drop` forgets it|eso nothing was done|x1|"));
	ASK(world, "outbox", CONFIG_NONE, "drop", number);
	assert_string_equal(heard(world), "o1 delivery is dropped|x0|");
	ASK(world, "outbox", CONFIG_NONE, "drop", number);
	assert_true(starts_with(heard(world), "enothing of that kind waits or was given up"));
}

static void
of_many_that_are_left_some_are_named(void **state)
{
	struct world *world = *state;
	char recipient[24];

	(void)heard(world);
	down(world, 0);
	give_up(world);
	for (int i = 0; i < 30; i++) {
		snprintf(recipient, sizeof recipient, "r%d@gone.test", i);
		store_add_delivery(commit_queue_main(&world->keeper), &(struct store_delivery){ .notice = world->notice.notice,
			.notifier = "gone", .recipient = recipient, .state = STORE_DELIVERY_dead, .receipt = { "", 0 } });
	}
	commit_all(&world->keeper);
	ASK(world, "outbox", CONFIG_NONE, "retry", "all", "gone");
	const char *answer = heard(world);
	size_t lines = 0;
	for (const char *at = answer; (at = strstr(at, " is left: its notifier")) != NULL; at++)
		lines++;
	assert_int_equal(lines, 20);
	assert_non_null(strstr(answer, "|eand 10 more are left|eso nothing was done|x1|"));
}

static void
a_test_is_answered_with_its_receipts(void **state)
{
	struct world *world = *state;
	struct notifier *notifier = notifier_at(&world->keeper, 0);

	(void)heard(world);
	notifier->recipients = two;
	notifier->recipient_count = 2;
	notifier->rest_until = INT64_MAX; /* the way has failed before */
	ASK(world, "test", CONFIG_NONE, "tests");
	assert_string_equal(heard(world), "");
	assert_string_equal(handed(world), "test");
	answer(world, 0, PW_SENT);
	assert_string_equal(heard(world), "");
	answer(world, 1, PW_NEVER);
	assert_string_equal(heard(world), "otests to ann@a.test: sent after 1.0 s: so\\x0abe it|"
	    "otests to ben@b.test: refused after 1.0 s: so\\x0abe it|x1|");
	assert_false(waits(&world->keeper, 0));
	ASK(world, "test", CONFIG_NONE, "tests");
	assert_string_equal(handed(world), "test");
	answer(world, 0, PW_SENT);
	answer(world, 1, PW_SENT);
	assert_non_null(strstr(heard(world), "|x0|"));
}

static void
a_test_waits_for_the_deadline(void **state)
{
	struct world *world = *state;
	struct notifier *notifier = notifier_at(&world->keeper, 0);
	struct config_notifier patient = *notifier->rules;

	(void)heard(world);
	patient.deadline = 600 * (int64_t)SECOND;
	notifier->rules = &patient;
	ASK(world, "test", CONFIG_NONE, "tests");
	assert_string_equal(handed(world), "test");
	world->keeper.service->asks->began -= 610 * (int64_t)SECOND;
	test_notice_turn(&world->keeper);
	commit_all(&world->keeper);
	assert_string_equal(heard(world), "");
	world->keeper.service->asks->began -= 30 * (int64_t)SECOND;
	test_notice_turn(&world->keeper);
	commit_all(&world->keeper);
	assert_non_null(strstr(heard(world), "etests has not answered in time"));
	answer(world, 0, PW_SENT);
}

static void
a_test_that_nobody_takes_is_taken_back(void **state)
{
	struct world *world = *state;
	struct notifier *notifier = notifier_at(&world->keeper, 0);

	(void)heard(world);
	ASK(world, "test", CONFIG_NONE, "tests");
	assert_string_equal(handed(world), "test");
	dispatch_lost(&world->keeper, notifier);
	assert_string_equal(heard(world), "etests died with it in hand: the log says of what|x1|");
	assert_false(waits(&world->keeper, 0));
	ASK(world, "test", CONFIG_NONE, "tests");
	assert_string_equal(heard(world), "");
	world->keeper.service->asks->began -= 30 * (int64_t)SECOND;
	test_notice_turn(&world->keeper);
	commit_all(&world->keeper);
	assert_string_equal(heard(world), "etests is not running: the log says why|x75|");
	assert_false(waits(&world->keeper, 0));
}

static void
who_asked_through_a_monitor_that_is_gone_is_owed_nothing(void **state)
{
	struct world *world = *state;

	(void)heard(world);
	ASK(world, "test", CONFIG_NONE, "tests");
	close(world->keeper.service->link.socket);
	close(world->monitor);
	link_monitor(world);
	assert_string_equal(handed(world), "test");
	answer(world, 0, PW_SENT);
	assert_string_equal(heard(world), "");
	assert_null(world->keeper.service->asks);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_waits_is_dropped_but_not_what_is_in_hand, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_given_up_is_retried, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_many_that_are_left_some_are_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_overtaken_is_not_sent_after_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_test_is_answered_with_its_receipts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_test_waits_for_the_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_test_that_nobody_takes_is_taken_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_asked_through_a_monitor_that_is_gone_is_owed_nothing, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
