/* What notifiers answer: hints that go too far, and answers that nobody asked for. */
#include "outbox_world.h"

static struct message_blame
await_blame(struct world *world)
{
	unsigned char packet[4096];
	struct message_blame blame = { .duty = DUTY_KINDS };
	ssize_t size;

	while ((size = packet_read(world->parent, packet, sizeof packet, NULL)) > 0) {
		struct wire_in in = wire_from(packet, (size_t)size);

		if (message_kind(packet, (size_t)size) == MESSAGE_BLAME)
			assert_true(message_get_blame(&in, &blame));
	}
	return blame;
}

static void
send_receipt(struct world *world, const struct message_receipt *receipt, size_t cut)
{
	unsigned char packet[512];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_receipt(&out, receipt);
	assert_true(packet_send(world->notifiers[0], packet, out.size - cut, -1));
	dispatch_hear(&world->keeper, notifier_at(&world->keeper, 0));
}

/* The process that sent it is given up, its link is gone, and the notice is tried again by the next. */
static void
assert_given_up(struct world *world)
{
	struct notifier *notifier = notifier_at(&world->keeper, 0);
	struct message_blame blame = await_blame(world);

	assert_int_equal(blame.duty, DUTY_NOTIFIER);
	assert_int_equal(blame.index, 0);
	assert_false(notifier_is_linked(notifier));
	assert_string_equal(handed(world), "");
	close(world->notifiers[0]);
	link_notifiers(world);
	notifier->rest_until = 0;
}

static void
an_answer_that_nobody_asked_for_ends_its_notifier(void **state)
{
	struct world *world = create();
	uint64_t number;

	(void)state;
	send_receipt(world, &(struct message_receipt){ .notice = 1, .fate = PW_SENT }, 0); /* it has none in hand */
	assert_given_up(world);
	down(world, 0, "");
	for (int i = 0; i < 4; i++) {
		assert_string_equal(handed(world), "down");
		assert_int_equal(world->notice.attempt, i + 1);
		number = world->notice.notice;
		const struct message_receipt wrong[] = {
			{ .notice = number + 1, .fate = PW_SENT },
			{ .notice = number, .recipient = world->notice.recipient_count, .fate = PW_SENT },
			{ .notice = number, .recipient = NOTICE_RECIPIENTS_MAX - 1, .fate = PW_SENT },
			{ .notice = number, .fate = PW_SENT }, /* its last byte is missing */
		};
		send_receipt(world, &wrong[i], i == 3);
		assert_given_up(world);
	}
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	assert_int_equal(await_blame(world).duty, DUTY_KINDS);
	answer(world, PW_SENT, false); /* once more */
	assert_given_up(world);
	destroy(&world);
}

static void
a_message_of_another_kind_ends_its_notifier(void **state)
{
	struct world *world = create();
	unsigned char packet[16];
	struct wire_out out = wire_over(packet, sizeof packet);

	(void)state;
	message_begin(&out, MESSAGE_READY);
	assert_true(packet_send(world->notifiers[0], packet, out.size, -1));
	dispatch_hear(&world->keeper, notifier_at(&world->keeper, 0));
	assert_given_up(world);
	destroy(&world);
}

/* However long a peer asks us to wait: a quarter of an hour at most, for the way and for a recipient. */
static void
hints_are_bounded(void **state)
{
	static const int64_t hint = 30 * 24 * 3600 * (int64_t)SECOND, most = 900 * (int64_t)SECOND;
	struct world *world = create();
	struct notifier *notifier = notifier_at(&world->keeper, 0);
	struct delivery delivery;

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	send_receipt(world, &(struct message_receipt){ .notice = world->notice.notice, .fate = PW_AGAIN, .channel = true, .not_before = hint }, 0);
	assert_in_range(notifier->rest_until - clock_mono(), most / 2, most);
	notifier->rest_until = 0;
	assert_string_equal(handed(world), "down");
	send_receipt(world, &(struct message_receipt){ .notice = world->notice.notice, .fate = PW_AGAIN, .not_before = hint }, 0);
	assert_true(outbox_find(&world->keeper, notifier, world->notice.notice, "", &delivery));
	assert_in_range(delivery.due - clock_wall(), most / 2, most);
	assert_int_equal(await_blame(world).duty, DUTY_KINDS);
	destroy(&world);
}

/* A process is replaced before its end was seen: what it had in hand goes to the next, which is told that it may be a second time. */
static void
the_next_process_takes_over(void **state)
{
	struct world *world = create();
	int before = world->notifiers[0];

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	link_notifiers(world);
	notifier_at(&world->keeper, 0)->rest_until = 0;
	assert_string_equal(handed(world), "down");
	assert_int_equal(world->notice.flags & NOTICE_DUPLICATE, NOTICE_DUPLICATE);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	close(before);
	destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_that_nobody_asked_for_ends_its_notifier),
		cmocka_unit_test(a_message_of_another_kind_ends_its_notifier),
		cmocka_unit_test(hints_are_bounded),
		cmocka_unit_test(the_next_process_takes_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
