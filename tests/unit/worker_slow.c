/* The prober's process before a monitor that is slow, that goes, or that says much at once. */
#include "prober_process.h"

#include "base/packet_queue.h"

enum { RUNS = 600, HELD_BYTES_MAX = 64 * 1024 };

bool __real_packet_queue_add(struct packet_queue *, const void *, size_t, int);
bool __wrap_packet_queue_add(struct packet_queue *, const void *, size_t, int);

/* There is room for little evidence, as there would be after hours. */
bool
__wrap_packet_queue_add(struct packet_queue *queue, const void *bytes, size_t size, int passed)
{
	if (message_kind(bytes, size) == MESSAGE_EVIDENCE && queue->bytes > HELD_BYTES_MAX)
		return false;
	return __real_packet_queue_add(queue, bytes, size, passed);
}

/* `packets` with so many orders each, of a target that refuses. */
static void
order_refused(unsigned packets, unsigned each)
{
	static unsigned char bytes[WIRE_MAX];

	for (unsigned i = 0; i < packets; i++) {
		struct wire_out out = wire_over(bytes, sizeof bytes);

		message_begin(&out, MESSAGE_ORDERS);
		for (unsigned run = 0; run < each; run++)
			assert_true(message_add_order(&out, &(struct order){ .run = i * each + run + 1,
			    .attempt = 2, .due = clock_mono() }));
		assert_true(packet_send(monitor, bytes, out.size, -1));
	}
}

/* Until it has nothing in hand. */
static void
await_done(uint64_t done)
{
	struct message_alive alive = { .done = 0 };

	while (alive.done < done) {
		struct wire_in in = wire_from(packet, await(parent, MESSAGE_ALIVE));

		assert_true(message_get_alive(&in, &alive));
	}
}

/* Reads what there is: how many reports, and how many of them without the evidence that was due. */
static void
read_all(unsigned *reports, unsigned *bare)
{
	size_t size;

	*reports = *bare = 0;
	while (*reports < RUNS && next_packet(monitor, &size)) {
		struct wire_in in = wire_from(packet, size);
		struct report report;

		if (message_kind(packet, size) != MESSAGE_REPORTS)
			continue;
		while (message_next_report(&in, &report, config->target_count)) {
			++*reports;
			*bare += (report.flags & REPORT_FULL) == 0;
		}
	}
}

/* Evidence beyond the room is left out, and its report says so; no report is. */
static void
evidence_is_lost_before_reports_are(void **state)
{
	struct message_log log;
	unsigned reports, bare;
	char words[64];

	(void)state;
	order_refused(2, RUNS / 2);
	await_done(RUNS);
	read_all(&reports, &bare);
	assert_int_equal(reports, RUNS);
	assert_true(bare > 0 && bare < RUNS);
	tell_to_stop(SECOND, SECOND);
	struct wire_in in = wire_from(packet, await(parent, MESSAGE_LOG));
	assert_true(message_get_log(&in, &log));
	snprintf(words, sizeof words, "the evidence of %u runs found no room on its way", bare);
	assert_non_null(memmem(log.text.data, log.text.size, words, strlen(words)));
	assert_int_equal(await_end(), 0);
}

/* What the monitor does not take keeps the process for half a second, and no longer. */
static void
it_ends_though_nobody_reads(void **state)
{
	(void)state;
	order_refused(2, RUNS / 2);
	await_done(RUNS);
	int64_t begun = clock_mono();
	assert_int_equal(stop(0), 0);
	assert_true(clock_mono() - begun >= 400 * MILLISECOND);
	assert_true(clock_mono() - begun < 10 * (int64_t)SECOND);
}

/* More packets than it takes in one turn. */
static void
all_that_is_said_at_once_is_heard(void **state)
{
	enum { PACKETS = 200 };
	unsigned seen = 0;

	(void)state;
	assert_int_equal(kill(child, SIGSTOP), 0);
	order_refused(PACKETS, 1);
	assert_int_equal(kill(child, SIGCONT), 0);
	while (seen < PACKETS) {
		struct wire_in in = wire_from(packet, await(monitor, MESSAGE_REPORTS));
		struct report report;

		while (message_next_report(&in, &report, config->target_count))
			seen++;
	}
	assert_int_equal(seen, PACKETS);
	assert_int_equal(stop(SECOND), 0);
}

static uint32_t
await_waiting(void)
{
	uint32_t waiting;
	struct wire_in in = wire_from(packet, await(monitor, MESSAGE_WAITING));

	assert_true(message_get_waiting(&in, &waiting));
	return waiting;
}

/* Connections to one address are few at once: how many wait for room is said, also to the next monitor. */
static void
it_says_how_many_wait(void **state)
{
	enum { ORDERS = 30 };

	(void)state;
	assert_int_equal(listen(held, ORDERS), 0); /* it never greets */
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < ORDERS; i++)
			order(100 + i, 2, 0, 1, 0);
		assert_in_range(await_waiting(), 1, ORDERS - 1);
		close(monitor);
		await(parent, MESSAGE_ALIVE); /* nobody is there to be told that none waits any more */
		await(parent, MESSAGE_ALIVE);
		link_monitor();
	}
	assert_int_equal(stop(0), 0);
}

/* Who ordered a run has gone: the server sees the end of it, and the next monitor hears nothing. */
static void
a_run_ends_with_who_ordered_it(void **state)
{
	char byte;
	int peer;

	(void)state;
	assert_int_equal(listen(held, 5), 0);
	order(7, 2, 0, 1, 0);
	peer = accept(held, NULL, NULL);
	assert_true(peer >= 0);
	close(monitor);
	assert_int_equal(read(peer, &byte, 1), 0);
	close(peer);
	await_done(1);
	link_monitor();
	order(8, 0, 0, 2, 0);
	assert_reported(8, "refused");
	assert_int_equal(stop(SECOND), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(evidence_is_lost_before_reports_are, bear, bury),
		cmocka_unit_test_setup_teardown(it_ends_though_nobody_reads, bear, bury),
		cmocka_unit_test_setup_teardown(all_that_is_said_at_once_is_heard, bear, bury),
		cmocka_unit_test_setup_teardown(a_run_ends_with_who_ordered_it, bear, bury),
		cmocka_unit_test_setup_teardown(it_says_how_many_wait, bear, bury),
	};

	return cmocka_run_group_tests(tests, read_config, NULL);
}
