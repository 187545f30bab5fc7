/*
 * Attempts by hand, replayed under what is configured (tries 3, retry_interval 20 s, interval 1 min) and under other
 * settings: what both tell, and what of it is not known.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "monitor/replay.h"

#define MINUTE (60 * (int64_t)SECOND)
#define BEGIN  INT64_C(1700000000000000)

static const struct pw_probe_ops ops = { .size = sizeof ops };
static const struct pw_plugin descriptor = { .ops = &ops };
static const struct plugin plugin = { .descriptor = &descriptor };
static const struct phase_plan phases[] = { { .name = "resolve" }, { .name = "connect" }, { .name = "banner" },
	{ .name = "ehlo" } };

struct tape {
	struct policy configured, tried;
	struct phase_plan tried_phases[4];
	struct replay_settings settings;
	struct replayer replayer;
	struct replay replay;
	char told[REPLAY_LANES][512];
	unsigned doubt; /* of all that the settings tried told */
	uint64_t runs;
};

static void
write_down(void *arg, enum replay_which which, const struct news *news, unsigned doubt)
{
	struct tape *tape = arg;
	char *told = tape->told[which];

	tape->doubt |= which == REPLAY_TRIED ? doubt : 0;
	assert_true(which == REPLAY_TRIED || !(doubt & REPLAY_ROUTINE));
	if (news->avoided)
		strcat(told, "avoided ");
	for (uint32_t i = 0; i < news->count; i++) {
		assert_in_range(strlen(told), 0, sizeof tape->told[which] - 64);
		snprintf(told + strlen(told), 64, "%s@%d%s ", notice_name(news->changes[i].kind),
		    (int)((news->changes[i].confirmed.utc - BEGIN) / SECOND), news->changes[i].silence == 0 ? "" : "-");
	}
}

static int
set_up(void **state)
{
	static struct tape tape;

	tape = (struct tape){ .configured = { .probe = &plugin, .interval = MINUTE, .retry_interval = 20 * SECOND,
	    .flap_window = 30 * MINUTE, .tempfail_grace = 5 * MINUTE, .stale_after = 5 * MINUTE, .tries = 3, .recover_tries = 2,
	    .leg = { .routine = 30 * SECOND, .patient = 60 * SECOND }, .phase_count = 4, .phases = phases } };
	tape.tried = tape.configured;
	memcpy(tape.tried_phases, phases, sizeof phases);
	tape.tried.phases = tape.tried_phases;
	tape.settings = (struct replay_settings){ .policies = { &tape.configured, &tape.tried } };
	tape.replayer = (struct replayer){ .codes = codes_create(), .told = write_down, .arg = &tape };
	*state = &tape;
	return 0;
}

static int
tear_down(void **state)
{
	struct tape *tape = *state;

	replay_fini(&tape->replay);
	codes_destroy(&tape->replayer.codes);
	return 0;
}

/* `.` passes, `x` is refused, `t` is not answered in time, `?` tells nothing, `b` we were blind. */
static void
run(struct tape *tape, double at, char what, uint32_t flags)
{
	static const int64_t passed[] = { 0, 1000, 2 * (int64_t)SECOND, 1000 };
	const char *outcome = what == '.' ? "ok" : what == 'x' ? "refused" : what == 't' ? "banner_timeout"
	    : what == 'b' ? "blind" : "resolver";
	int64_t started = BEGIN + (int64_t)(at * SECOND);

	assert_true(replay_run(&tape->replayer, &tape->replay, &tape->settings, &(struct replay_run){ .run = ++tape->runs,
	    .started = started, .ended = started + 1000, .verdict = what == '.' ? PW_OK : what == 'x' || what == 't' ? PW_FAILED
	    : PW_UNKNOWN, .flags = flags | (what == 'x' || what == '.' ? REPORT_SPOKEN : 0), .outcome = outcome,
	    .phase_count = what == '.' ? 4 : 0, .phases = passed }));
}

static void
run_all(struct tape *tape, double from, double every, const char *runs)
{
	for (; *runs != '\0'; runs++, from += every)
		run(tape, from, *runs, 0);
}

/* Long enough up, so that it is not new. */
static void
stand(struct tape *tape)
{
	run_all(tape, 0, 60, "...............");
}
enum { THEN = 900 };

#define TOLD(tape, configured_, tried_) \
	do { \
		assert_string_equal((tape)->told[REPLAY_CONFIGURED], configured_); \
		assert_string_equal((tape)->told[REPLAY_TRIED], tried_); \
	} while (0)

static void
fewer_tries_confirm_sooner(void **state)
{
	struct tape *tape = *state;

	tape->tried.tries = 2;
	stand(tape);
	run_all(tape, THEN, 20, "xxx");
	run_all(tape, THEN + 60, 60, "xx");
	run_all(tape, THEN + 180, 20, "..");
	TOLD(tape, "down@940 up@1100 ", "down@920 up@1100 ");
	assert_int_equal(tape->doubt, 0);
	assert_int_equal(tape->replay.lanes[REPLAY_TRIED].unmade, 0);
}

static void
what_was_avoided_is_an_outage_of_fewer_tries(void **state)
{
	struct tape *tape = *state;

	tape->tried.tries = 2;
	stand(tape);
	run_all(tape, THEN, 20, "xx.");
	run_all(tape, THEN + 60, 60, "..");
	TOLD(tape, "avoided ", "down@920 up@1020 ");
	assert_int_equal(tape->doubt, 0);
}

static void
a_routine_attempt_says_nothing_of_a_patient_one(void **state)
{
	struct tape *tape = *state;

	tape->tried.tries = 2;
	stand(tape);
	run_all(tape, THEN, 20, "tt.");
	run_all(tape, THEN + 60, 60, "..");
	TOLD(tape, "avoided ", "down@920 up@1020 ");
	assert_int_equal(tape->doubt, REPLAY_ROUTINE);
}

/* Every two minutes: three attempts of a suspicion that would have gone on were not made. */
static void
go_down_for_a_while(struct tape *tape, uint16_t tries)
{
	tape->configured.interval = tape->tried.interval = 2 * MINUTE;
	tape->tried.tries = tries;
	run_all(tape, 0, 120, "...............");
	run_all(tape, 1800, 20, "xxx");
	run_all(tape, 1920, 20, "..");
	TOLD(tape, "down@1840 up@1940 ", "avoided ");
	assert_int_equal(tape->replay.lanes[REPLAY_TRIED].unmade, 3);
	assert_int_equal(tape->replay.lanes[REPLAY_CONFIGURED].unmade, 0);
}

static void
attempts_that_nobody_made_are_not_guessed(void **state)
{
	struct tape *tape = *state;

	go_down_for_a_while(tape, 6);
	assert_int_equal(tape->doubt, REPLAY_UNMADE);
}

static void
a_false_alarm_is_one_whatever_they_had_seen(void **state)
{
	struct tape *tape = *state;

	go_down_for_a_while(tape, 7);
	assert_int_equal(tape->doubt, 0);
}

static void
a_longer_interval_takes_fewer_of_what_was_made(void **state)
{
	struct tape *tape = *state;

	tape->tried.interval = 5 * MINUTE;
	stand(tape); /* it takes those at 0, 300, 600 and 900 */
	run(tape, THEN, '.', 0);
	run_all(tape, 960, 20, "xxx");
	run_all(tape, 1020, 60, "xx.");
	run(tape, 1160, '.', 0);
	run(tape, 1200, '.', 0);
	TOLD(tape, "down@1000 up@1160 ", "");
	assert_int_equal(tape->replay.lanes[REPLAY_TRIED].state.ended.utc, BEGIN + 1200 * (int64_t)SECOND + 1000);
	assert_int_equal(tape->replay.lanes[REPLAY_TRIED].unmade, 0);
}

static void
a_shorter_interval_lacks_what_nobody_made(void **state)
{
	struct tape *tape = *state;

	tape->tried.interval = 20 * SECOND;
	stand(tape);
	TOLD(tape, "", "");
	assert_int_equal(tape->replay.lanes[REPLAY_TRIED].unmade, 14 * 2);
	assert_int_equal(tape->replay.lanes[REPLAY_CONFIGURED].unmade, 0);
}

static void
a_longer_retry_interval_leaves_out_what_comes_sooner(void **state)
{
	struct tape *tape = *state;

	tape->tried.retry_interval = 60 * SECOND;
	stand(tape);
	run_all(tape, THEN, 20, "xxx"); /* at 900 and, behind that, at 960 and 1020 */
	run_all(tape, 960, 60, "xxx");
	TOLD(tape, "down@940 ", "down@1020 ");
	assert_int_equal(tape->doubt, 0);
}

static void
slowness_goes_by_the_times_that_were_kept(void **state)
{
	struct tape *tape = *state;

	tape->tried_phases[2].slow = SECOND; /* banners take 2 s */
	tape->settings.slow_differs = true;
	run_all(tape, 0, 60, "...");
	TOLD(tape, "", "degraded@120 ");
}

static void
a_run_by_hand_is_no_attempt(void **state)
{
	struct tape *tape = *state;

	stand(tape);
	for (int i = 0; i < 4; i++)
		run(tape, THEN + i, 'x', RESULT_BY_HAND);
	TOLD(tape, "", "");
}

static void
attempts_with_hours_between_them_are_not_in_a_row(void **state)
{
	struct tape *tape = *state;

	stand(tape);
	run_all(tape, THEN, 20, "xx");
	run(tape, THEN + 7200, 'x', 0);
	run(tape, THEN + 7220, '.', 0);
	TOLD(tape, "avoided ", "avoided ");
	assert_int_equal(tape->replay.lanes[REPLAY_TRIED].unmade, 0);
}

static void
what_was_held_is_confirmed_when_it_was(void **state)
{
	struct tape *tape = *state;

	tape->tried.tries = 2;
	stand(tape);
	run(tape, THEN, 't', RESULT_HELD);
	assert_false(replay_waits(&tape->replay));
	run(tape, THEN + 20, 't', RESULT_HELD);
	assert_true(replay_waits(&tape->replay)); /* under the settings tried alone */
	assert_true(replay_heard(&tape->replayer, &tape->replay, &tape->settings, BEGIN + (THEN + 5) * (int64_t)SECOND));
	TOLD(tape, "", "");
	assert_true(replay_heard(&tape->replayer, &tape->replay, &tape->settings, BEGIN + (THEN + 25) * (int64_t)SECOND));
	TOLD(tape, "", "down@925 ");
	assert_false(replay_waits(&tape->replay));
	run(tape, THEN + 40, 't', RESULT_HELD);
	TOLD(tape, "", "down@925 ");
	const struct replay_confirmation other = { BEGIN, BEGIN + (THEN + 47) * (int64_t)SECOND, 0 },
	    it = { BEGIN + THEN * (int64_t)SECOND, BEGIN + (THEN + 47) * (int64_t)SECOND, 0 };
	assert_true(replay_confirmed(&tape->replayer, &tape->replay, &tape->settings, &other));
	TOLD(tape, "", "down@925 ");
	assert_true(replay_confirmed(&tape->replayer, &tape->replay, &tape->settings, &it));
	TOLD(tape, "down@947 ", "down@925 ");
}

static void
what_was_ours_is_not_theirs(void **state)
{
	struct tape *tape = *state;

	tape->tried.tries = 2;
	stand(tape);
	run_all(tape, THEN, 60, "bbb??.");
	TOLD(tape, "", "");
}

static void
a_pause_keeps_silent(void **state)
{
	struct tape *tape = *state;

	stand(tape);
	for (int i = 0; i < 3; i++) {
		int64_t at = BEGIN + (THEN + 20 * i) * (int64_t)SECOND;
		assert_true(replay_run(&tape->replayer, &tape->replay, &tape->settings, &(struct replay_run){ .run = 100,
		    .started = at, .ended = at, .verdict = PW_FAILED, .flags = REPORT_SPOKEN, .paused = true, .outcome = "refused" }));
	}
	TOLD(tape, "down@940- ", "down@940- ");
}

/* Clocks are set, and a store may hold anything. */
static void
time_that_goes_back_does_no_harm(void **state)
{
	struct tape *tape = *state;

	tape->tried.tries = 7;
	tape->tried.interval = 7 * SECOND;
	for (int i = 0; i < 300; i++)
		run(tape, (i * 7919) % 4001, "..xt?bx"[i % 7], i % 5 == 0 ? RESULT_FLAGS - 1 - RESULT_BY_HAND : 0);
	assert_true(replay_run(&tape->replayer, &tape->replay, &tape->settings, &(struct replay_run){ .started = 1, .ended = 0,
	    .verdict = PW_DEGRADED, .outcome = "no such outcome \x1b[2J", .phase_count = 0 }));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(fewer_tries_confirm_sooner),
		TEST(what_was_avoided_is_an_outage_of_fewer_tries),
		TEST(a_routine_attempt_says_nothing_of_a_patient_one),
		TEST(attempts_that_nobody_made_are_not_guessed),
		TEST(a_false_alarm_is_one_whatever_they_had_seen),
		TEST(a_longer_interval_takes_fewer_of_what_was_made),
		TEST(a_shorter_interval_lacks_what_nobody_made),
		TEST(a_longer_retry_interval_leaves_out_what_comes_sooner),
		TEST(slowness_goes_by_the_times_that_were_kept),
		TEST(a_run_by_hand_is_no_attempt),
		TEST(attempts_with_hours_between_them_are_not_in_a_row),
		TEST(what_was_held_is_confirmed_when_it_was),
		TEST(what_was_ours_is_not_theirs),
		TEST(a_pause_keeps_silent),
		TEST(time_that_goes_back_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
