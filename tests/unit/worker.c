/* What the prober's process is ordered and what it answers, its signs of life and its end. */
#include "prober_process.h"

static void
reports_with_evidence_before(void **state)
{
	struct message_evidence evidence;
	struct report report;
	int64_t begun = clock_mono();
	size_t size;

	(void)state;
	order(77, 1, 0, 2, 150 * MILLISECOND);
	size = await(monitor, MESSAGE_EVIDENCE);
	struct wire_in in = wire_from(packet, size);
	assert_true(message_get_evidence(&in, &evidence, config->target_count));
	assert_int_equal(evidence.run, 77);
	assert_int_equal(evidence.target, 1);
	assert_string_equal(evidence.leg.outcome, "refused");
	assert_int_equal(evidence.leg.legs, 1);
	size = await(monitor, MESSAGE_REPORTS);
	in = wire_from(packet, size);
	assert_true(message_next_report(&in, &report, config->target_count));
	assert_int_equal(report.run, 77);
	assert_int_equal(report.verdict, PW_FAILED);
	assert_true((report.flags & REPORT_FULL) != 0);
	assert_true(report.text.size > 0);
	assert_true(clock_mono() - begun >= 150 * MILLISECOND);
	assert_true(report.late < 10 * (int64_t)SECOND);
	assert_false(message_next_report(&in, &report, config->target_count));
	assert_true(wire_is_whole(&in));
	assert_int_equal(stop(SECOND), 0);
}

/* Each order gets its report, however they come. */
static void
answers_every_order(void **state)
{
	enum { ORDERS = 300 };
	static unsigned char bytes[WIRE_MAX];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	bool seen[ORDERS] = { false };
	unsigned answered = 0;
	struct report report;

	(void)state;
	message_begin(&out, MESSAGE_ORDERS);
	for (unsigned i = 0; i < ORDERS; i++)
		assert_true(message_add_order(&out, &(struct order){ .run = i, .target = i % 2, .attempt = 3,
		    .due = clock_mono() + (ORDERS - i) % 40 * MILLISECOND }));
	assert_true(packet_send(monitor, bytes, out.size, -1));
	while (answered < ORDERS) {
		struct wire_in in = wire_from(packet, await(monitor, MESSAGE_REPORTS));

		while (message_next_report(&in, &report, config->target_count)) {
			assert_true(report.run < ORDERS && !seen[report.run]);
			assert_int_equal(report.target, report.run % 2);
			seen[report.run] = true;
			answered++;
		}
		assert_true(wire_is_whole(&in));
	}
	assert_int_equal(stop(SECOND), 0);
}

static void
await_round(void)
{
	struct message_references references;
	struct wire_in in = wire_from(packet, await(monitor, MESSAGE_REFERENCES));

	assert_true(message_get_references(&in, &references));
	assert_int_equal(references.asked, 1);
	assert_int_equal(references.reached, 1); /* it refuses: somebody is there */
}

static void
look(void)
{
	unsigned char bytes[8];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	message_put_look(&out, false);
	assert_true(packet_send(monitor, bytes, out.size, -1));
}

/* A round whenever the monitor asks for one; what is asked for while one is under way is another. */
static void
looks_after_references(void **state)
{
	(void)state;
	look();
	await_round();
	look();
	look();
	await_round();
	assert_int_equal(stop(SECOND), 0);
}

static void
says_that_it_lives(void **state)
{
	struct message_alive alive;

	(void)state;
	order(1, 0, 0, 2, 0);
	await(monitor, MESSAGE_REPORTS);
	for (int i = 0; i < 3; i++) {
		int64_t begun = clock_mono();
		struct wire_in in = wire_from(packet, await(parent, MESSAGE_ALIVE));

		assert_true(message_get_alive(&in, &alive));
		assert_true(clock_mono() - begun < 10 * (int64_t)SECOND);
	}
	assert_int_equal(alive.done, 1);
	assert_int_equal(atomic_load(&page->in_hand), 0);
	assert_int_equal(atomic_load(&page->run), 1);
	assert_int_equal(stop(SECOND), 0);
}

/* What was ordered over the old link is not answered over the new one. */
static void
forgets_with_its_monitor(void **state)
{
	struct report report;
	struct wire_in in;

	(void)state;
	order(5, 0, 0, 2, 200 * MILLISECOND);
	close(monitor);
	link_monitor();
	order(6, 1, 0, 2, 400 * MILLISECOND);
	in = wire_from(packet, await(monitor, MESSAGE_REPORTS));
	assert_true(message_next_report(&in, &report, config->target_count));
	assert_int_equal(report.run, 6);
	assert_false(message_next_report(&in, &report, config->target_count));
	assert_int_equal(stop(SECOND), 0);
}

/* Two runs against a server that does not greet yet: the one that confirms nothing is ended first. */
static void
lets_an_attempt_confirm(void **state)
{
	char bytes[64];
	int first, second;

	(void)state;
	assert_int_equal(listen(held, 5), 0);
	order(7, 2, 0, 1, 0);
	first = accept(held, NULL, NULL);
	order(8, 2, 0, 2, 0);
	second = accept(held, NULL, NULL);
	assert_true(first >= 0 && second >= 0);
	tell_to_stop(100 * MILLISECOND, 60 * (int64_t)SECOND);
	assert_reported(7, "interrupted");
	assert_int_equal(write(second, "220 held.test\r\n", 15), 15);
	assert_int_equal(read(second, bytes, sizeof bytes), 6); /* QUIT */
	assert_int_equal(write(second, "221 bye\r\n", 9), 9);
	assert_reported(8, "ok");
	close(first);
	close(second);
	assert_int_equal(await_end(), 0);
}

static void
blames_who_sends_nonsense(void **state)
{
	(void)state;
	assert_true(packet_send(monitor, "\6nonsense", 9, -1));
	await(parent, MESSAGE_BLAME);
	assert_int_equal(stop(SECOND), 0);
}

static void
ends_with_its_parent(void **state)
{
	int status;

	(void)state;
	close(parent);
	assert_int_equal(waitpid(child, &status, 0), child);
	child = 0;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
	parent = dup(monitor);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reports_with_evidence_before, bear, bury),
		cmocka_unit_test_setup_teardown(answers_every_order, bear, bury),
		cmocka_unit_test_setup_teardown(looks_after_references, bear, bury),
		cmocka_unit_test_setup_teardown(says_that_it_lives, bear, bury),
		cmocka_unit_test_setup_teardown(forgets_with_its_monitor, bear, bury),
		cmocka_unit_test_setup_teardown(lets_an_attempt_confirm, bear, bury),
		cmocka_unit_test_setup_teardown(blames_who_sends_nonsense, bear, bury),
		cmocka_unit_test_setup_teardown(ends_with_its_parent, bear, bury),
	};

	return cmocka_run_group_tests(tests, read_config, NULL);
}
