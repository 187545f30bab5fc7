/* The monitor as a whole: orders, reports, changes, the deaths of its neighbours and its own. */
#include "monitor_scene.h"

#define NOW (1000 * MINUTE)

static void
orders_come_before_they_are_due(void **unused)
{
	struct scene *scene = scene_create(SCENE_TARGETS);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE); /* the first runs come within 120 ms */
	scene->lead_min = INT64_MAX;
	scene->ordered = 0;
	scene_run(scene, 10 * MINUTE);
	assert_int_equal(scene->ordered, 10 * SCENE_TARGETS);
	assert_in_range(scene->lead_min, TICK, 3 * TICK);
	assert_string_equal(scene->told, "");
	assert_true(scene->results >= 11 * SCENE_TARGETS - SCENE_TARGETS);
	scene_destroy(&scene);
}

static void
first_runs_are_full_and_quiet_ones_are_not(void **unused)
{
	struct scene *scene = scene_create(1);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, 5 * SECOND);
	assert_true(scene->last[0].flags & ORDER_FULL);
	scene_run(scene, 2 * MINUTE);
	assert_int_equal(scene->last[0].flags, 0);
	assert_int_equal(scene->last[0].fingerprint, '.');
	uint32_t states = scene->states;
	scene_run(scene, 5 * MINUTE);
	assert_int_equal(scene->states, states); /* nothing that must be kept */
	scene_destroy(&scene);
}

static void
an_outage_is_told_with_its_attempts(void **unused)
{
	struct scene *scene = scene_create(2);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	scene_age(scene);
	scene->scripts[0] = "rrrr..";
	scene_run(scene, 50 * SECOND);
	assert_string_equal(scene->told, "down a");
	assert_string_equal(scene->text, "a down: connection refused, 3 of 3 attempts");
	assert_int_equal(scene->change.attempt_count, 3);
	assert_int_equal(scene->change.attempts[2], scene->last[0].run);
	assert_string_equal(scene->change.code, "refused");
	assert_string_equal(scene->change.from, "suspect");
	assert_int_equal(scene->evidence, 3);
	assert_true(scene->last[0].flags & ORDER_PATIENT && scene->last[0].flags & ORDER_FRESH);
	assert_int_equal(scene->last[0].attempt, 3);
	scene_run(scene, 4 * MINUTE);
	assert_string_equal(scene->told, "down a up a");
	assert_non_null(strstr(scene->text, "a up after "));
	assert_non_null(strstr(scene->text, ": answered as expected; before: connection refused"));
	assert_int_equal(scene->change.attempt_count, 3); /* the last failure and two passes */
	assert_null(scene->monitor->watch.targets[0].attempts);
	scene_destroy(&scene);
}

/* One of three behind its address is dead: a row of that chance is soon cut short where it is looked at once more. */
static void
the_attempt_that_would_confirm_is_repeated_while_a_target_is_new(void **unused)
{
	struct scene *scene = scene_create(2);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	scene->scripts[0] = "rrrrr.";
	while (scene->monitor->watch.targets[0].state.trouble == NULL || !scene->monitor->watch.targets[0].state.trouble->repeating)
		scene_run(scene, TICK);
	scene_run(scene, 3 * SECOND);
	for (int i = 0; scene->monitor->watch.targets[0].state.state == STATE_SUSPECT; i++) {
		assert_in_range(i, 0, 100);
		assert_int_equal(scene->last[0].attempt, 3);
		assert_int_equal(scene->monitor->watch.targets[0].state.fails, 2);
		scene_run(scene, TICK);
	}
	assert_string_equal(scene->told, "");
	scene->scripts[0] = "r";
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "");       /* that one failed alone: more are needed */
	scene->scripts[1] = "r";
	scene_run(scene, 2 * MINUTE + 45 * SECOND); /* new, and really dead */
	assert_non_null(strstr(scene->told, "down b"));
	scene_destroy(&scene);
}

static void
a_certificate_that_fails_the_run_is_told_once(void **unused)
{
	struct scene *scene = scene_create(2);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	scene_age(scene);
	scene->scripts[0] = "cccc..";
	scene_run(scene, 6 * MINUTE);
	assert_string_equal(scene->told, "down a up a");
	assert_null(scene->monitor->watch.targets[0].state.conditions);
	/* What one attempt proves and the next may not show is not left to them. */
	scene->scripts[1] = "i.";
	scene_run(scene, MINUTE);
	assert_string_equal(scene->told, "down a up a degraded b");
	assert_string_equal(scene->change.code, "starttls_injection");
	scene_destroy(&scene);
}

/* Even where two attempts would be enough for a condition. */
static void
a_missing_name_is_asked_for_again_and_no_condition(void **unused)
{
	struct scene *scene = scene_create(1);

	(void)unused;
	scene->policy.tries = 2;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	scene->scripts[0] = "mm.";
	while (scene->monitor->watch.targets[0].state.missing < 2)
		scene_run(scene, SECOND);
	scene_run(scene, 18 * SECOND);
	assert_int_equal(scene->last[0].missing, 1);
	scene_run(scene, 5 * SECOND);
	assert_int_equal(scene->last[0].missing, 2);
	assert_true(scene->last[0].flags & ORDER_FRESH);
	assert_string_equal(scene->told, "");
	assert_null(scene->monitor->watch.targets[0].state.conditions);
	scene_run(scene, MINUTE);
	assert_int_equal(scene->last[0].missing, 0);
	scene_destroy(&scene);
}

/* Many servers ask everybody for a certificate: the next run knows that this one goes on without. */
static void
a_run_knows_that_the_last_passed_without_a_certificate(void **unused)
{
	struct scene *scene = scene_create(1);

	(void)unused;
	scene->scripts[0] = "axxa...";
	scene_bear(scene, NOW);
	scene_run(scene, 30 * SECOND);
	assert_false(scene->last[0].flags & ORDER_PASSED_ASKED);
	while (scene->monitor->watch.targets[0].state.fails < 2)
		scene_run(scene, SECOND);
	assert_true(scene->last[0].flags & ORDER_PASSED_ASKED);
	scene_run(scene, 5 * MINUTE);
	assert_false(scene->last[0].flags & ORDER_PASSED_ASKED);
	scene_destroy(&scene);
}

/* TLS may be offered to a silent port once an incident, with the attempt that may confirm it, whenever that is repeated. */
static void
the_attempt_that_confirms_may_offer_tls(void **unused)
{
	struct scene *scene = scene_create(1);
	uint64_t seen = 0;
	char offers[10] = "";
	size_t count = 0;

	(void)unused;
	scene->scripts[0] = ".xxxxxxxxx";
	scene_bear(scene, NOW);
	while (count < sizeof offers - 1) {
		scene_run(scene, SECOND);
		if (scene->last[0].run == seen)
			continue;
		seen = scene->last[0].run;
		offers[count++] = scene->last[0].flags & ORDER_OFFER_TLS ? 'o' : '-';
	}
	assert_string_equal(offers, "---oooo--");
	scene_destroy(&scene);
}

static void
what_fails_now_and_then_is_told_with_its_failures(void **unused)
{
	struct scene *scene = scene_create(1);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, 9 * MINUTE);
	scene->scripts[0] = "x.r.x.r.r.";
	while (scene->told[0] == '\0')
		scene_run(scene, SECOND);
	assert_string_equal(scene->told, "degraded a");
	assert_string_equal(scene->text, "a degraded(unstable): single attempts fail among others that pass: 5 of 18 attempts in "
	                                 "the last hour; the last: connection refused");
	assert_int_equal(scene->change.attempt_count, 3);
	assert_int_equal(scene->change.attempts[2], scene->last[0].run);
	assert_true(scene->change.attempts[0] < scene->change.attempts[1]);
	scene_run(scene, MINUTE);
	/* What comes of it now is no chance; but as many in a row have to show that. */
	scene->scripts[0] = "r";
	scene_run(scene, 10 * MINUTE);
	assert_string_equal(scene->told, "degraded a down a");
	assert_non_null(strstr(scene->text, "9 of 9 attempts in a row, after single ones had failed in the hour before"));
	scene_destroy(&scene);
}

static void
a_false_alarm_tells_nobody(void **unused)
{
	struct scene *scene = scene_create(2);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	scene->scripts[1] = "xx.";
	scene_run(scene, 4 * MINUTE);
	assert_string_equal(scene->told, "");
	assert_int_equal(scene->monitor->activity.counts.avoided, 1);
	assert_null(scene->monitor->watch.targets[1].attempts);
	scene_destroy(&scene);
}

static void
what_a_dead_prober_had_in_hand_is_due_again(void **unused)
{
	struct scene *scene = scene_create(2);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	scene->scripts[0] = "r-r.";
	scene_run(scene, MINUTE + 20 * SECOND);
	struct order lost = scene->last[0];
	assert_int_equal(lost.attempt, 2);
	assert_int_equal(scene->monitor->watch.targets[0].run, lost.run);
	orders_lost(scene->monitor->orders, 0);
	scene_run(scene, 3 * SECOND);
	assert_int_equal(scene->last[0].run, lost.run); /* nobody is there */
	scene_link_prober(scene, 0);
	scene_run(scene, 2 * SECOND);
	assert_int_equal(scene->last[0].attempt, 2);
	assert_true(scene->last[0].run > lost.run);
	struct report late = scene_report(&lost, 'r');
	assert_true(scene_send_report(scene, 0, &late));
	assert_int_equal(scene->monitor->activity.counts.stray, 1);
	scene_run(scene, 3 * MINUTE);
	assert_string_equal(scene->told, "");
	scene_destroy(&scene);
}

static void
a_run_that_is_never_reported_is_run_again(void **unused)
{
	struct scene *scene = scene_create(1);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	scene->scripts[0] = "-.";
	scene_run(scene, 2 * MINUTE);
	uint64_t lost = scene->last[0].run;
	scene_run(scene, 15 * MINUTE);
	assert_int_equal(scene->last[0].run, lost);
	scene_run(scene, 10 * MINUTE);
	assert_true(scene->last[0].run > lost);
	scene_destroy(&scene);
}

/* Times that no prober can mean, where they need not be believed. */
static void
times_without_bound_stay_in_their_run(void **unused)
{
	struct scene *scene = scene_create(2);

	(void)unused;
	scene->scripts[0] = scene->scripts[1] = "-";
	scene_bear(scene, NOW);
	scene_run(scene, SECOND);
	const struct own_side *own = &scene->monitor->own;
	const struct order *order = &scene->last[0];
	struct report report = scene_report(order, 'x');
	scene->monitor->watch.now = order->due + MINUTE;
	report.started = INT64_MAX; /* as the wall clock of the prober says */
	report.micros = 10 * SECOND;
	report.quiet = order->due - 1;
	report.reached = 7; /* it was connected */
	report.phase_count = 4;
	report.phases[0] = report.phases[1] = INT64_MAX - 1;
	assert_true(scene_send_report(scene, 0, &report));
	/* The silence is of this run, and the connection was made at its end at the latest. */
	assert_int_equal(own->unheard.count, 1);
	assert_int_equal(own->unheard.items[0].from, order->due + report.late);
	assert_int_equal(own->unheard.items[0].to, order->due + report.late + report.micros);
	assert_int_equal(own->hearing.last, own->unheard.items[0].to / SECOND);
	scene_destroy(&scene);
}

static void
a_report_that_cannot_be_is_blamed(void **unused)
{
	struct scene *scene = scene_create(2);
	static const char cursor[] = "two\nlines";

	(void)unused;
	scene->scripts[0] = scene->scripts[1] = "-";
	scene_bear(scene, NOW);
	scene_run(scene, SECOND);
	struct report good = scene_report(&scene->last[0], 'r'), bad;
	assert_false(scene_send_report(scene, 1, &good)); /* another prober's target */
	bad = good;
	bad.micros = INT64_MAX / 2;
	assert_false(scene_send_report(scene, 0, &bad));
	bad = good;
	bad.late = 3600 * (int64_t)SECOND;
	assert_false(scene_send_report(scene, 0, &bad)); /* begins in the future */
	bad = good;
	bad.late = -MINUTE;
	assert_false(scene_send_report(scene, 0, &bad)); /* began before it was ordered */
	bad = good;
	bad.text = (struct pw_bytes){ cursor, sizeof cursor - 1 };
	assert_false(scene_send_report(scene, 0, &bad));
	bad = good;
	snprintf(bad.outcome, sizeof bad.outcome, "nobody knows");
	assert_false(scene_send_report(scene, 0, &bad));
	bad = scene_report(&scene->last[0], '.');
	snprintf(bad.outcome, sizeof bad.outcome, "refused");
	assert_false(scene_send_report(scene, 0, &bad)); /* ok, and yet refused */
	assert_int_equal(scene->monitor->activity.counts.runs, 0);
	assert_true(scene_send_report(scene, 0, &good));
	assert_int_equal(scene->monitor->activity.counts.runs, 1);
	scene_destroy(&scene);
}

static void
what_nobody_asked_for_is_no_answer(void **unused)
{
	struct scene *scene = scene_create(1);
	struct message_evidence evidence = { .leg = { .legs = 1, .verdict = PW_FAILED, .outcome = "refused" } };
	unsigned char packet[1024];
	struct wire_out out = wire_over(packet, sizeof packet);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, SECOND);
	assert_int_equal(scene->monitor->watch.targets[0].run, 0); /* nothing is in hand */
	struct report forged = scene_report(&scene->last[0], 'r');
	forged.run = 0;
	assert_false(scene_send_report(scene, 0, &forged));
	message_put_evidence(&out, &evidence);
	assert_false(prober_messages_take(scene->monitor, 0, packet, out.size));
	assert_int_equal(scene->monitor->activity.counts.runs, 1);
	assert_int_equal(scene->monitor->watch.targets[0].state.state, STATE_UP);
	scene_destroy(&scene);
}

static void
a_monitor_born_again_goes_on_where_it_was(void **unused)
{
	struct scene *scene = scene_create(3);

	(void)unused;
	scene_bear(scene, clock_mono());
	scene_run(scene, MINUTE);
	scene->scripts[0] = "rr-";
	scene_run(scene, MINUTE + 25 * SECOND);
	assert_int_equal(scene->monitor->watch.targets[0].state.fails, 2);
	uint64_t second = scene->monitor->watch.targets[0].attempts->runs[1];
	scene_bear(scene, scene->monitor->watch.now);
	assert_int_equal(scene->monitor->watch.targets[0].state.state, STATE_SUSPECT);
	scene->scripts[0] = "r";
	scene_run(scene, 30 * SECOND);
	assert_string_equal(scene->told, "down a");
	assert_int_equal(scene->change.attempt_count, 3);
	assert_int_equal(scene->change.attempts[1], second);
	assert_true(scene->change.attempts[2] != second);
	scene_bear(scene, scene->monitor->watch.now);
	scene->scripts[0] = ".";
	scene_run(scene, 3 * MINUTE);
	assert_string_equal(scene->told, "down a up a");
	assert_non_null(strstr(scene->text, "before: connection refused"));
	scene_destroy(&scene);
}

static void
a_keeper_born_again_hears_what_was_not_safe(void **unused)
{
	struct scene *scene = scene_create(2);
	unsigned char packet[64];

	(void)unused;
	scene->targets[1].port = 587;
	scene_bear(scene, NOW);
	scene->scripts[0] = scene->scripts[1] = "r";
	scene_run(scene, 2 * MINUTE);
	assert_int_equal(scene->changes, 2);
	struct wire_out out = wire_over(packet, sizeof packet);
	scene->committed = (struct sequence){ scene->changed.birth, scene->changed.number - 1 };
	message_put_committed(&out, &(struct message_committed){ .runs = scene->committed });
	assert_true(keeper_messages_take(scene->monitor, packet, out.size));
	keeper_messages_lost(scene->monitor);
	scene->scripts[0] = ".";
	scene_run(scene, 3 * MINUTE); /* goes on without a keeper */
	assert_int_equal(scene->changes, 2);
	scene->told[0] = '\0';
	memset(scene->record_size, 0, sizeof scene->record_size);
	scene_link_keeper(scene);
	scene_recovered(scene, 1);
	scene_run(scene, SECOND);
	assert_true(strcmp(scene->told, "down b up a") == 0 || strcmp(scene->told, "down a up a") == 0);
	assert_true(scene->record_size[0] > 0 && scene->record_size[1] > 0);
	scene_destroy(&scene);
}

static void
who_is_in_quarantine_is_left_alone(void **unused)
{
	struct scene *scene = scene_create(2);
	struct message_account account = { .target = 1, .account = ACCOUNT_HELD, .text = "the prober died of it, twice" };

	(void)unused;
	scene->scripts[1] = "-";
	scene_bear(scene, NOW);
	scene_run(scene, SECOND);
	held_targets_take(scene->monitor, &account);
	held_targets_take(scene->monitor, &account);
	uint64_t last = scene->last[1].run;
	scene_run(scene, 30 * MINUTE);
	assert_string_equal(scene->told, "impaired b");
	assert_string_equal(scene->text, "b: our own trouble: the prober died of it, twice");
	assert_int_equal(scene->last[1].run, last);
	account.account = ACCOUNT_FREE;
	scene->scripts[1] = ".";
	held_targets_take(scene->monitor, &account);
	scene_run(scene, SECOND);
	assert_true(scene->last[1].run > last);
	assert_int_equal(scene->monitor->watch.targets[1].state.state, STATE_UP);
	scene_destroy(&scene);
}

static void
it_stops_when_nothing_is_in_hand(void **unused)
{
	struct scene *scene = scene_create(1);

	(void)unused;
	scene->scripts[0] = "-";
	scene_bear(scene, NOW);
	scene_run(scene, SECOND);
	monitor_stop(scene->monitor);
	assert_false(monitor_is_done(scene->monitor));
	struct report report = scene_report(&scene->last[0], '.');
	assert_true(scene_send_report(scene, 0, &report));
	assert_false(monitor_is_done(scene->monitor)); /* the keeper has not heard it */
	scene_run(scene, 2 * MINUTE);
	assert_true(monitor_is_done(scene->monitor));
	assert_int_equal(scene->ordered, 1);
	scene_destroy(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_come_before_they_are_due),
		cmocka_unit_test(first_runs_are_full_and_quiet_ones_are_not),
		cmocka_unit_test(an_outage_is_told_with_its_attempts),
		cmocka_unit_test(the_attempt_that_would_confirm_is_repeated_while_a_target_is_new),
		cmocka_unit_test(a_certificate_that_fails_the_run_is_told_once),
		cmocka_unit_test(a_missing_name_is_asked_for_again_and_no_condition),
		cmocka_unit_test(a_run_knows_that_the_last_passed_without_a_certificate),
		cmocka_unit_test(the_attempt_that_confirms_may_offer_tls),
		cmocka_unit_test(what_fails_now_and_then_is_told_with_its_failures),
		cmocka_unit_test(a_false_alarm_tells_nobody),
		cmocka_unit_test(what_a_dead_prober_had_in_hand_is_due_again),
		cmocka_unit_test(a_run_that_is_never_reported_is_run_again),
		cmocka_unit_test(times_without_bound_stay_in_their_run),
		cmocka_unit_test(a_report_that_cannot_be_is_blamed),
		cmocka_unit_test(what_nobody_asked_for_is_no_answer),
		cmocka_unit_test(a_monitor_born_again_goes_on_where_it_was),
		cmocka_unit_test(a_keeper_born_again_hears_what_was_not_safe),
		cmocka_unit_test(who_is_in_quarantine_is_left_alone),
		cmocka_unit_test(it_stops_when_nothing_is_in_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
