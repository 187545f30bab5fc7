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
#include "monitor/observe.h"

#define MINUTE (60 * (int64_t)SECOND)
#define BEGIN  INT64_C(1700000000000000)

static const struct pw_probe_ops ops = { .size = sizeof ops };
static const struct pw_plugin descriptor = { .ops = &ops };
static const struct plugin plugin = { .descriptor = &descriptor };
static const struct phase_plan phases[] = { { .name = "resolve" }, { .name = "connect" }, { .name = "banner" },
	{ .name = "ehlo" } };

struct fixture {
	struct policy configured, tried;
	struct phase_plan tried_phases[4];
	struct replay_settings settings;
	struct replayer replayer;
	struct replay replay;
	char told[REPLAY_MACHINES][512];
	unsigned doubt; /* of all that the settings tried told */
	uint64_t runs;
};

static void
write_down(void *arg, enum replay_which which, const struct run_effects *effects, unsigned doubt)
{
	struct fixture *fixture = arg;
	char *told = fixture->told[which];

	fixture->doubt |= which == REPLAY_TRIED ? doubt : 0;
	assert_true(which == REPLAY_TRIED || !(doubt & REPLAY_ROUTINE));
	if (effects->avoided)
		snprintf(told + strlen(told), 16, "avoided ");
	for (uint32_t i = 0; i < effects->count; i++) {
		assert_in_range(strlen(told), 0, sizeof fixture->told[which] - 64);
		snprintf(told + strlen(told), 64, "%s@%d%s ", notice_name(effects->changes[i].kind),
		    (int)((effects->changes[i].confirmed.utc - BEGIN) / SECOND), effects->changes[i].silence == 0 ? "" : "-");
	}
}

static int
set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){ .configured = { .probe = &plugin, .interval = MINUTE, .retry_interval = 20 * SECOND,
	    .flap_window = 30 * MINUTE, .tempfail_grace = 5 * MINUTE, .stale_after = 5 * MINUTE, .tries = 3, .recover_tries = 2,
	    .leg = { .routine = 30 * SECOND, .patient = 60 * SECOND }, .phase_count = 4, .phases = phases } };
	fixture.tried = fixture.configured;
	memcpy(fixture.tried_phases, phases, sizeof phases);
	fixture.tried.phases = fixture.tried_phases;
	fixture.settings = (struct replay_settings){ .policies = { &fixture.configured, &fixture.tried } };
	fixture.replayer = (struct replayer){ .codes = codes_create(), .told = write_down, .arg = &fixture };
	*state = &fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	replay_fini(&fixture->replay);
	codes_destroy(&fixture->replayer.codes);
	return 0;
}

/* `.` passes, `x` is refused, `t` is not answered in time, `?` tells nothing, `b` we were blind. */
static void
run(struct fixture *fixture, double at, char what, uint32_t flags)
{
	static const int64_t passed[] = { 0, 1000, 2 * (int64_t)SECOND, 1000 };
	const char *outcome = what == '.' ? "ok" : what == 'x' ? "refused" : what == 't' ? "banner_timeout"
	    : what == 'b' ? "blind" : "resolver";
	int64_t started = BEGIN + (int64_t)(at * SECOND);

	assert_true(replay_run(&fixture->replayer, &fixture->replay, &fixture->settings, &(struct replay_run){ .run = ++fixture->runs,
	    .started = started, .ended = started + 1000, .verdict = what == '.' ? PW_OK : what == 'x' || what == 't' ? PW_FAILED
	    : PW_UNKNOWN, .flags = flags | (what == 'x' || what == '.' ? REPORT_SPOKEN : 0), .outcome = outcome,
	    .phase_count = what == '.' ? 4 : 0, .phases = passed }));
}

static void
run_all(struct fixture *fixture, double from, double every, const char *runs)
{
	for (; *runs != '\0'; runs++, from += every)
		run(fixture, from, *runs, 0);
}

/* Long enough up, so that it is not new. */
static void
stand(struct fixture *fixture)
{
	run_all(fixture, 0, 60, "...............");
}
enum { THEN = 900 };

#define TOLD(fixture, configured_, tried_) \
	do { \
		assert_string_equal((fixture)->told[REPLAY_CONFIGURED], configured_); \
		assert_string_equal((fixture)->told[REPLAY_TRIED], tried_); \
	} while (0)

static void
fewer_tries_confirm_sooner(void **state)
{
	struct fixture *fixture = *state;

	fixture->tried.tries = 2;
	stand(fixture);
	run_all(fixture, THEN, 20, "xxx");
	run_all(fixture, THEN + 60, 60, "xx");
	run_all(fixture, THEN + 180, 20, "..");
	TOLD(fixture, "down@940 up@1100 ", "down@920 up@1100 ");
	assert_int_equal(fixture->doubt, 0);
	assert_int_equal(fixture->replay.machines[REPLAY_TRIED].unmade, 0);
}

static void
what_was_avoided_is_an_outage_of_fewer_tries(void **state)
{
	struct fixture *fixture = *state;

	fixture->tried.tries = 2;
	stand(fixture);
	run_all(fixture, THEN, 20, "xx.");
	run_all(fixture, THEN + 60, 60, "..");
	TOLD(fixture, "avoided ", "down@920 up@1020 ");
	assert_int_equal(fixture->doubt, 0);
}

static void
a_routine_attempt_says_nothing_of_a_patient_one(void **state)
{
	struct fixture *fixture = *state;

	fixture->tried.tries = 2;
	stand(fixture);
	run_all(fixture, THEN, 20, "tt.");
	run_all(fixture, THEN + 60, 60, "..");
	TOLD(fixture, "avoided ", "down@920 up@1020 ");
	assert_int_equal(fixture->doubt, REPLAY_ROUTINE);
}

/* Every two minutes: three attempts of a suspicion that would have gone on were not made. */
static void
go_down_for_a_while(struct fixture *fixture, uint16_t tries)
{
	fixture->configured.interval = fixture->tried.interval = 2 * MINUTE;
	fixture->tried.tries = tries;
	run_all(fixture, 0, 120, "...............");
	run_all(fixture, 1800, 20, "xxx");
	run_all(fixture, 1920, 20, "..");
	TOLD(fixture, "down@1840 up@1940 ", "avoided ");
	assert_int_equal(fixture->replay.machines[REPLAY_TRIED].unmade, 3);
	assert_int_equal(fixture->replay.machines[REPLAY_CONFIGURED].unmade, 0);
}

static void
attempts_that_nobody_made_are_not_guessed(void **state)
{
	struct fixture *fixture = *state;

	go_down_for_a_while(fixture, 6);
	assert_int_equal(fixture->doubt, REPLAY_UNMADE);
}

static void
a_false_alarm_is_one_whatever_they_had_seen(void **state)
{
	struct fixture *fixture = *state;

	go_down_for_a_while(fixture, 7);
	assert_int_equal(fixture->doubt, 0);
}

static void
a_longer_interval_takes_fewer_of_what_was_made(void **state)
{
	struct fixture *fixture = *state;

	fixture->tried.interval = 5 * MINUTE;
	stand(fixture); /* it takes those at 0, 300, 600 and 900 */
	run(fixture, THEN, '.', 0);
	run_all(fixture, 960, 20, "xxx");
	run_all(fixture, 1020, 60, "xx.");
	run(fixture, 1160, '.', 0);
	run(fixture, 1200, '.', 0);
	TOLD(fixture, "down@1000 up@1160 ", "");
	assert_int_equal(fixture->replay.machines[REPLAY_TRIED].state.ended.utc, BEGIN + 1200 * (int64_t)SECOND + 1000);
	assert_int_equal(fixture->replay.machines[REPLAY_TRIED].unmade, 0);
}

static void
a_shorter_interval_lacks_what_nobody_made(void **state)
{
	struct fixture *fixture = *state;

	fixture->tried.interval = 20 * SECOND;
	stand(fixture);
	TOLD(fixture, "", "");
	assert_int_equal(fixture->replay.machines[REPLAY_TRIED].unmade, 14 * 2);
	assert_int_equal(fixture->replay.machines[REPLAY_CONFIGURED].unmade, 0);
}

static void
a_longer_retry_interval_leaves_out_what_comes_sooner(void **state)
{
	struct fixture *fixture = *state;

	fixture->tried.retry_interval = 60 * SECOND;
	stand(fixture);
	run_all(fixture, THEN, 20, "xxx"); /* at 900 and, behind that, at 960 and 1020 */
	run_all(fixture, 960, 60, "xxx");
	TOLD(fixture, "down@940 ", "down@1020 ");
	assert_int_equal(fixture->doubt, 0);
}

static void
slowness_goes_by_the_times_that_were_kept(void **state)
{
	struct fixture *fixture = *state;

	fixture->tried_phases[2].slow = SECOND; /* banners take 2 s */
	fixture->settings.slow_differs = true;
	run_all(fixture, 0, 60, "...");
	TOLD(fixture, "", "degraded@120 ");
}

static void
a_run_by_hand_is_no_attempt(void **state)
{
	struct fixture *fixture = *state;

	stand(fixture);
	for (int i = 0; i < 4; i++)
		run(fixture, THEN + i, 'x', RESULT_BY_HAND);
	TOLD(fixture, "", "");
}

static void
attempts_with_hours_between_them_are_not_in_a_row(void **state)
{
	struct fixture *fixture = *state;

	stand(fixture);
	run_all(fixture, THEN, 20, "xx");
	run(fixture, THEN + 7200, 'x', 0);
	run(fixture, THEN + 7220, '.', 0);
	TOLD(fixture, "avoided ", "avoided ");
	assert_int_equal(fixture->replay.machines[REPLAY_TRIED].unmade, 0);
}

static void
what_was_held_is_confirmed_when_it_was(void **state)
{
	struct fixture *fixture = *state;

	fixture->tried.tries = 2;
	stand(fixture);
	run(fixture, THEN, 't', RESULT_HELD);
	assert_false(replay_waits(&fixture->replay));
	run(fixture, THEN + 20, 't', RESULT_HELD);
	assert_true(replay_waits(&fixture->replay)); /* under the settings tried alone */
	assert_true(replay_heard(&fixture->replayer, &fixture->replay, &fixture->settings, BEGIN + (THEN + 5) * (int64_t)SECOND));
	TOLD(fixture, "", "");
	assert_true(replay_heard(&fixture->replayer, &fixture->replay, &fixture->settings, BEGIN + (THEN + 25) * (int64_t)SECOND));
	TOLD(fixture, "", "down@925 ");
	assert_false(replay_waits(&fixture->replay));
	run(fixture, THEN + 40, 't', RESULT_HELD);
	TOLD(fixture, "", "down@925 ");
	const struct replay_confirmation other = { BEGIN, BEGIN + (THEN + 47) * (int64_t)SECOND, 0 },
	    it = { BEGIN + THEN * (int64_t)SECOND, BEGIN + (THEN + 47) * (int64_t)SECOND, 0 };
	assert_true(replay_confirmed(&fixture->replayer, &fixture->replay, &fixture->settings, &other));
	TOLD(fixture, "", "down@925 ");
	assert_true(replay_confirmed(&fixture->replayer, &fixture->replay, &fixture->settings, &it));
	TOLD(fixture, "down@947 ", "down@925 ");
}

/* As where failures have gone on for long while it may have been us. */
static void
what_was_enough_confirms_at_once(void **state)
{
	struct fixture *fixture = *state;

	stand(fixture);
	run(fixture, THEN, 'x', RESULT_ENOUGH);
	TOLD(fixture, "down@900 ", "down@900 ");
}

static void
what_was_ours_is_not_theirs(void **state)
{
	struct fixture *fixture = *state;

	fixture->tried.tries = 2;
	stand(fixture);
	run_all(fixture, THEN, 60, "bbb??.");
	TOLD(fixture, "", "");
}

static void
a_pause_keeps_silent(void **state)
{
	struct fixture *fixture = *state;

	stand(fixture);
	for (int i = 0; i < 3; i++) {
		int64_t at = BEGIN + (THEN + 20 * i) * (int64_t)SECOND;
		assert_true(replay_run(&fixture->replayer, &fixture->replay, &fixture->settings, &(struct replay_run){ .run = 100,
		    .started = at, .ended = at, .verdict = PW_FAILED, .flags = REPORT_SPOKEN, .paused = true, .outcome = "refused" }));
	}
	TOLD(fixture, "down@940- ", "down@940- ");
}

static void
what_is_kept_of_a_context_is_read_again(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t flag = RESULT_HELD; flag < RESULT_FLAGS; flag <<= 1) {
		const struct run_context context = run_context_of_flags(flag | (REPORT_FLAGS - 1), fixture->replayer.codes);
		assert_int_equal(run_context_flags(&context), flag);
	}
}

/* Clocks are set, and a store may hold anything. */
static void
time_that_goes_back_does_no_harm(void **state)
{
	struct fixture *fixture = *state;

	fixture->tried.tries = 7;
	fixture->tried.interval = 7 * SECOND;
	for (int i = 0; i < 300; i++)
		run(fixture, (i * 7919) % 4001, "..xt?bx"[i % 7], i % 5 == 0 ? RESULT_FLAGS - 1 - RESULT_BY_HAND : 0);
	assert_true(replay_run(&fixture->replayer, &fixture->replay, &fixture->settings, &(struct replay_run){ .started = 1, .ended = 0,
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
		TEST(what_was_enough_confirms_at_once),
		TEST(what_was_ours_is_not_theirs),
		TEST(a_pause_keeps_silent),
		TEST(what_is_kept_of_a_context_is_read_again),
		TEST(time_that_goes_back_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
