/* What is told because time passes: reminders, who stands in, what is given up, storms, the weekly test. */
#include "outbox_world.h"

#include "keeper/remind.h"

#define BIT(kind) (1u << NOTICE_##kind)
#define MINUTE (60 * (int64_t)SECOND)
#define HOUR (60 * MINUTE)

static void
age(struct world *world, uint32_t notifier, int64_t span)
{
	grow_old(&world->keeper, notifier, span, false);
}

static void
it_is_said_again_while_it_lasts(void **state)
{
	static const int64_t waits[] = { HOUR, 24 * HOUR };
	struct world *world = prepare();

	(void)state;
	world->rules[0].remind = waits;
	world->rules[0].remind_count = 2;
	begin(world);
	link_notifiers(world);
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	age_incident(world, 0, 61 * MINUTE, 0);
	assert_string_equal(handed(world), "reminder");
	assert_non_null(strstr(world->notice.text.data, "mx1 is still down, for 1 h"));
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	begin_again(world);
	age_incident(world, 0, 61 * MINUTE, 0);
	assert_string_equal(handed(world), "");
	age_incident(world, 0, 24 * HOUR, 24 * HOUR);
	set_acknowledged(world, 0, clock_wall());
	assert_string_equal(handed(world), "");
	set_acknowledged(world, 0, 0);
	assert_string_equal(handed(world), "reminder");
	answer(world, PW_SENT, false);
	up(world, 0, incident_of(world, 0).change, "");
	assert_string_equal(handed(world), "up");
	destroy(&world);
}

static void
reminders_have_their_times(void **state)
{
	static const int64_t waits[] = { 10, 100 };
	(void)state;

	assert_int_equal(remind_last(waits, 2, 1000, 1009), 0);
	assert_int_equal(remind_last(waits, 2, 1000, 1010), 1010);
	assert_int_equal(remind_last(waits, 2, 1000, 1109), 1010);
	assert_int_equal(remind_last(waits, 2, 1000, 1110), 1110);
	assert_int_equal(remind_last(waits, 2, 1000, 1999), 1910);
	assert_int_equal(remind_last(waits, 1, 1000, 1025), 1020);
	assert_int_equal(remind_last(waits, 2, 1000, 500), 0);
}

static void
another_stands_in(void **state)
{
	struct world *world = prepare();

	(void)state;
	world->both = true;
	world->rules[0].fallback = 1;
	world->rules[1].kinds = BIT(digest); /* it asked for nothing */
	begin(world);
	link_notifiers(world);
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_AGAIN, true);
	assert_string_equal(handed_to(world, 1), "");
	age(world, 0, 121 * (int64_t)SECOND);
	assert_string_equal(handed_to(world, 1), "down");
	assert_true(world->notice.flags & NOTICE_FALLBACK);
	answer_from(world, 1, PW_SENT, false);
	begin_again(world);
	age(world, 0, 121 * (int64_t)SECOND);
	assert_string_equal(handed_to(world, 1), "");
	destroy(&world);
}

/* That it waits in a digest does not keep it from who stands in; nor does that it tells of many together. */
static void
another_stands_in_for_what_is_told_together(void **state)
{
	struct world *world = prepare();

	(void)state;
	world->both = true;
	world->rules[0].fallback = 1;
	world->rules[0].storm = 1;
	world->rules[1].kinds = 0;
	begin(world);
	link_notifiers(world);
	for (uint32_t i = 0; i < TARGETS; i++)
		down(world, i, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "digest");
	answer(world, PW_AGAIN, true);
	assert_string_equal(handed_to(world, 1), "");
	age(world, 0, 121 * (int64_t)SECOND);
	for (uint32_t i = 1; i < TARGETS; i++) {
		assert_string_equal(handed_to(world, 1), "down");
		assert_true(world->notice.flags & NOTICE_FALLBACK);
		answer_from(world, 1, PW_SENT, false);
	}
	begin_again(world);
	age(world, 0, 121 * (int64_t)SECOND);
	assert_string_equal(handed_to(world, 1), "");
	record_ours(&world->keeper, "digest", "digest", clock_wall(), "3 targets failed");
	commit_all(&world->keeper);
	age(world, 0, 121 * (int64_t)SECOND);
	assert_string_equal(handed_to(world, 1), "digest");
	assert_true(world->notice.flags & NOTICE_FALLBACK);
	answer_from(world, 1, PW_SENT, false);
	assert_string_equal(handed_to(world, 1), "");
	destroy(&world);
}

static void
of_what_one_gave_up_the_others_are_told(void **state)
{
	struct world *world = prepare();

	(void)state;
	world->both = true;
	begin(world);
	link_notifiers(world);
	down(world, 0, "");
	assert_string_equal(handed_to(world, 1), "down");
	answer_from(world, 1, PW_SENT, false);
	assert_string_equal(handed_to(world, 0), "down");
	age(world, 0, 25 * HOUR);
	answer(world, PW_NEVER, false);
	assert_string_equal(handed_to(world, 1), "impaired");
	assert_non_null(strstr(world->notice.text.data, "tests could not deliver a notice (down)"));
	assert_string_equal(handed_to(world, 0), "");
	destroy(&world);
}

static void
what_lasts_is_worth_any_patience(void **state)
{
	struct world *world = create();
	struct delivery delivery;

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	age(world, 0, 30 * 24 * HOUR);
	answer(world, PW_AGAIN, false);
	assert_true(find_waiting(&world->keeper, 0, &delivery));
	assert_int_equal(delivery.state, STORE_DELIVERY_again);
	destroy(&world);
}

static void
a_day_that_nobody_was_told_of_is_a_digest(void **state)
{
	struct world *world = create();

	(void)state;
	hold(world, 0, true);
	for (uint32_t i = 0; i < TARGETS; i++)
		say(world, i, "degraded", "", "", 0, "");
	age(world, 0, 25 * HOUR);
	hold(world, 0, false);
	assert_string_equal(handed(world), "digest");
	assert_int_equal(world->notice.covered, TARGETS);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

/* What a digest has told is not unsaid by what dies behind it. */
static void
the_ledger_goes_back_to_a_digest(void **state)
{
	struct world *world = prepare();

	(void)state;
	world->rules[0].storm = 1;
	begin(world);
	link_notifiers(world);
	for (uint32_t i = 0; i < 3; i++)
		down(world, i, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "digest");
	answer(world, PW_SENT, false);
	world->keeper.policy->listeners[0].handed[0] = 0;
	up(world, 1, world->changes[1], "");
	age(world, 0, 25 * HOUR);
	assert_string_equal(handed(world), "up");
	answer(world, PW_NEVER, false);
	assert_false(waits(&world->keeper, 0));
	assert_true(ledgers_is_down(&world->keeper, 1, 0));
	destroy(&world);
}

/* What is told of a target behind a digest that it stands in waits for that. */
static void
nothing_overtakes_a_digest(void **state)
{
	struct world *world = prepare();

	(void)state;
	world->rules[0].storm = 1;
	begin(world);
	link_notifiers(world);
	for (uint32_t i = 0; i < 3; i++)
		down(world, i, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "digest");
	answer(world, PW_AGAIN, false);
	world->keeper.policy->listeners[0].handed[0] = 0;
	up(world, 2, 1, "");
	assert_string_equal(handed(world), "");
	begin_again(world);
	assert_string_equal(handed(world), "");
	ripen(world, 0);
	assert_string_equal(handed(world), "digest");
	answer(world, PW_SENT, false);
	world->keeper.policy->listeners[0].handed[0] = 0;
	assert_string_equal(handed(world), "up");
	destroy(&world);
}

static void
without_a_limit_there_is_no_digest(void **state)
{
	struct world *world = prepare();
	int sent = 0;

	(void)state;
	world->rules[0].storm = 0;
	begin(world);
	link_notifiers(world);
	for (int i = 0; i < 60; i++)
		record_ours(&world->keeper, "impaired", "test", BEGAN, "trouble %d", i);
	for (; strcmp(handed(world), "impaired") == 0; sent++)
		answer(world, PW_SENT, false);
	assert_int_equal(sent, 60);
	destroy(&world);
}

static void
ten_thousand_at_once_are_some_and_a_digest(void **state)
{
	enum { MANY = 10000 };
	struct world *world = create();
	uint32_t told = 0;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		record_ours(&world->keeper, "impaired", "test", BEGAN, "trouble %d", i);
		if (i % 50 == 49) { /* and the parent reads what is logged of it */
			commit_all(&world->keeper);
			while (packet_read(world->parent, world->packet, sizeof world->packet, NULL) > 0)
				continue;
		}
	}
	for (const char *kind = handed(world); kind[0] != '\0'; kind = handed(world)) {
		told += strcmp(kind, "digest") == 0 ? world->notice.covered : 1;
		answer(world, PW_SENT, false);
	}
	assert_int_equal(told, MANY);
	assert_string_equal(world->notice.kind, "digest");
	assert_int_equal(world->notice.covered, MANY - 20);
	assert_non_null(strstr(world->notice.list.data, "and 9930 more"));
	static const char sentence[] = "50 impaired and 9930 more: 9980 notices in one: ";
	assert_memory_equal(world->notice.text.data, sentence, sizeof sentence - 1);
	destroy(&world);
}

static void
ways_are_tested_once_a_week(void **state)
{
	struct world *world = prepare();

	(void)state;
	world->both = true;
	world->rules[0].self_test = true;
	begin(world);
	link_notifiers(world);
	assert_string_equal(handed(world), "");
	world->keeper.record->tested -= 7 * 24 * HOUR;
	world->keeper.record->next_test = 0;
	assert_string_equal(handed(world), "test");
	answer(world, PW_SENT, false);
	assert_string_equal(handed_to(world, 1), "");
	assert_string_equal(handed(world), "");
	begin_again(world);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
a_notifier_that_is_new_hears_of_what_lasts_alone(void **state)
{
	struct world *world = create();

	(void)state;
	down(world, 0, "");
	up(world, 0, world->changes[0], "");
	down(world, 1, "");
	for (const char *kind = handed(world); kind[0] != '\0'; kind = handed(world))
		answer(world, PW_SENT, false);
	world->both = true;
	begin_again(world);
	assert_string_equal(handed_to(world, 1), "down");
	assert_memory_equal(world->notice.target.data, "mx2", 3);
	answer_from(world, 1, PW_SENT, false);
	assert_string_equal(handed_to(world, 1), "");
	assert_string_equal(handed_to(world, 0), "");
	destroy(&world);
}

/* A clock that is set by a week while we run makes nothing older, and lets nothing wait longer. */
static void
age_goes_by_no_clock_that_is_set(void **state)
{
	struct world *world = create();
	struct delivery delivery;

	(void)state;
	say(world, 0, "degraded", "up", "up", 0, "");
	assert_string_equal(handed(world), "degraded");
	answer(world, PW_AGAIN, false);
	age(world, 0, 8 * 24 * HOUR);
	store_set_clock(commit_queue_main(&world->keeper), 8 * 24 * HOUR);
	assert_true(find_waiting(&world->keeper, 0, &delivery));
	assert_in_range(outbox_age(&delivery), 0, MINUTE);
	assert_in_range(delivery.due - clock_wall(), 8 * 24 * HOUR, 8 * 24 * HOUR + 2 * MINUTE);
	/* Between lives it is what that clock says, and never less than nothing. */
	age(world, 0, -24 * HOUR);
	commit_all(&world->keeper);
	begin_again(world);
	assert_true(find_waiting(&world->keeper, 0, &delivery));
	assert_int_equal(outbox_age(&delivery), 0);
	assert_in_range(delivery.due - clock_wall(), 14 * MINUTE, 15 * MINUTE);
	age(world, 0, 48 * HOUR);
	assert_true(find_waiting(&world->keeper, 0, &delivery));
	assert_in_range(outbox_age(&delivery), 24 * HOUR - MINUTE, 24 * HOUR + MINUTE);
	destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_said_again_while_it_lasts),
		cmocka_unit_test(reminders_have_their_times),
		cmocka_unit_test(another_stands_in),
		cmocka_unit_test(another_stands_in_for_what_is_told_together),
		cmocka_unit_test(of_what_one_gave_up_the_others_are_told),
		cmocka_unit_test(what_lasts_is_worth_any_patience),
		cmocka_unit_test(a_day_that_nobody_was_told_of_is_a_digest),
		cmocka_unit_test(the_ledger_goes_back_to_a_digest),
		cmocka_unit_test(nothing_overtakes_a_digest),
		cmocka_unit_test(without_a_limit_there_is_no_digest),
		cmocka_unit_test(ten_thousand_at_once_are_some_and_a_digest),
		cmocka_unit_test(ways_are_tested_once_a_week),
		cmocka_unit_test(a_notifier_that_is_new_hears_of_what_lasts_alone),
		cmocka_unit_test(age_goes_by_no_clock_that_is_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
