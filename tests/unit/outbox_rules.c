/* Who is told what, and when: kinds, tags, escalation, quiet hours. */
#include "outbox_world.h"

#define BIT(kind) (1u << NOTICE_##kind)
#define MINUTE (60 * (int64_t)SECOND)

static void
who_wants_no_end_hears_of_the_next_beginning(void **state)
{
	struct world *world = prepare();

	(void)state;
	world->rules[0].kinds = BIT(down) | BIT(flapping) | BIT(outage);
	begin(world);
	link_notifiers(world);
	for (int i = 0; i < 2; i++) {
		down(world, 0, "");
		assert_string_equal(handed(world), "down");
		answer(world, PW_SENT, false);
		up(world, 0, world->changes[0], "");
		assert_string_equal(handed(world), "");
	}
	/* Both at once are an outage to who wants either. */
	down(world, 0, "");
	up(world, 0, world->changes[0], "");
	assert_string_equal(handed(world), "outage");
	answer(world, PW_SENT, false);
	destroy(&world);
}

static void
who_wants_ends_only_hears_of_the_whole(void **state)
{
	struct world *world = prepare();

	(void)state;
	world->rules[0].kinds = BIT(up) | BIT(settled) | BIT(stopped) | BIT(outage);
	begin(world);
	link_notifiers(world);
	down(world, 0, "");
	assert_string_equal(handed(world), "");
	up(world, 0, world->changes[0], "");
	assert_string_equal(handed(world), "outage");
	destroy(&world);
}

static void
tags_choose_targets(void **state)
{
	static const char *const wanted[] = { "lab" }, *const others[] = { "web", "lab" };
	static struct policy tagged;
	static struct target changed[TARGETS];
	struct world *world = prepare();

	(void)state;
	tagged = policy;
	tagged.tag_count = 2;
	tagged.tags = others;
	memcpy(changed, targets, sizeof targets);
	changed[1].policy = &tagged;
	world->rules[0].tag_count = 1;
	world->rules[0].tags = wanted;
	begin(world);
	world->config.targets = changed;
	link_notifiers(world);
	down(world, 0, "");
	down(world, 1, "");
	assert_string_equal(handed(world), "down");
	assert_memory_equal(world->notice.target.data, "mx2", 3);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	record_ours(&world->keeper, "impaired", "x", BEGAN, "of us everybody is told");
	assert_string_equal(handed(world), "impaired");
	destroy(&world);
}

static struct world *
escalating(void)
{
	struct world *world = prepare();

	world->both = true;
	world->rules[1].after = 15 * MINUTE;
	begin(world);
	link_notifiers(world);
	return world;
}

static void
what_is_over_before_its_time_is_not_told(void **state)
{
	struct world *world = escalating();

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed_to(world, 1), "");
	assert_string_equal(handed_to(world, 0), "down");
	answer(world, PW_SENT, false);
	begin_again(world);
	assert_string_equal(handed_to(world, 1), "");
	up(world, 0, world->changes[0], "");
	assert_string_equal(handed_to(world, 1), "");
	assert_string_equal(handed_to(world, 0), "up");
	answer(world, PW_SENT, false);
	ripen(world, 1);
	assert_string_equal(handed_to(world, 1), "");
	assert_false(waits(&world->keeper, 1));
	/* The next one is told, when its time has come. */
	down(world, 0, "");
	ripen(world, 1);
	assert_string_equal(handed_to(world, 1), "down");
	answer_from(world, 1, PW_SENT, false);
	up(world, 0, world->changes[0], "");
	assert_string_equal(handed_to(world, 1), "up");
	destroy(&world);
}

/* Of two recipients one has heard, or hears just now, and the other not yet: the end is told. */
static void
what_one_of_two_has_in_hand_has_its_end_told(void **state)
{
	static const char *const two[] = { "ann@a.test", "ben@b.test" };
	struct world *world = escalating();
	struct notifier *notifier = notifier_at(&world->keeper, 1);
	struct delivery delivery = { .notice = 0 };

	(void)state;
	notifier->recipients = two;
	notifier->recipient_count = 2;
	down(world, 0, "");
	while (outbox_next(&world->keeper, notifier, STORE_QUEUE_ALL, 0, &delivery))
		if (delivery.recipient == two[0]) {
			delivery.due = 0;
			outbox_put(&world->keeper, notifier, &delivery, (struct pw_bytes){ "", 0 });
		}
	assert_string_equal(handed_to(world, 1), "down");
	assert_int_equal(world->notice.recipient_count, 1);
	up(world, 0, world->changes[0], "");
	answer_from(world, 1, PW_SENT, false);
	assert_string_equal(handed_to(world, 1), "up");
	destroy(&world);
}

/* The second notifier is handed these and no more, once their time has come. */
static void
assert_handed_at_last(struct world *world, const char *const *kinds)
{
	for (; *kinds != NULL; kinds++) {
		ripen(world, 1);
		assert_string_equal(handed_to(world, 1), *kinds);
		answer_from(world, 1, PW_SENT, false);
	}
	ripen(world, 1);
	assert_string_equal(handed_to(world, 1), "");
}
#define HANDED_AT_LAST(world, ...) assert_handed_at_last((world), (const char *const[]){ __VA_ARGS__, NULL })

/* What is over before its time takes with it nothing whose own end waits already. */
static void
an_end_is_not_left_without_its_beginning(void **state)
{
	struct world *world = escalating();

	(void)state;
	world->code = "slow_banner";
	say(world, 0, "degraded", "", "", 0, "");
	ripen(world, 1);
	assert_string_equal(handed_to(world, 1), "degraded");
	answer_from(world, 1, PW_AGAIN, false);
	for (const char *const *kind = (const char *const[]){ "cleared", "degraded", "cleared", NULL }; *kind != NULL; kind++)
		say(world, 0, *kind, "", "", 0, "");
	HANDED_AT_LAST(world, "degraded", "cleared");
	destroy(&world);
}

/* Its process died with the beginning in hand, which may have arrived: so what came of it later is over, and is not told, but
 * the end is. */
static void
who_may_have_heard_of_a_beginning_hears_of_its_end(void **state)
{
	struct world *world = escalating();

	(void)state;
	down(world, 0, "");
	ripen(world, 1);
	assert_string_equal(handed_to(world, 1), "down");
	begin_again(world);
	say(world, 0, "flapping", "down", "down", 1, "");
	say(world, 0, "settled", "", "", 1, "");
	HANDED_AT_LAST(world, "down", "settled");
	destroy(&world);
}

static void
an_escalation_survives_a_new_birth(void **state)
{
	struct world *world = escalating();
	struct delivery waiting;

	(void)state;
	down(world, 0, "");
	begin_again(world);
	assert_true(find_waiting(&world->keeper, 1, &waiting));
	assert_true(waiting.due > clock_wall() + 14 * MINUTE && waiting.due <= clock_wall() + 15 * MINUTE);
	ripen(world, 1);
	assert_string_equal(handed_to(world, 1), "down");
	destroy(&world);
}

static void
who_acknowledges_stops_the_escalation(void **state)
{
	struct world *world = escalating();

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed_to(world, 0), "down");
	answer(world, PW_SENT, false);
	acknowledge(world, 0);
	assert_false(waits(&world->keeper, 1));
	begin_again(world);
	assert_false(waits(&world->keeper, 1));
	up(world, 0, world->changes[0], "");
	assert_string_equal(handed_to(world, 1), "");
	assert_string_equal(handed_to(world, 0), "up");
	destroy(&world);
}

/* Quiet hours from `from` minutes from now on, for an hour. */
static struct calendar_range
hours(int from)
{
	int minute = ((int)(clock_wall() / MINUTE % 1440) + from + 1440) % 1440;

	return (struct calendar_range){ 0x7f, (uint16_t)minute, (uint16_t)(minute + 60) };
}

static void
set_hours(struct world *world, struct calendar_range *range, int from)
{
	*range = hours(from);
	world->keeper.policy->listeners[0].hush_looked = INT64_MAX; /* as if the clock had gone on */
}

static void
quiet_hours_end_with_what_is_true(void **state)
{
	struct world *world = prepare();
	struct calendar_range range = hours(-10);

	(void)state;
	world->rules[0].timezone = "UTC";
	world->rules[0].quiet = (struct calendar){ 1, &range };
	begin(world);
	link_notifiers(world);
	assert_string_equal(handed(world), "");
	for (int i = 0; i < 3; i++) {
		down(world, 0, "");
		up(world, 0, world->changes[0], "");
	}
	down(world, 1, "");
	record_ours(&world->keeper, "impaired", "x", BEGAN, "this waits");
	assert_string_equal(handed(world), "");
	begin_again(world);
	assert_string_equal(handed(world), "");
	set_hours(world, &range, 60);
	int outages = 0, downs = 0, ours = 0;
	for (const char *kind = handed(world); kind[0] != '\0'; kind = handed(world)) {
		outages += strcmp(kind, "outage") == 0;
		downs += strcmp(kind, "down") == 0;
		ours += strcmp(kind, "impaired") == 0;
		answer(world, PW_SENT, false);
	}
	assert_int_equal(outages, 1);
	assert_int_equal(downs, 1);
	assert_int_equal(ours, 1);
	/* Told before, over in quiet hours: told when they end. */
	set_hours(world, &range, -10);
	assert_string_equal(handed(world), "");
	up(world, 1, world->changes[1], "");
	assert_string_equal(handed(world), "");
	set_hours(world, &range, -70);
	assert_string_equal(handed(world), "up");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
hours_that_ended_while_nobody_looked_have_ended(void **state)
{
	struct world *world = prepare();
	struct calendar_range range = hours(-10);

	(void)state;
	world->rules[0].timezone = "UTC";
	world->rules[0].quiet = (struct calendar){ 1, &range };
	begin(world);
	link_notifiers(world);
	assert_string_equal(handed(world), "");
	down(world, 0, "");
	up(world, 0, world->changes[0], "");
	range = hours(-61);
	range.to += 1; /* they ended this minute */
	begin_again(world);
	assert_string_equal(handed(world), "outage");
	answer(world, PW_SENT, false);
	begin_again(world);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

/* It is one notice for both, and the other keeps it until its hours are over. */
static void
an_outage_is_told_to_who_hears_of_it_late(void **state)
{
	struct world *world = prepare();
	struct calendar_range range = hours(-10);

	(void)state;
	world->both = true;
	world->rules[0].timezone = "UTC";
	world->rules[0].quiet = (struct calendar){ 1, &range };
	begin(world);
	link_notifiers(world);
	assert_string_equal(handed_to(world, 0), "");
	for (uint32_t target = 0; target < 2; target++) {
		down(world, target, "");
		up(world, target, world->changes[target], "");
		assert_string_equal(handed_to(world, 1), "outage");
		answer_from(world, 1, PW_SENT, false);
		assert_string_equal(handed_to(world, 0), "");
	}
	set_hours(world, &range, 60);
	for (uint32_t target = 0; target < 2; target++) {
		assert_string_equal(handed_to(world, 0), "outage");
		answer_from(world, 0, PW_SENT, false);
	}
	assert_string_equal(handed_to(world, 0), "");
	destroy(&world);
}

static void
what_is_silent_stays_so_at_the_end_of_quiet_hours(void **state)
{
	struct world *world = prepare();
	struct calendar_range range = hours(-10);

	(void)state;
	world->rules[0].timezone = "UTC";
	world->rules[0].quiet = (struct calendar){ 1, &range };
	begin(world);
	link_notifiers(world);
	assert_string_equal(handed(world), "");
	down(world, 0, "paused");
	say(world, 1, "degraded", "", "", 0, "");
	set_hours(world, &range, 60);
	assert_string_equal(handed(world), "degraded");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	say(world, 0, "", "", "", 0, "");
	assert_string_equal(handed(world), "down");
	destroy(&world);
}

/* What waits is not unsaid by what ends beside it. */
static void
the_ledger_keeps_what_is_queued(void **state)
{
	struct world *world = create();

	(void)state;
	world->code = "slow_banner";
	notifier_at(&world->keeper, 0)->rest_until = INT64_MAX;
	say(world, 0, "degraded", "", "", 0, "");
	down(world, 0, "");
	ASK(world, "outbox", CONFIG_NONE, "drop", "2");
	notifier_at(&world->keeper, 0)->rest_until = 0;
	assert_string_equal(handed(world), "degraded");
	answer(world, PW_SENT, false);
	say(world, 0, "cleared", "", "", 0, "");
	assert_string_equal(handed(world), "cleared");
	destroy(&world);
}

/* Who wants beginnings only hears of each, whatever ends unsent between them. */
static void
what_need_not_be_told_is_not_forgotten(void **state)
{
	struct world *world = prepare();

	(void)state;
	world->rules[0].kinds = BIT(down) | BIT(degraded) | BIT(outage);
	begin(world);
	link_notifiers(world);
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	notifier_at(&world->keeper, 0)->rest_until = INT64_MAX;
	say(world, 0, "degraded", "", "", 0, "");
	up(world, 0, 1, "");
	ASK(world, "outbox", CONFIG_NONE, "drop", "2");
	notifier_at(&world->keeper, 0)->rest_until = 0;
	assert_string_equal(handed(world), "");
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_wants_no_end_hears_of_the_next_beginning),
		cmocka_unit_test(who_wants_ends_only_hears_of_the_whole),
		cmocka_unit_test(tags_choose_targets),
		cmocka_unit_test(what_is_over_before_its_time_is_not_told),
		cmocka_unit_test(what_one_of_two_has_in_hand_has_its_end_told),
		cmocka_unit_test(an_end_is_not_left_without_its_beginning),
		cmocka_unit_test(who_may_have_heard_of_a_beginning_hears_of_its_end),
		cmocka_unit_test(an_escalation_survives_a_new_birth),
		cmocka_unit_test(who_acknowledges_stops_the_escalation),
		cmocka_unit_test(quiet_hours_end_with_what_is_true),
		cmocka_unit_test(hours_that_ended_while_nobody_looked_have_ended),
		cmocka_unit_test(an_outage_is_told_to_who_hears_of_it_late),
		cmocka_unit_test(what_is_silent_stays_so_at_the_end_of_quiet_hours),
		cmocka_unit_test(the_ledger_keeps_what_is_queued),
		cmocka_unit_test(what_need_not_be_told_is_not_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
