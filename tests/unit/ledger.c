/* What a notifier is told, over random histories: no up without a down, no lost up, no repeats, few words after silence. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "keeper/ledger.h"

enum { HISTORIES = 2000, STEPS = 60 };

static uint32_t
next(uint32_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 17;
	return *random ^= *random << 5;
}

/* The world and a listener who hears only what is told. */
struct history {
	struct ledger ledger;
	bool down, silent, heard_down;

	uint64_t notice, last_up;
	uint32_t told, outages;
};

static void
hear(struct history *it, enum notice_kind kind)
{
	it->told++;
	switch (kind) {
	case NOTICE_down:
		assert_false(it->heard_down);
		it->heard_down = true;
		break;
	case NOTICE_up:
		assert_true(it->heard_down);
		it->heard_down = false;
		break;
	case NOTICE_outage:
		assert_false(it->heard_down);
		it->outages++;
		break;
	default:
		fail();
	}
	ledger_note(&it->ledger, &(struct ledger_word){ kind, "", it->notice, 0 });
}

static void
turns(struct history *it)
{
	enum notice_kind kind = it->down ? NOTICE_up : NOTICE_down;

	it->down = !it->down;
	it->notice++;
	if (!it->down)
		it->last_up = it->notice;
	if (it->silent)
		return;
	switch (ledger_judge(&it->ledger, kind, "")) {
	case LEDGER_TELL_NOTHING:
		return;
	case LEDGER_TELL:
		hear(it, kind);
		return;
	case LEDGER_TELL_OUTAGE:
		hear(it, NOTICE_outage);
		return;
	}
}

static void
silence_ends(struct history *it)
{
	struct ledger_truth truth = { it->down, !it->down && it->last_up > it->ledger.queued.notice };
	uint32_t told = it->told;

	it->silent = false;
	switch (ledger_compare(&it->ledger, &truth)) {
	case LATE_NOTHING:
		break;
	case LATE_DOWN:
		hear(it, NOTICE_down);
		break;
	case LATE_UP:
		hear(it, NOTICE_up);
		break;
	case LATE_OUTAGE:
		hear(it, NOTICE_outage);
		break;
	}
	assert_true(it->told <= told + 1);
}

static void
random_histories_are_told_right(void **state)
{
	uint32_t random = 4711;

	(void)state;
	for (int i = 0; i < HISTORIES; i++) {
		struct history it = { .silent = false };
		for (int step = 0; step < STEPS; step++) {
			uint32_t what = next(&random) % 4;
			if (what < 2)
				turns(&it);
			else if (what == 2)
				it.silent = true;
			else if (it.silent)
				silence_ends(&it);
			if (!it.silent) /* whoever listens knows what is true */
				assert_int_equal(it.heard_down, it.down);
		}
	}
}

static void
conditions_are_told_once(void **state)
{
	struct ledger ledger = { .queued.notice = 0 };

	(void)state;
	assert_int_equal(ledger_judge(&ledger, NOTICE_cleared, "slow"), LEDGER_TELL_NOTHING);
	assert_int_equal(ledger_judge(&ledger, NOTICE_degraded, "slow"), LEDGER_TELL);
	ledger_note(&ledger, &(struct ledger_word){ NOTICE_degraded, "slow_banner", 1, 0 });
	ledger_note(&ledger, &(struct ledger_word){ NOTICE_degraded, "slow", 2, 0 });
	ledger_note(&ledger, &(struct ledger_word){ NOTICE_blocked, "blocked", 3, 0 });
	assert_string_equal(ledger.queued.codes, "slow_banner:1 slow:2 blocked:3");
	assert_int_equal(ledger_judge(&ledger, NOTICE_degraded, "slow"), LEDGER_TELL_NOTHING);
	assert_int_equal(ledger_judge(&ledger, NOTICE_degraded, "slo"), LEDGER_TELL);
	ledger_note(&ledger, &(struct ledger_word){ NOTICE_cleared, "slow", 4, 0 });
	assert_string_equal(ledger.queued.codes, "slow_banner:1 blocked:3");
	ledger_note(&ledger, &(struct ledger_word){ NOTICE_cleared, "blocked", 5, 0 });
	assert_string_equal(ledger.queued.codes, "slow_banner:1");
	assert_int_equal(ledger.queued.notice, 0); /* that is of up and down */
}

/* What would not fit is not noted in part. */
static void
codes_have_an_end(void **state)
{
	struct ledger ledger = { .queued.notice = 0 };
	char code[OUTCOME_NAME_MAX];
	uint32_t count = 0;

	(void)state;
	for (; count < LEDGER_CODES_MAX; count++) {
		snprintf(code, sizeof code, "condition_%u", count);
		ledger_note(&ledger, &(struct ledger_word){ NOTICE_degraded, code, 1 + count, 0 });
		if (!ledger_has_code(&ledger, code))
			break;
	}
	assert_in_range(count, 64, LEDGER_CODES_MAX - 1);
	snprintf(code, sizeof code, "condition_%u", count - 1);
	assert_int_equal(ledger_opened(&ledger, NOTICE_cleared, code), count);
	assert_in_range(strlen(ledger.queued.codes), 1, LEDGER_CODES_MAX - 1);
}

static void
what_ends_dead_was_not_told(void **state)
{
	struct ledger ledger = { .queued.notice = 0 };

	(void)state;
	ledger_note(&ledger, &(struct ledger_word){ NOTICE_down, "", 1, 0 });
	ledger_sent(&ledger, &(struct ledger_word){ NOTICE_down, "", 1, 0 });
	ledger_note(&ledger, &(struct ledger_word){ NOTICE_up, "", 2, 0 });
	assert_int_equal(ledger_judge(&ledger, NOTICE_up, ""), LEDGER_TELL_OUTAGE);
	ledger_go_back(&ledger);
	assert_int_equal(ledger.queued.meaning, MEANING_DOWN);
	assert_int_equal(ledger.queued.notice, 1);
	assert_int_equal(ledger_compare(&ledger, &(struct ledger_truth){ .down = false }), LATE_UP);
}

static void
an_episode_of_flapping(void **state)
{
	struct ledger ledger = { .queued.notice = 0 };

	(void)state;
	assert_int_equal(ledger_judge(&ledger, NOTICE_settled, ""), LEDGER_TELL_NOTHING);
	assert_int_equal(ledger_judge(&ledger, NOTICE_changed, ""), LEDGER_TELL_NOTHING);
	assert_int_equal(ledger_judge(&ledger, NOTICE_flapping, ""), LEDGER_TELL);
	ledger_note(&ledger, &(struct ledger_word){ NOTICE_flapping, "", 1, 0 });
	assert_int_equal(ledger_judge(&ledger, NOTICE_down, ""), LEDGER_TELL);
	assert_int_equal(ledger_judge(&ledger, NOTICE_settled, ""), LEDGER_TELL);
	ledger_note(&ledger, &(struct ledger_word){ NOTICE_settled, "", 2, 0 });
	assert_int_equal(ledger.queued.meaning, MEANING_UP);
}

/* What was opened under a number is closed under that, whatever was told of it in between. */
static void
what_was_opened_is_known_by_its_first(void **state)
{
	struct ledger ledger = { .queued.notice = 0 };
	const char *list;
	struct ledger_code code;

	(void)state;
	assert_int_equal(ledger_opened(&ledger, NOTICE_down, ""), 0);
	ledger_note(&ledger, &(struct ledger_word){ NOTICE_flapping, "", 7, 0 });
	assert_int_equal(ledger_opened(&ledger, NOTICE_down, ""), 7);
	ledger_note(&ledger, &(struct ledger_word){ NOTICE_down, "", 9, 7 });
	assert_int_equal(ledger_opened(&ledger, NOTICE_up, ""), 7);
	assert_int_equal(ledger_opened(&ledger, NOTICE_reminder, ""), 7);
	assert_int_equal(ledger_opened(&ledger, NOTICE_cleared, "slow"), 0);
	ledger_note(&ledger, &(struct ledger_word){ NOTICE_degraded, "slow", 10, 0 });
	ledger_note(&ledger, &(struct ledger_word){ NOTICE_degraded, "slow", 12, 0 });
	assert_int_equal(ledger_opened(&ledger, NOTICE_cleared, "slow"), 10);
	ledger_note(&ledger, &(struct ledger_word){ NOTICE_up, "", 13, 7 });
	assert_int_equal(ledger_opened(&ledger, NOTICE_down, ""), 0);
	list = "slow:10 old";
	assert_true(ledger_next_code(&list, &code));
	assert_string_equal(code.name, "slow");
	assert_int_equal(code.opened, 10);
	assert_true(ledger_next_code(&list, &code));
	assert_string_equal(code.name, "old");
	assert_int_equal(code.opened, 0);
	assert_false(ledger_next_code(&list, &code));
}

static void
meanings_are_read_as_written(void **state)
{
	char text[MEANING_TEXT_MAX];
	uint64_t opened;

	(void)state;
	for (enum meaning meaning = MEANING_NOTHING; meaning < MEANINGS; meaning++) {
		meaning_write(text, meaning, 57);
		assert_int_equal(meaning_read(text, &opened), meaning);
		assert_int_equal(opened, meaning > MEANING_UP ? 57 : 0);
	}
	assert_int_equal(meaning_read("down", &opened), MEANING_DOWN);
	assert_int_equal(opened, 0);
	assert_int_equal(meaning_read("downwards:3", NULL), MEANING_NOTHING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_histories_are_told_right),
		cmocka_unit_test(conditions_are_told_once),
		cmocka_unit_test(codes_have_an_end),
		cmocka_unit_test(what_ends_dead_was_not_told),
		cmocka_unit_test(what_was_opened_is_known_by_its_first),
		cmocka_unit_test(meanings_are_read_as_written),
		cmocka_unit_test(an_episode_of_flapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
