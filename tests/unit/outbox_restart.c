/* What the next keeper makes of the outbox that it finds: of who is no longer configured, and of waits that are too long. */
#include "asks_world.h"

static struct config_notifier patient;

static const char *const longer[] = { "joann@a.test", "ben@b.test.example" };

/* A notice for two people who are not configured any more, though others are whose names hold theirs. */
static void
who_is_no_longer_configured_is_told_nothing(void **state)
{
	struct world *world = *state;
	struct notifier *notifier = notifier_at(&world->keeper, 0);
	const char *const *recipients = notifier->recipients;
	uint32_t count = notifier->recipient_count;

	(void)heard(world);
	notifier->recipients = two;
	notifier->recipient_count = 2;
	down(world, 0);
	notifier->recipients = longer;
	outbox_recover(&world->keeper);
	notifier->recipients = recipients;
	notifier->recipient_count = count;
	commit_all(&world->keeper);
	assert_false(waits(&world->keeper, 0));
	assert_string_equal(handed(world), "");
	ASK(world, "outbox", CONFIG_NONE, "retry", "all");
	assert_true(starts_with(heard(world), "enothing of that kind waits or was given up"));
}

/* The clock was ahead when the wait was written: it ends by the longest wait that there is. */
static void
no_wait_is_longer_than_the_longest(void **state)
{
	static const int64_t hour = 3600 * (int64_t)SECOND;
	struct world *world = *state;
	struct delivery delivery;

	for (int i = 0; i < 2; i++) {
		down(world, (uint32_t)i);
		while (find_waiting(&world->keeper, 0, &delivery) && delivery.due < clock_wall() + 10 * 24 * hour) {
			delivery.due = clock_wall() + 20 * 24 * hour;
			outbox_put(&world->keeper, notifier_at(&world->keeper, 0), &delivery, (struct pw_bytes){ "", 0 });
		}
		commit_all(&world->keeper);
		end(world);
		patient = configured[0];
		patient.after = i == 0 ? 0 : 5 * hour;
		world->config.notifiers = &patient;
		struct reason why;
		int ends[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
		world->duty.parent = ends[0];
		world->keeper = (struct keeper){ .duty = &world->duty, .config = &world->config, .end.status = -1 };
		assert_true(keeper_recover(&world->keeper, &why));
		assert_true(find_waiting(&world->keeper, 0, &delivery));
		assert_true(delivery.due <= clock_wall() + (i == 0 ? hour : 5 * hour));
		keeper_fini(&world->keeper);
		close(ends[0]);
		close(ends[1]);
		begin(world);
	}
}

/* A word that a keeper died with may have been sent: its end does not take it back. */
static void
what_may_have_been_told_is_told_with_its_end(void **state)
{
	struct world *world = *state;

	down(world, 0);
	assert_string_equal(handed(world), "down");
	commit_all(&world->keeper);
	end(world);
	begin(world);
	up(world, 0, 1);
	assert_string_equal(handed(world), "down");
	assert_true((world->notice.flags & PW_NOTICE_DUPLICATE) != 0);
	answer(world, 0, PW_SENT);
	assert_string_equal(handed(world), "up");
	answer(world, 0, PW_SENT);
	assert_string_equal(handed(world), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_is_no_longer_configured_is_told_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_may_have_been_told_is_told_with_its_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_wait_is_longer_than_the_longest, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
