/* Every cell of every table of rules, and that all of them can be printed. */
#include "rules_world.h"

#include "monitor/attempt.h"
#include "monitor/blind.h"
#include "monitor/hold.h"

struct expected_move {
	enum state from;
	enum signal signal;
	enum state to;
	enum notice_kind tell;
	bool avoided;
};

/* rules.md, section 2, written out: what is not here stays and tells nothing. */
static const struct expected_move expected[] = {
	{ STATE_PENDING, SIGNAL_PASSED, STATE_UP, NOTICE_none, false },
	{ STATE_PENDING, SIGNAL_PASSED_ENOUGH, STATE_UP, NOTICE_none, false },
	{ STATE_PENDING, SIGNAL_FAILED, STATE_SUSPECT, NOTICE_none, false },
	{ STATE_PENDING, SIGNAL_FAILED_ENOUGH, STATE_DOWN, NOTICE_down, false },
	{ STATE_PENDING, SIGNAL_FAILED_OTHERWISE, STATE_SUSPECT, NOTICE_none, false },
	{ STATE_UP, SIGNAL_FAILED, STATE_SUSPECT, NOTICE_none, false },
	{ STATE_UP, SIGNAL_FAILED_ENOUGH, STATE_DOWN, NOTICE_down, false },
	{ STATE_UP, SIGNAL_FAILED_OTHERWISE, STATE_SUSPECT, NOTICE_none, false },
	{ STATE_SUSPECT, SIGNAL_PASSED, STATE_UP, NOTICE_none, true },
	{ STATE_SUSPECT, SIGNAL_PASSED_ENOUGH, STATE_UP, NOTICE_none, true },
	{ STATE_SUSPECT, SIGNAL_FAILED_ENOUGH, STATE_DOWN, NOTICE_down, false },
	{ STATE_DOWN, SIGNAL_PASSED, STATE_RECOVERING, NOTICE_none, false },
	{ STATE_DOWN, SIGNAL_PASSED_ENOUGH, STATE_UP, NOTICE_up, false },
	{ STATE_DOWN, SIGNAL_FAILED_OTHERWISE, STATE_DOWN, NOTICE_changed, false },
	{ STATE_RECOVERING, SIGNAL_PASSED_ENOUGH, STATE_UP, NOTICE_up, false },
	{ STATE_RECOVERING, SIGNAL_FAILED, STATE_DOWN, NOTICE_none, false },
	{ STATE_RECOVERING, SIGNAL_FAILED_ENOUGH, STATE_DOWN, NOTICE_none, false },
	{ STATE_RECOVERING, SIGNAL_FAILED_OTHERWISE, STATE_DOWN, NOTICE_none, false },
};

static struct expected_move
expect_move(enum state from, enum signal signal)
{
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		if (expected[i].from == from && expected[i].signal == signal)
			return expected[i];
	return (struct expected_move){ from, signal, from, NOTICE_none, false };
}

static void
state_moves_as_the_rules_say(void **unused)
{
	(void)unused;
	for (enum state from = STATE_PENDING; from < STATES; from++)
		for (enum signal signal = SIGNAL_NONE; signal < SIGNALS; signal++) {
			struct expected_move want = expect_move(from, signal);
			struct state_move move = state_move(from, signal);
			assert_int_equal(move.to, want.to);
			assert_int_equal(move.tell, want.tell);
			assert_int_equal(move.avoided, want.avoided);
		}
}

static void
down_is_told_once_and_up_only_after_it(void **unused)
{
	(void)unused;
	for (enum state from = STATE_PENDING; from < STATES; from++)
		for (enum signal signal = SIGNAL_NONE; signal < SIGNALS; signal++) {
			struct state_move move = state_move(from, signal);
			assert_int_equal(move.tell == NOTICE_down, !state_is_down(from) && state_is_down(move.to));
			assert_int_equal(move.tell == NOTICE_up, state_is_down(from) && !state_is_down(move.to));
			assert_true(move.tell != NOTICE_changed || from == STATE_DOWN);
		}
}

static void
conditions_move_as_the_rules_say(void **unused)
{
	static const struct {
		enum stage from;
		enum sight sight;
		enum stage to;
		enum condition_tell tell;
	} want[] = {
		{ STAGE_ABSENT, SIGHT_SHOWN, STAGE_SEEN, CONDITION_TELL_NOBODY },
		{ STAGE_ABSENT, SIGHT_SHOWN_ENOUGH, STAGE_STANDING, CONDITION_TELL_RAISED },
		{ STAGE_SEEN, SIGHT_SHOWN_ENOUGH, STAGE_STANDING, CONDITION_TELL_RAISED },
		{ STAGE_SEEN, SIGHT_MISSED, STAGE_ABSENT, CONDITION_TELL_NOBODY },
		{ STAGE_SEEN, SIGHT_MISSED_ENOUGH, STAGE_ABSENT, CONDITION_TELL_NOBODY },
		{ STAGE_SEEN, SIGHT_REPLACED, STAGE_ABSENT, CONDITION_TELL_NOBODY },
		{ STAGE_STANDING, SIGHT_MISSED, STAGE_FADING, CONDITION_TELL_NOBODY },
		{ STAGE_STANDING, SIGHT_MISSED_ENOUGH, STAGE_ABSENT, CONDITION_TELL_CLEARED },
		{ STAGE_STANDING, SIGHT_REPLACED, STAGE_ABSENT, CONDITION_TELL_NOBODY },
		{ STAGE_FADING, SIGHT_SHOWN, STAGE_STANDING, CONDITION_TELL_NOBODY },
		{ STAGE_FADING, SIGHT_SHOWN_ENOUGH, STAGE_STANDING, CONDITION_TELL_NOBODY },
		{ STAGE_FADING, SIGHT_MISSED_ENOUGH, STAGE_ABSENT, CONDITION_TELL_CLEARED },
		{ STAGE_FADING, SIGHT_REPLACED, STAGE_ABSENT, CONDITION_TELL_NOBODY },
	};

	(void)unused;
	for (enum stage from = STAGE_ABSENT; from < STAGES; from++)
		for (enum sight sight = SIGHT_SHOWN; sight < SIGHTS; sight++) {
			struct condition_move move = condition_move(from, sight), right = { from, CONDITION_TELL_NOBODY };
			for (size_t i = 0; i < sizeof want / sizeof *want; i++)
				if (want[i].from == from && want[i].sight == sight)
					right = (struct condition_move){ want[i].to, want[i].tell };
			assert_int_equal(move.to, right.to);
			assert_int_equal(move.tell, right.tell);
		}
}

static void
episodes_begin_and_end_as_the_rules_say(void **unused)
{
	(void)unused;
	assert_int_equal(flap_move(FLAP_STEADY, FLAP_DOWN).tell, NOTICE_down);
	assert_int_equal(flap_move(FLAP_STEADY, FLAP_DOWN).to, FLAP_STEADY);
	assert_int_equal(flap_move(FLAP_STEADY, FLAP_DOWN_OFTEN).tell, NOTICE_flapping);
	assert_int_equal(flap_move(FLAP_STEADY, FLAP_DOWN_OFTEN).to, FLAP_FLAPPING);
	assert_int_equal(flap_move(FLAP_STEADY, FLAP_STILL_DOWN).tell, NOTICE_none);
	assert_int_equal(flap_move(FLAP_STEADY, FLAP_STILL_DOWN).to, FLAP_STEADY);
	assert_int_equal(flap_move(FLAP_STEADY, FLAP_QUIET).tell, NOTICE_none);
	assert_int_equal(flap_move(FLAP_STEADY, FLAP_QUIET).to, FLAP_STEADY);
	for (enum flap_event event = FLAP_DOWN; event <= FLAP_DOWN_OFTEN; event++) {
		assert_int_equal(flap_move(FLAP_FLAPPING, event).tell, NOTICE_down);
		assert_int_equal(flap_move(FLAP_FLAPPING, event).to, FLAP_FLAPPING);
	}
	assert_int_equal(flap_move(FLAP_FLAPPING, FLAP_STILL_DOWN).tell, NOTICE_down);
	assert_int_equal(flap_move(FLAP_FLAPPING, FLAP_STILL_DOWN).to, FLAP_STEADY);
	assert_int_equal(flap_move(FLAP_FLAPPING, FLAP_QUIET).tell, NOTICE_settled);
	assert_int_equal(flap_move(FLAP_FLAPPING, FLAP_QUIET).to, FLAP_STEADY);
}

static void
blindness_is_told_once_and_only_after_a_while(void **unused)
{
	(void)unused;
	for (enum blind_stage from = BLIND_SEEING; from < BLIND_STAGES; from++)
		for (enum blind_sign sign = SIGN_CLEAR; sign < BLIND_SIGNS; sign++) {
			struct blind_move move = blind_move(from, sign);
			assert_int_equal(move.to, sign == SIGN_CLEAR ? BLIND_SEEING : sign == SIGN_CUT_OFF_LONG
			        || from == BLIND_TOLD ? BLIND_TOLD : BLIND_CUT_OFF);
			assert_int_equal(move.tell, from != BLIND_TOLD && move.to == BLIND_TOLD ? BLIND_TELL_BLIND
			    : from == BLIND_TOLD && move.to == BLIND_SEEING ? BLIND_TELL_OVER : BLIND_TELL_NOBODY);
		}
}

static void
a_hold_ends_with_a_pass_or_in_a_digest(void **unused)
{
	(void)unused;
	for (enum hold_stage from = HOLD_FREE; from < HOLD_STAGES; from++)
		for (enum hold_event event = HOLD_HEARD; event < HOLD_EVENTS; event++) {
			struct hold_move move = hold_move(from, event), want = { from, HOLD_NOTHING };
			if (event == HOLD_HEARD)
				want = (struct hold_move){ HOLD_FREE, from == HOLD_HOLDING ? HOLD_END : HOLD_NOTHING };
			else if (from == HOLD_FREE && event == HOLD_MANY)
				want = (struct hold_move){ HOLD_HOLDING, HOLD_BEGIN };
			else if (from == HOLD_HOLDING && event == HOLD_TIME_UP)
				want = (struct hold_move){ HOLD_RUN_OUT, HOLD_DIGEST };
			assert_int_equal(move.to, want.to);
			assert_int_equal(move.act, want.act);
		}
}

static void
reasons_silence_what_the_rules_say(void **unused)
{
	char bytes[256];
	struct text names = TEXT_OVER(bytes);

	(void)unused;
	assert_int_equal(silence_of(SILENCE_flapping, NOTICE_down), SILENCE_flapping);
	assert_int_equal(silence_of(SILENCE_flapping, NOTICE_flapping), 0);
	assert_int_equal(silence_of(SILENCE_flapping, NOTICE_settled), 0);
	assert_int_equal(silence_of(SILENCE_flapping, NOTICE_blocked), 0);
	assert_int_equal(silence_of(SILENCE_down, NOTICE_down), 0);
	assert_int_equal(silence_of(SILENCE_down, NOTICE_degraded), SILENCE_down);
	assert_int_equal(silence_of(SILENCE_acknowledged, NOTICE_up), 0);
	assert_int_equal(silence_of(SILENCE_acknowledged, NOTICE_reminder), SILENCE_acknowledged);
	for (enum notice_kind kind = NOTICE_none + 1; kind < NOTICE_KINDS; kind++) {
		assert_int_equal(silence_of(SILENCE_parent, kind), SILENCE_parent);
		assert_int_equal(silence_of(SILENCE_paused | SILENCE_window, kind), SILENCE_paused | SILENCE_window);
		assert_int_equal(silence_of(0, kind), 0);
	}
	silence_add_names(&names, SILENCE_parent | SILENCE_digest);
	assert_string_equal(bytes, "parent digest");
}

static void
a_down_parent_silences_and_an_unplain_one_waits(void **unused)
{
	(void)unused;
	for (int looked = 0; looked < 2; looked++) {
		assert_int_equal(silence_of_ancestor(STATE_DOWN, looked), SILENCE_parent);
		assert_int_equal(silence_of_ancestor(STATE_RECOVERING, looked), SILENCE_parent);
		assert_int_equal(silence_of_ancestor(STATE_SUSPECT, looked), SILENCE_parent_unplain);
		assert_int_equal(silence_of_ancestor(STATE_UP, looked), looked ? 0 : SILENCE_parent_unplain);
		assert_int_equal(silence_of_ancestor(STATE_PENDING, looked), looked ? 0 : SILENCE_parent_unplain);
	}
}

static void
every_cell_of_every_table_has_words(void **unused)
{
	const struct rule_table *table;
	size_t count = 0;

	(void)unused;
	for (; (table = rule_table(count)) != NULL; count++)
		for (size_t row = 0; row < table->rows; row++)
			for (size_t column = 0; column < table->columns; column++) {
				assert_non_null(table->heads[column]);
				assert_non_null(table->cell(row, column));
				assert_true(table->cell(row, column)[0] != '\0');
			}
	assert_int_equal(count, 11);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_moves_as_the_rules_say),
		cmocka_unit_test(down_is_told_once_and_up_only_after_it),
		cmocka_unit_test(conditions_move_as_the_rules_say),
		cmocka_unit_test(episodes_begin_and_end_as_the_rules_say),
		cmocka_unit_test(blindness_is_told_once_and_only_after_a_while),
		cmocka_unit_test(a_hold_ends_with_a_pass_or_in_a_digest),
		cmocka_unit_test(reasons_silence_what_the_rules_say),
		cmocka_unit_test(a_down_parent_silences_and_an_unplain_one_waits),
		cmocka_unit_test(every_cell_of_every_table_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
