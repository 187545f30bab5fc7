/*
 * What is held back beside others: in a digest, before what a hand retries, while another notifier is quiet. Nothing is lost by
 * it, and nothing is told without what was before it.
 */
#include "outbox_world.h"

#include "base/messages_outbox.h"

#define MINUTE (60 * (int64_t)SECOND)

static void
set_blind(struct world *world, bool blind)
{
	unsigned char packet[64];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_health(&out, &(struct message_health){ .ran = 1, .blind = blind });
	assert_true(keeper_hear(&world->keeper, packet, out.size));
}

/* A notifier that is told of one notice a minute is told of it: what comes is told in a digest. */
static void
use_up(struct world *world, uint32_t notifier)
{
	record_ours(&world->keeper, "impaired", "x", BEGAN, "something of ours");
	commit_all(&world->keeper);
	assert_string_equal(handed_to(world, notifier), "impaired");
	answer_from(world, notifier, PW_SENT, false);
}

static void
members_of_a_digest_are_asked_again(void **state)
{
	struct world *world = prepare();

	(void)state;
	world->rules[0].storm = 1;
	begin(world);
	link_notifiers(world);
	use_up(world, 0);
	hold(world, 0, true);
	for (uint32_t i = 0; i < 3; i++)
		down(world, i, "");
	hold(world, 0, false);
	assert_string_equal(handed(world), "digest");
	assert_int_equal(world->notice.covered, 3);
	answer(world, PW_AGAIN, true);
	begin_again(world);
	ASK(world, "pause", 1, "mx2", "1h", "planned");
	assert_string_equal(handed(world), "digest");
	assert_int_equal(world->notice.covered, 2);
	assert_memory_equal(world->notice.text.data, "2 down (mx1, mx3): 2 notices in one: ", 37);
	assert_null(strstr(world->notice.list.data, "mx2"));
	answer(world, PW_SENT, false);
	assert_false(waits(&world->keeper, 0));
	ASK(world, "resume", 1, "mx2");
	assert_string_equal(handed(world), "down");
	assert_memory_equal(world->notice.target.data, "mx2", 3);
	answer(world, PW_SENT, false);
	up(world, 0, world->changes[0], "");
	world->keeper.policy->listeners[0].handed[0] = 0;
	assert_string_equal(handed(world), "up");
	destroy(&world);
}

/* Nobody is kept from what waits for the end of a reason because another is in his quiet hours. */
static void
who_is_quiet_delays_nobody_else(void **state)
{
	static const struct calendar_range always = { 0x7f, 0, 1440 };
	struct world *world = prepare();

	(void)state;
	world->both = true;
	world->rules[1].timezone = "UTC";
	world->rules[1].quiet = (struct calendar){ 1, &always };
	begin(world);
	link_notifiers(world);
	assert_string_equal(handed_to(world, 1), "");
	down(world, 0, "");
	assert_string_equal(handed_to(world, 0), "down");
	answer_from(world, 0, PW_SENT, false);
	set_blind(world, true);
	say(world, 0, "degraded", "", "", 0, "");
	assert_string_equal(handed_to(world, 0), "");
	assert_false(waits(&world->keeper, 0));
	begin_again(world); /* what the second has missed of the incident is looked up */
	set_blind(world, false);
	assert_string_equal(handed_to(world, 0), "degraded");
	destroy(&world);
}

/* What may have arrived in a digest stays what it is, acknowledged or not: who may have heard of the beginning hears of the end. */
static void
a_digest_in_doubt_keeps_what_is_acknowledged(void **state)
{
	struct world *world = prepare();

	(void)state;
	world->both = true;
	world->rules[1].after = 15 * MINUTE;
	world->rules[1].storm = 1;
	begin(world);
	link_notifiers(world);
	use_up(world, 1);
	down(world, 0, "");
	down(world, 1, "");
	ripen(world, 1);
	assert_string_equal(handed_to(world, 1), "digest");
	assert_int_equal(world->notice.covered, 2);
	begin_again(world);
	acknowledge(world, 0);
	ripen(world, 1);
	assert_string_equal(handed_to(world, 1), "down");
	assert_memory_equal(world->notice.target.data, "mx2", 3);
	answer_from(world, 1, PW_SENT, false);
	assert_string_equal(handed_to(world, 1), "");
	up(world, 0, 1, "");
	world->keeper.policy->listeners[1].handed[0] = 0;
	assert_string_equal(handed_to(world, 1), "digest");
	assert_memory_equal(world->notice.list.data, "mx1 down", 8);
	answer_from(world, 1, PW_SENT, false);
	world->keeper.policy->listeners[1].handed[0] = 0;
	assert_string_equal(handed_to(world, 1), "up");
	assert_memory_equal(world->notice.target.data, "mx1", 3);
	destroy(&world);
}

/* An end that a hand retries is not told without its beginning, which was left out of a digest. */
static void
a_hand_cannot_retry_an_end_alone(void **state)
{
	struct world *world = prepare();

	(void)state;
	world->rules[0].storm = 1;
	begin(world);
	link_notifiers(world);
	use_up(world, 0);
	hold(world, 0, true);
	down(world, 0, "");
	down(world, 1, "");
	hold(world, 0, false);
	assert_string_equal(handed(world), "digest");
	answer(world, PW_AGAIN, false);
	up(world, 0, world->changes[0], "");
	ASK(world, "pause", 0, "mx1", "1h", "planned");
	ASK(world, "outbox", CONFIG_NONE, "retry", "all");
	world->keeper.policy->listeners[0].handed[0] = 0;
	assert_string_equal(handed(world), "digest");
	assert_int_equal(world->notice.covered, 1);
	answer(world, PW_SENT, false);
	world->keeper.policy->listeners[0].handed[0] = 0;
	assert_string_equal(handed(world), "");
	ASK(world, "resume", 0, "mx1");
	assert_string_equal(handed(world), "outage");
	answer(world, PW_SENT, false);
	destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_of_a_digest_are_asked_again),
		cmocka_unit_test(a_digest_in_doubt_keeps_what_is_acknowledged),
		cmocka_unit_test(a_hand_cannot_retry_an_end_alone),
		cmocka_unit_test(who_is_quiet_delays_nobody_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
