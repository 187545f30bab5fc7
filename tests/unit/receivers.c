/* Receivers that keep what they are told: whatever happens in between, what was opened there is closed under its key. */
#include "outbox_world.h"


enum { MANY = 12, TOLD_MAX = 64 };

/* What the receiver has open, by key. */
struct receiver {
	char open[TOLD_MAX][NOTICE_KEY_MAX];
	uint32_t count, seen, digests;
};

static struct world *
keeping(uint32_t storm)
{
	struct world *world = prepare();

	world->rules[0].receiver = PW_KEEPS;
	world->rules[0].storm = storm;
	begin(world);
	link_notifiers(world);
	return world;
}

static void
take(struct receiver *receiver, const struct message_notice *notice)
{
	enum notice_alert alert = notice_alert(notice_named(notice->kind), notice->code, notice->target.size == 0);
	uint32_t i = 0;

	receiver->seen++;
	receiver->digests += strcmp(notice->kind, "digest") == 0;
	while (i < receiver->count && strcmp(receiver->open[i], notice->thread) != 0)
		i++;
	if (alert == NOTICE_ALERT_OPEN && i == receiver->count)
		memcpy(receiver->open[receiver->count++], notice->thread, NOTICE_KEY_MAX);
	else if (alert == NOTICE_ALERT_CLOSED && i < receiver->count)
		memcpy(receiver->open[i], receiver->open[--receiver->count], NOTICE_KEY_MAX);
}

/* Takes what comes, and answers; returns how many. */
static uint32_t
hear_all(struct world *world, struct receiver *receiver)
{
	uint32_t count = 0;

	for (; handed(world)[0] != '\0'; count++) {
		take(receiver, &world->notice);
		answer(world, PW_SENT, false);
	}
	return count;
}

/* A minute passes for the storm. */
static void
calm(struct world *world)
{
	for (uint32_t i = 0; i < world->rules[0].storm; i++)
		world->keeper.policy->listeners[0].handed[i] = 0;
}

static void
a_storm_is_paced_and_ends_go_first(void **state)
{
	struct world *world = keeping(3);
	struct receiver receiver = { .count = 0 };

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) { /* each a condition of its own */
		char code[OUTCOME_NAME_MAX];
		snprintf(code, sizeof code, "slow_%u", i);
		world->code = code;
		say(world, 0, "degraded", "", "", 0, "");
	}
	assert_int_equal(hear_all(world, &receiver), 3);
	calm(world);
	assert_int_equal(hear_all(world, &receiver), 3);
	assert_int_equal(receiver.count, 6);
	/* All are over: what was told is closed at once, in the same minute. */
	for (uint32_t i = 0; i < MANY; i++) {
		char code[OUTCOME_NAME_MAX];
		snprintf(code, sizeof code, "slow_%u", i);
		world->code = code;
		say(world, 0, "cleared", "", "", 0, "");
	}
	for (uint32_t i = 0; i < MANY; i++) {
		calm(world);
		hear_all(world, &receiver);
	}
	assert_int_equal(receiver.count, 0);
	assert_int_equal(receiver.digests, 0);
	destroy(&world);
}

static void
ends_of_other_targets_do_not_wait(void **state)
{
	struct world *world = keeping(1);
	struct receiver receiver = { .count = 0 };

	(void)state;
	down(world, 0, "");
	assert_int_equal(hear_all(world, &receiver), 1);
	down(world, 1, "");
	down(world, 2, "");
	up(world, 0, 1, "");
	assert_string_equal(handed(world), "up");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
who_reads_gets_a_digest_all_the_same(void **state)
{
	struct world *world = prepare();
	struct receiver receiver = { .count = 0 };

	(void)state;
	world->rules[0].storm = 1;
	begin(world);
	link_notifiers(world);
	for (uint32_t i = 0; i < TARGETS; i++)
		down(world, i, "");
	assert_int_equal(hear_all(world, &receiver), 2);
	assert_int_equal(receiver.digests, 1);
	destroy(&world);
}

/* The outage that was told ended in silence, and so did another; the end is told as that of the first. */
static void
an_end_closes_what_was_opened(void **state)
{
	struct world *world = keeping(0);
	struct receiver receiver = { .count = 0 };

	(void)state;
	down(world, 0, "");
	assert_int_equal(hear_all(world, &receiver), 1);
	up(world, 0, world->changes[0], "paused");
	down(world, 0, "paused");
	up(world, 0, world->changes[0], "paused");
	begin_again(world);
	say(world, 0, "", "", "", 0, "");
	assert_string_equal(handed(world), "up");
	take(&receiver, &world->notice);
	answer(world, PW_SENT, false);
	assert_int_equal(receiver.count, 0);
	/* The same of a condition. */
	world->code = "slow_banner";
	say(world, 0, "degraded", "", "", 0, "");
	assert_int_equal(hear_all(world, &receiver), 1);
	say(world, 0, "cleared", "", "", 0, "paused");
	say(world, 0, "degraded", "", "", 0, "paused");
	say(world, 0, "cleared", "", "", 0, "paused");
	say(world, 0, "", "", "", 0, "");
	assert_int_equal(hear_all(world, &receiver), 1);
	assert_int_equal(receiver.count, 0);
	destroy(&world);
}

static void
flapping_is_one(void **state)
{
	struct world *world = keeping(0);
	struct receiver receiver = { .count = 0 };

	(void)state;
	say(world, 0, "flapping", "suspect", "down", 1, "");
	hear_all(world, &receiver);
	up(world, 0, 1, "flapping");
	down(world, 0, "flapping");
	say(world, 0, "down", "down", "down", 3, ""); /* the episode has ended in an outage */
	hear_all(world, &receiver);
	assert_int_equal(receiver.seen, 2);
	assert_int_equal(receiver.count, 1);
	begin_again(world);
	up(world, 0, 3, "");
	hear_all(world, &receiver);
	assert_int_equal(receiver.count, 0);
	destroy(&world);
}

/* What the target and we were called when it began is told with its end. */
static void
names_are_those_of_the_beginning(void **state)
{
	static struct target moved[TARGETS];
	struct world *world = keeping(0);

	(void)state;
	memcpy(moved, targets, sizeof targets);
	moved[0].shown = moved[0].host = "elsewhere.test";
	moved[0].port = 2525;
	world->config.helo = "one.test";
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	assert_string_equal(world->notice.first.host, "mx1.test");
	assert_string_equal(world->notice.first.own, "one.test");
	answer(world, PW_SENT, false);
	end(world);
	close(world->notifiers[0]);
	begin(world);
	world->config.targets = moved;
	world->config.helo = "another.test";
	link_notifiers(world);
	up(world, 0, 1, "");
	assert_string_equal(handed(world), "up");
	assert_memory_equal(world->notice.host.data, "elsewhere.test", 14);
	assert_int_equal(world->notice.port, 2525);
	assert_string_equal(world->notice.first.target, "mx1");
	assert_string_equal(world->notice.first.host, "mx1.test");
	assert_string_equal(world->notice.first.own, "one.test");
	assert_string_equal(world->notice.first.probe, "banner");
	assert_int_equal(world->notice.first.port, 25);
	assert_string_equal(world->notice.first_kind, "down");
	destroy(&world);
}

static void
a_target_that_goes_leaves_nothing_open(void **state)
{
	struct world *world = keeping(0);
	struct receiver receiver = { .count = 0 };

	(void)state;
	world->code = "slow_banner";
	say(world, 2, "degraded", "", "", 0, "");
	world->code = NULL;
	down(world, 2, "");
	hear_all(world, &receiver);
	assert_int_equal(receiver.count, 2);
	world->fewer = 1;
	begin_again(world);
	hear_all(world, &receiver);
	assert_int_equal(receiver.count, 0);
	destroy(&world);
}

/* That nothing is known of a target is over with the first run that tells something of it. */
static void
what_is_known_again_is_cleared(void **state)
{
	struct world *world = keeping(0);
	struct receiver receiver = { .count = 0 };
	unsigned char packet[1024];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct report report = { .run = 1, .target = 0, .verdict = PW_FAILED, .outcome = "refused" };

	(void)state;
	world->code = "no_route";
	say(world, 0, "impaired", "", "", 0, "");
	hear_all(world, &receiver);
	assert_int_equal(receiver.count, 1);
	begin_again(world);
	message_begin_results(&out);
	assert_true(message_add_report(&out, &report));
	assert_true(say_results(&world->keeper, packet, out.size));
	commit_all(&world->keeper);
	assert_int_equal(hear_all(world, &receiver), 1);
	assert_int_equal(receiver.count, 0);
	assert_true(say_results(&world->keeper, packet, out.size));
	assert_int_equal(hear_all(world, &receiver), 0);
	destroy(&world);
}

/* Trouble of ours that is said again in other words is one, and what many targets have in common is opened and closed. */
static void
what_is_ours_is_one_each(void **state)
{
	static const struct { const char *kind, *code; } rows[] = { { "impaired", "file" }, { "impaired", "files_mail" },
		{ "blind", "no_route" }, { "digest", "digest" }, { "digest", "digest_25" } };
	struct world *world = keeping(0);
	struct receiver receiver = { .count = 0 };

	(void)state;
	for (uint32_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
			size_t row = i % (sizeof rows / sizeof *rows);
			record_ours(&world->keeper, rows[row].kind, rows[row].code, clock_wall(), "in words %zu", i);
		}
		commit_all(&world->keeper);
		assert_int_equal(hear_all(world, &receiver), 2 * sizeof rows / sizeof *rows);
		assert_int_equal(receiver.count, sizeof rows / sizeof *rows);
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			record_ours(&world->keeper, "cleared", rows[i].code, clock_wall(), "it is over");
		commit_all(&world->keeper);
		hear_all(world, &receiver);
		assert_int_equal(receiver.count, 0);
	}
	destroy(&world);
}

/* Who asked for `down` and `up` alone is told of the many, and of their end. */
static void
many_are_told_as_one_to_who_wants_down(void **state)
{
	struct world *world = prepare();

	(void)state;
	world->rules[0].kinds = 1u << NOTICE_down | 1u << NOTICE_up | 1u << NOTICE_digest;
	begin(world);
	link_notifiers(world);
	record_ours(&world->keeper, "digest", "digest", clock_wall(), "all have failed");
	record_ours(&world->keeper, "cleared", "blind", clock_wall(), "we see again");
	record_ours(&world->keeper, "cleared", "digest", clock_wall(), "all answer again");
	commit_all(&world->keeper);
	assert_string_equal(handed(world), "digest");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "cleared");
	assert_string_equal(world->notice.code, "digest");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

/* Who is told later is not told of what was over by then. */
static void
many_are_told_later_as_one_is(void **state)
{
	struct world *world = prepare();

	(void)state;
	world->rules[0].after = 900 * (int64_t)SECOND;
	begin(world);
	link_notifiers(world);
	record_ours(&world->keeper, "digest", "digest", clock_wall(), "all have failed");
	commit_all(&world->keeper);
	assert_string_equal(handed(world), "");
	record_ours(&world->keeper, "cleared", "digest", clock_wall(), "all answer again");
	commit_all(&world->keeper);
	assert_string_equal(handed(world), "");
	assert_false(waits(&world->keeper, 0));
	record_ours(&world->keeper, "digest", "digest", clock_wall(), "all have failed");
	commit_all(&world->keeper);
	ripen(world, 0);
	assert_string_equal(handed(world), "digest");
	answer(world, PW_SENT, false);
	record_ours(&world->keeper, "cleared", "digest", clock_wall(), "all answer again");
	commit_all(&world->keeper);
	assert_string_equal(handed(world), "cleared");
	destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_storm_is_paced_and_ends_go_first),
		cmocka_unit_test(ends_of_other_targets_do_not_wait),
		cmocka_unit_test(who_reads_gets_a_digest_all_the_same),
		cmocka_unit_test(an_end_closes_what_was_opened),
		cmocka_unit_test(flapping_is_one),
		cmocka_unit_test(names_are_those_of_the_beginning),
		cmocka_unit_test(a_target_that_goes_leaves_nothing_open),
		cmocka_unit_test(what_is_known_again_is_cleared),
		cmocka_unit_test(what_is_ours_is_one_each),
		cmocka_unit_test(many_are_told_as_one_to_who_wants_down),
		cmocka_unit_test(many_are_told_later_as_one_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
