/* Whether it is us: what our own side lacks, in which spells we could not see, and when many suspicions are too many. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "monitor/blind.h"
#include "monitor/hold.h"
#include "monitor/spells.h"

#define MINUTE (60 * (int64_t)SECOND)
#define BEGIN  (1000 * MINUTE)

/* Suspicions in `count` targets of `networks` networks, a second apart. */
static enum hold_act
suspect(struct hold *hold, uint32_t count, uint32_t networks, int64_t *now)
{
	enum hold_act act = HOLD_NOTHING;

	for (uint32_t i = 0; i < count; i++) {
		*now += SECOND;
		struct suspect one = { .target = i, .network = i % networks + 1, .ended = *now, .interval = MINUTE };
		enum hold_act last = hold_suspect(hold, &one, NULL, *now);
		act = last != HOLD_NOTHING ? last : act;
	}
	return act;
}

static void
many_suspects_and_nobody_heard_hold_confirmation(void **unused)
{
	struct hold hold;
	int64_t now = BEGIN;

	(void)unused;
	hold_init(&hold, now);
	assert_int_equal(suspect(&hold, 4, 4, &now), HOLD_NOTHING);
	hold_init(&hold, now);
	assert_int_equal(suspect(&hold, 9, 2, &now), HOLD_NOTHING);
	hold_init(&hold, now);
	assert_int_equal(suspect(&hold, 5, 3, &now), HOLD_BEGIN);
	assert_int_equal(hold.stage, HOLD_HOLDING);
	assert_int_equal(hold_tick(&hold, now + 4 * MINUTE), HOLD_NOTHING);
	assert_int_equal(hold_heard(&hold, now + 4 * MINUTE), HOLD_END);
	assert_int_equal(hold.stage, HOLD_FREE);
}

static void
who_is_heard_between_suspicions_forbids_the_hold(void **unused)
{
	struct hold hold;
	int64_t now = BEGIN;

	(void)unused;
	hold_init(&hold, now);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(suspect(&hold, 4, 4, &now), HOLD_NOTHING);
		assert_int_equal(hold_heard(&hold, now), HOLD_NOTHING);
	}
}

/* A run that was heard early and fell silent, and whose report comes last, takes nothing from those who fell silent since. */
static void
what_was_heard_counts_at_its_own_instant(void **unused)
{
	struct hold hold;
	int64_t now = BEGIN, heard = now + SECOND / 2;

	(void)unused;
	hold_init(&hold, now);
	assert_int_equal(suspect(&hold, 4, 4, &now), HOLD_NOTHING);
	assert_int_equal(hold_heard(&hold, heard), HOLD_NOTHING);
	struct suspect fifth = { .target = 9, .network = 9, .ended = now + SECOND, .interval = MINUTE };
	assert_int_equal(hold_suspect(&hold, &fifth, NULL, now + SECOND), HOLD_BEGIN);
	assert_int_equal(hold_heard(&hold, heard + SECOND / 4), HOLD_NOTHING); /* before it began to hold */
	assert_int_equal(hold.stage, HOLD_HOLDING);
	assert_true(spells_overlap(&hold.spells, heard, now));
}

/* Nothing that began or ended in the spell confirms; it begins when anybody was last heard before it. */
static void
a_run_is_asked_for_the_whole_time_that_it_took(void **unused)
{
	struct hold hold;
	int64_t now = BEGIN;

	(void)unused;
	hold_init(&hold, now);
	hold_heard(&hold, now + MINUTE);
	now += 2 * MINUTE;
	assert_int_equal(suspect(&hold, 5, 5, &now), HOLD_BEGIN);
	now += MINUTE;
	assert_int_equal(hold_heard(&hold, now), HOLD_END);
	assert_true(spells_overlap(&hold.spells, BEGIN + MINUTE - SECOND, BEGIN + MINUTE + SECOND));
	assert_true(spells_overlap(&hold.spells, now - SECOND, now + 30 * SECOND));
	assert_false(spells_overlap(&hold.spells, BEGIN, BEGIN + MINUTE));
	assert_false(spells_overlap(&hold.spells, now, now + 30 * SECOND));
}

static void
suspicions_far_apart_do_not_hold(void **unused)
{
	struct hold hold;
	int64_t now = BEGIN;

	(void)unused;
	hold_init(&hold, now);
	for (uint32_t i = 0; i < 200; i++) {
		struct suspect one = { .target = i, .network = i + 1, .ended = now += 20 * SECOND, .interval = MINUTE };
		assert_int_equal(hold_suspect(&hold, &one, NULL, now), HOLD_NOTHING);
	}
	hold_init(&hold, now);
	for (uint32_t i = 0; i < 20; i++) { /* the same one again and again is one */
		struct suspect one = { .target = 7, .network = i + 1, .ended = now += SECOND, .interval = MINUTE };
		assert_int_equal(hold_suspect(&hold, &one, NULL, now), HOLD_NOTHING);
	}
}

static void
only_those_that_fail_alike_are_taken_together(void **unused)
{
	struct hold hold;

	(void)unused;
	hold_init(&hold, BEGIN);
	for (uint32_t i = 0; i < 8; i++) {
		struct suspect one = { .target = i, .network = i + 1, .likeness = i % 2, .ended = BEGIN + 1, .interval = MINUTE };
		assert_int_equal(hold_suspect(&hold, &one, NULL, BEGIN + 1), HOLD_NOTHING);
	}
	struct suspect fifth = { .target = 8, .network = 9, .likeness = 0, .ended = BEGIN + 1, .interval = MINUTE };
	assert_int_equal(hold_suspect(&hold, &fifth, NULL, BEGIN + 1), HOLD_BEGIN);
}

static void
what_is_said_alike_ends_no_hold_of_those_that_say_it(void **unused)
{
	struct hold hold;
	int64_t now = BEGIN;

	(void)unused;
	hold_init(&hold, now);
	for (uint32_t i = 0; i < 5; i++) {
		struct suspect one = { .target = i, .network = i + 1, .likeness = 7, .ended = now += SECOND, .interval = MINUTE };
		assert_int_equal(hold_answered(&hold, 7, now), HOLD_NOTHING);
		assert_int_equal(hold_suspect(&hold, &one, NULL, now), i == 4 ? HOLD_BEGIN : HOLD_NOTHING);
	}
	assert_int_equal(hold_answered(&hold, 7, now + SECOND), HOLD_NOTHING);
	hold_wait(&hold, now + 4 * MINUTE);
	assert_int_equal(hold_tick(&hold, now + 6 * MINUTE), HOLD_NOTHING);
	assert_int_equal(hold.stage, HOLD_HOLDING);
	assert_int_equal(hold_answered(&hold, 8, now + 6 * MINUTE), HOLD_END);
}

static void
where_few_are_watched_all_of_them_are_many(void **unused)
{
	const struct hold_all three = { 3, 2 }, one_network = { 3, 1 };
	struct hold hold;

	(void)unused;
	for (int round = 0; round < 2; round++) {
		hold_init(&hold, BEGIN);
		for (uint32_t i = 0; i < 3; i++) {
			struct suspect one = { .target = i, .network = i + 1, .ended = BEGIN + 1, .interval = MINUTE };
			assert_int_equal(hold_suspect(&hold, &one, round == 0 ? &three : &one_network, BEGIN + 1),
			    round == 0 && i == 2 ? HOLD_BEGIN : HOLD_NOTHING);
		}
	}
}

static void
a_hold_runs_out_in_a_digest(void **unused)
{
	struct hold hold;
	int64_t now = BEGIN;

	(void)unused;
	hold_init(&hold, now);
	assert_int_equal(suspect(&hold, 100, 50, &now), HOLD_BEGIN);
	assert_int_equal(hold_tick(&hold, now + 6 * MINUTE), HOLD_DIGEST);
	assert_int_equal(hold_tick(&hold, now + 7 * MINUTE), HOLD_NOTHING);
	assert_int_equal(hold.stage, HOLD_RUN_OUT);
	now += 8 * MINUTE;
	assert_int_equal(suspect(&hold, 100, 50, &now), HOLD_NOTHING); /* not held twice */
	assert_int_equal(hold_heard(&hold, now), HOLD_NOTHING);
	assert_int_equal(hold.stage, HOLD_FREE);
}

static void
round_of(struct blind *blind, uint32_t asked, uint32_t reached, int64_t began)
{
	blind_references(blind, &(struct message_references){ .asked = asked, .reached = reached, .began = began,
	    .at = began + 5 * SECOND });
}

static void
silent_references_mean_blind_and_it_is_told_after_a_minute(void **unused)
{
	struct blind blind;

	(void)unused;
	blind_init(&blind, BEGIN);
	round_of(&blind, 0, 0, BEGIN);
	assert_false(blind_is_known(&blind)); /* there are none */
	round_of(&blind, 2, 0, BEGIN);
	assert_true(blind_is_known(&blind));
	round_of(&blind, 2, 0, BEGIN + 30 * SECOND);
	assert_int_equal(blind_tick(&blind), BLIND_TELL_NOBODY);
	round_of(&blind, 2, 0, BEGIN + 60 * SECOND);
	assert_int_equal(blind_tick(&blind), BLIND_TELL_BLIND);
	assert_int_equal(blind.told, CAUSE_REFERENCES);
	assert_int_equal(blind_tick(&blind), BLIND_TELL_NOBODY);
	round_of(&blind, 2, 1, BEGIN + 100 * SECOND);
	assert_false(blind_is_known(&blind));
	assert_int_equal(blind_tick(&blind), BLIND_TELL_OVER);
	assert_true(spells_overlap(&blind.spells, BEGIN + 100 * SECOND, BEGIN + 200 * SECOND));
	assert_false(spells_overlap(&blind.spells, BEGIN + 105 * SECOND, BEGIN + 200 * SECOND));
}

/* Who is heard after a round in which all were silent ends the spell, and no more: we may have come back just then. */
static void
references_are_doubted_only_after_rounds_that_began_later(void **unused)
{
	struct blind blind;

	(void)unused;
	blind_init(&blind, BEGIN);
	round_of(&blind, 2, 0, BEGIN);
	assert_false(blind_heard(&blind, BEGIN - SECOND)); /* before: no proof of anything */
	assert_true(blind_is_known(&blind));
	assert_true(blind_heard(&blind, BEGIN + 20 * SECOND)); /* they are to be asked */
	assert_false(blind_is_known(&blind));
	assert_false(blind.doubted);
	round_of(&blind, 2, 0, BEGIN + 20 * SECOND); /* cut off again, it may be */
	assert_true(blind_is_known(&blind));
	round_of(&blind, 2, 0, BEGIN + 50 * SECOND); /* and still: nobody was heard between */
	assert_true(blind_is_known(&blind));
	assert_true(blind_heard(&blind, BEGIN + 60 * SECOND));
	round_of(&blind, 2, 0, BEGIN + 60 * SECOND); /* once more, right after somebody was heard */
	assert_true(blind.doubted);
	assert_false(blind_is_known(&blind));
	round_of(&blind, 2, 0, BEGIN + 90 * SECOND);
	assert_false(blind_is_known(&blind));
	round_of(&blind, 2, 2, BEGIN + 120 * SECOND);
	assert_false(blind.doubted);
	round_of(&blind, 2, 0, BEGIN + 150 * SECOND);
	assert_true(blind_is_known(&blind));
}

static void
references_that_are_silent_while_a_target_is_heard_are_dead(void **unused)
{
	struct blind blind;

	(void)unused;
	blind_init(&blind, BEGIN);
	assert_false(blind_heard(&blind, BEGIN + 12 * SECOND));
	round_of(&blind, 2, 0, BEGIN + 10 * SECOND);
	assert_true(blind.doubted);
	blind_init(&blind, BEGIN);
	round_of(&blind, 2, 0, BEGIN + 10 * SECOND);
	assert_false(blind_heard(&blind, BEGIN + 12 * SECOND)); /* reported later, heard then */
	assert_true(blind.doubted);
	assert_false(blind_is_known(&blind));
}

static void
what_could_not_be_asked_is_not_silent(void **unused)
{
	struct blind blind;

	(void)unused;
	blind_init(&blind, BEGIN);
	for (int i = 0; i < 4; i++)
		blind_references(&blind, &(struct message_references){ .asked = 2, .unasked = 2, .reason = "no_descriptors",
		    .began = BEGIN + i * 30 * SECOND, .at = BEGIN + i * 30 * SECOND });
	assert_false(blind_is_known(&blind));
	assert_int_equal(blind_tick(&blind), BLIND_TELL_BLIND);
	assert_int_equal(blind.told, CAUSE_DESCRIPTORS);
	blind_init(&blind, BEGIN);
	blind_references(&blind, &(struct message_references){ .asked = 2, .unasked = 1, .reason = "no_route",
	    .began = BEGIN, .at = BEGIN + 5 * SECOND });
	assert_true(blind_is_known(&blind)); /* the other one is */
}

static void
round_near(struct blind *blind, uint32_t near, uint32_t silent, int64_t began)
{
	blind_references(blind, &(struct message_references){ .near = near, .near_silent = silent, .began = began,
	    .at = began + 5 * SECOND });
}

/* A router that answers shows nothing beyond itself; one that falls silent shows that we are cut off before it. */
static void
near_ones_prove_only_by_falling_silent(void **unused)
{
	struct blind blind;

	(void)unused;
	blind_init(&blind, BEGIN);
	round_of(&blind, 2, 0, BEGIN);
	round_near(&blind, 2, 0, BEGIN + 10 * SECOND);
	assert_true(blind_is_known(&blind));
	blind_init(&blind, BEGIN);
	round_near(&blind, 2, 1, BEGIN);
	assert_false(blind_is_known(&blind));
	round_near(&blind, 2, 2, BEGIN + 10 * SECOND);
	round_near(&blind, 2, 2, BEGIN + 40 * SECOND);
	assert_true(blind_is_known(&blind));
	assert_int_equal(blind_tick(&blind), BLIND_TELL_NOBODY);
	round_near(&blind, 2, 2, BEGIN + 70 * SECOND);
	assert_int_equal(blind_tick(&blind), BLIND_TELL_BLIND);
	assert_int_equal(blind.told, CAUSE_NEAR);
	round_near(&blind, 2, 1, BEGIN + 100 * SECOND);
	assert_false(blind_is_known(&blind));
	assert_true(spells_overlap(&blind.spells, BEGIN + 50 * SECOND, BEGIN + 60 * SECOND));
}

/* They may have stopped to answer us alone: whoever is heard while they are silent says so. */
static void
near_ones_that_are_silent_while_others_are_heard_do_not_count(void **unused)
{
	struct blind blind;

	(void)unused;
	blind_init(&blind, BEGIN);
	round_near(&blind, 1, 0, BEGIN);
	round_near(&blind, 1, 1, BEGIN + 60 * SECOND);
	assert_true(blind_is_known(&blind));
	assert_false(blind_heard(&blind, BEGIN + 80 * SECOND));
	assert_false(blind_is_known(&blind));
	round_near(&blind, 1, 1, BEGIN + 90 * SECOND);
	assert_false(blind_is_known(&blind));
	round_near(&blind, 1, 0, BEGIN + 120 * SECOND);
	round_near(&blind, 1, 1, BEGIN + 150 * SECOND);
	assert_true(blind_is_known(&blind));
}

/* Each cause, an outcome that shows it, what does not end it and what does. */
static void
a_cause_ends_by_what_it_concerns(void **unused)
{
	static const struct {
		const char *outcome;
		unsigned others, own;
	} cases[] = {
		{ "no_route", USED_RESOLVER | USED_SOCKET, USED_NETWORK },
		{ "network_down", USED_RESOLVER | USED_SOCKET, USED_NETWORK },
		{ "resolver", USED_NETWORK | USED_SOCKET, USED_RESOLVER },
		{ "no_descriptors", USED_NETWORK | USED_RESOLVER, USED_SOCKET },
		{ "no_memory", USED_NETWORK | USED_RESOLVER, USED_SOCKET },
		{ "no_local_port", USED_RESOLVER | USED_SOCKET, USED_NETWORK },
		{ "not_permitted", USED_RESOLVER | USED_SOCKET, USED_NETWORK },
	};
	struct blind blind;

	(void)unused;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		blind_init(&blind, BEGIN);
		assert_true(blind_show(&blind, cases[i].outcome, 3, 25, BEGIN));
		assert_true(blind_show(&blind, cases[i].outcome, 4, 25, BEGIN + 30 * SECOND));
		blind_used(&blind, cases[i].others, 25, BEGIN + 40 * SECOND);
		assert_int_equal(blind_tick(&blind), BLIND_TELL_NOBODY);
		assert_true(blind_show(&blind, cases[i].outcome, 3, 25, BEGIN + 60 * SECOND));
		assert_true(blind_asks_for(&blind, 3));
		assert_false(blind_asks_for(&blind, 4));
		assert_true(blind_explains(&blind, cases[i].outcome, 5 * MINUTE));
		assert_int_equal(blind_tick(&blind), BLIND_TELL_BLIND);
		assert_false(blind_is_known(&blind)); /* it judges nobody */
		blind_used(&blind, cases[i].own, 25, BEGIN + 70 * SECOND);
		assert_int_equal(blind_tick(&blind), BLIND_TELL_OVER);
	}
	assert_false(blind_show(&blind, "we_were_late", 3, 25, BEGIN));
}

static void
a_forbidden_port_is_not_opened_by_another(void **unused)
{
	struct blind blind;
	char bytes[256];
	struct text text = TEXT_OVER(bytes);

	(void)unused;
	blind_init(&blind, BEGIN);
	blind_show(&blind, "not_permitted", 3, 25, BEGIN);
	blind_used(&blind, USED_NETWORK | USED_RESOLVER | USED_SOCKET, 587, BEGIN + SECOND);
	blind_show(&blind, "not_permitted", 3, 25, BEGIN + MINUTE);
	assert_int_equal(blind_tick(&blind), BLIND_TELL_BLIND);
	blind_add_words(&text, &blind, blind.told, "60.0 s");
	assert_string_equal(bytes, "for 60.0 s our own system has forbidden connections to port 25");
	blind_used(&blind, USED_NETWORK, 25, BEGIN + 2 * MINUTE);
	assert_int_equal(blind_tick(&blind), BLIND_TELL_OVER);
}

/* What is seen once and never asked about again has not lasted. */
static void
a_cause_is_told_when_it_has_shown_itself_for_a_minute(void **unused)
{
	struct blind blind;

	(void)unused;
	blind_init(&blind, BEGIN);
	blind_show(&blind, "resolver", 3, 25, BEGIN);
	blind_show(&blind, "resolver", 3, 25, BEGIN + 20 * SECOND);
	assert_int_equal(blind_tick(&blind), BLIND_TELL_NOBODY);
	assert_false(blind_explains(&blind, "resolver", 5 * MINUTE));
	assert_true(blind_explains(&blind, "resolver", 10 * SECOND));
	assert_false(blind_explains(&blind, "no_route", 10 * SECOND));
}

static void
spells_are_kept_and_become_one_where_there_are_many(void **unused)
{
	struct spells spells = { .count = 0 };

	(void)unused;
	for (int64_t i = 0; i < 20; i++) {
		spells_begin(&spells, i * 100 + 10);
		spells_begin(&spells, i * 100 + 20); /* it lasts */
		assert_true(spells_last(&spells));
		spells_end(&spells, i * 100 + 50);
		spells_end(&spells, i * 100 + 60); /* it is over */
		assert_false(spells_last(&spells));
		assert_true(spells_overlap(&spells, i * 100, i * 100 + 11));
		assert_true(spells_overlap(&spells, i * 100 + 49, i * 100 + 200));
		assert_false(spells_overlap(&spells, i * 100 + 50, i * 100 + 110));
	}
	assert_true(spells_overlap(&spells, 10, 20));
	assert_true(spells_overlap(&spells, 60, 70)); /* between the oldest: better too much than too little */
	assert_false(spells_overlap(&spells, 1860, 1900));
}

static void
the_longest_time_without_a_word_is_known(void **unused)
{
	struct hearing hearing;

	(void)unused;
	hearing_init(&hearing, BEGIN);
	assert_int_equal(hearing_gap(&hearing, BEGIN + SECOND, BEGIN + 31 * SECOND), 30 * SECOND);
	hearing_note(&hearing, BEGIN + 20 * SECOND);
	hearing_note(&hearing, BEGIN + 8 * SECOND); /* reported late */
	assert_int_equal(hearing_gap(&hearing, BEGIN + SECOND, BEGIN + 31 * SECOND), 12 * SECOND);
	assert_int_equal(hearing_gap(&hearing, BEGIN + 19 * SECOND, BEGIN + 25 * SECOND), 5 * SECOND);
	hearing_note(&hearing, BEGIN + 2000 * SECOND); /* what was before is forgotten */
	assert_int_equal(hearing_gap(&hearing, BEGIN + 1960 * SECOND, BEGIN + 2000 * SECOND), 40 * SECOND);
	assert_int_equal(hearing_gap(&hearing, BEGIN, BEGIN + MINUTE), SECOND); /* too far back: heard in each */
}

static void
who_falls_silent_with_others_and_comes_back_is_counted_by_network(void **unused)
{
	struct unheard unheard = { .count = 0 };
	uint32_t at = 0, target;

	(void)unused;
	for (uint32_t i = 0; i < 4; i++)
		unheard_add(&unheard, i, i / 2 + 1, BEGIN + i, BEGIN + 10);
	assert_int_equal(unheard_networks(&unheard, UNHEARD_OPEN, 0, BEGIN, BEGIN + 20), 2);
	assert_int_equal(unheard_networks(&unheard, UNHEARD_OPEN, 1, BEGIN, BEGIN + 20), 1);
	assert_int_equal(unheard_networks(&unheard, UNHEARD_OPEN, 0, BEGIN + 10, BEGIN + 20), 0);
	assert_true(unheard_next(&unheard, &at, BEGIN, BEGIN + 20, &target));
	assert_int_equal(target, 0);
	unheard_end(&unheard, 0, UNHEARD_BACK);
	unheard_end(&unheard, 1, UNHEARD_SLOW);
	unheard_add(&unheard, 2, 2, BEGIN + 30, BEGIN + 40); /* it failed again */
	assert_int_equal(unheard_networks(&unheard, UNHEARD_BACK, 0, BEGIN, BEGIN + 20), 1);
	assert_int_equal(unheard_networks(&unheard, UNHEARD_FAILED, 0, BEGIN, BEGIN + 20), 1);
	for (uint32_t i = 0; i < 3 * UNHEARD_KEPT; i++) /* the oldest go */
		unheard_add(&unheard, 9, 9, BEGIN + 100, BEGIN + 110);
	assert_int_equal(unheard_networks(&unheard, UNHEARD_BACK, 0, BEGIN, BEGIN + 20), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_suspects_and_nobody_heard_hold_confirmation),
		cmocka_unit_test(who_is_heard_between_suspicions_forbids_the_hold),
		cmocka_unit_test(what_was_heard_counts_at_its_own_instant),
		cmocka_unit_test(a_run_is_asked_for_the_whole_time_that_it_took),
		cmocka_unit_test(suspicions_far_apart_do_not_hold),
		cmocka_unit_test(only_those_that_fail_alike_are_taken_together),
		cmocka_unit_test(what_is_said_alike_ends_no_hold_of_those_that_say_it),
		cmocka_unit_test(where_few_are_watched_all_of_them_are_many),
		cmocka_unit_test(a_hold_runs_out_in_a_digest),
		cmocka_unit_test(silent_references_mean_blind_and_it_is_told_after_a_minute),
		cmocka_unit_test(references_are_doubted_only_after_rounds_that_began_later),
		cmocka_unit_test(references_that_are_silent_while_a_target_is_heard_are_dead),
		cmocka_unit_test(what_could_not_be_asked_is_not_silent),
		cmocka_unit_test(near_ones_prove_only_by_falling_silent),
		cmocka_unit_test(near_ones_that_are_silent_while_others_are_heard_do_not_count),
		cmocka_unit_test(a_cause_ends_by_what_it_concerns),
		cmocka_unit_test(a_forbidden_port_is_not_opened_by_another),
		cmocka_unit_test(a_cause_is_told_when_it_has_shown_itself_for_a_minute),
		cmocka_unit_test(spells_are_kept_and_become_one_where_there_are_many),
		cmocka_unit_test(the_longest_time_without_a_word_is_known),
		cmocka_unit_test(who_falls_silent_with_others_and_comes_back_is_counted_by_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
