/* A notifier's process, with the test as its parent and as its keeper. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "notifier_world.h"

/* It reads nothing from here on, until SIGCONT. */
static void
halt(void)
{
	int status;

	kill(child, SIGSTOP);
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	assert_true(WIFSTOPPED(status));
}

/* What a plugin gives that is no fate is one to try again, and hints are bounded. */
static void
answers_for_each_recipient(void **state)
{
	static const char *const names[] = { "sent", "never", "odd", "past", "far", "long" };
	static const struct {
		enum pw_fate fate;
		bool channel, doubtful;
		int64_t not_before;
		size_t size;
	} expected[] = {
		{ PW_SENT, false, false, 0, 9 },
		{ PW_NEVER, false, false, 0, 10 },
		{ PW_AGAIN, true, false, 0, 0 },
		{ PW_AGAIN, false, false, 0, 0 },
		{ PW_AGAIN, false, true, 86400 * (int64_t)SECOND, 0 },
		{ PW_AGAIN, false, false, 0, PW_RECEIPT_MAX },
	};

	(void)state;
	hand_out(41, names, sizeof names / sizeof *names);
	for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct message_receipt receipt = await_receipt(41, i);

		assert_int_equal(receipt.fate, expected[i].fate);
		assert_int_equal(receipt.channel, expected[i].channel);
		assert_int_equal(receipt.doubtful, expected[i].doubtful);
		assert_int_equal(receipt.not_before, expected[i].not_before);
		assert_int_equal(receipt.text.size, expected[i].size);
	}
	stop(SECOND);
	assert_int_equal(await_end(), 0);
}

static void
hand_out_report(uint64_t number, const char *tag, const char *const *recipients)
{
	static unsigned char bytes[WIRE_MAX];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	struct message_notice notice = { .notice = number, .key = "abc", .thread = "abc", .kind = "report", .attempt = 1, .target = BYTES(""),
		.host = BYTES(""), .code = "2026-11-23/2026-11-29", .detected = 2000, .confirmed = 3000, .text = BYTES("mail servers"),
		.recipient_count = 1, .recipients = { { recipients[0], strlen(recipients[0]) } } };

	text_copy(notice.tag, sizeof notice.tag, tag);
	message_put_notice(&out, &notice);
	assert_true(packet_send(keeper, bytes, out.size, -1));
}

/* Where it is to be written to. */
static int
await_report(struct message_report *report)
{
	ssize_t size = 0;
	int made = -1;

	do {
		struct pollfd polled = { .fd = parent, .events = POLLIN };

		assert_int_equal(poll(&polled, 1, PATIENCE), 1);
		size = packet_read(parent, packet, sizeof packet, &made);
		assert_true(size > 0);
	} while (message_kind(packet, (size_t)size) != MESSAGE_REPORT);
	struct wire_in in = wire_from(packet, (size_t)size);
	assert_true(message_get_report(&in, report, config->report_count));
	assert_true(made >= 0);
	return made;
}

/* The parent is told which report, and gives what it was asked for; the first is whole, the others are not. */
static void
sends_reports_that_are_whole(void **state)
{
	static const struct {
		struct pw_bytes made;
		enum pw_fate fate;
		const char *receipt;
	} rows[] = {
		{ { "text\n\0<html>\0{\"a\":1}\n\0", 22 }, PW_SENT, "mail-servers-a-b-2026-11-23-2026-11-29.html: <html>, text\n\nNo, \"report\":{\"a\":1}}" },
		{ { "text\n\0<html>\0{\"a\":1}\n", 21 }, PW_AGAIN, "the report could not be made: the log says why" },
		{ { "text\n\0<html>\0{\"a\":1}\n\0x", 23 }, PW_AGAIN, "the report could not be made: the log says why" },
		{ { "", 0 }, PW_AGAIN, "the report could not be made: the log says why" },
	};
	static const char *const names[] = { "report" };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct message_report report;
		struct message_receipt receipt;
		int made;

		hand_out_report(i + 1, "a/b", names);
		made = await_report(&report);
		assert_int_equal(report.report, 1);
		assert_string_equal(report.period, "2026-11-23/2026-11-29");
		assert_int_equal(write(made, rows[i].made.data, rows[i].made.size), rows[i].made.size);
		close(made);
		receipt = await_receipt(i + 1, 0);
		assert_int_equal(receipt.fate, rows[i].fate);
		assert_false(receipt.channel);
		assert_int_equal(receipt.text.size, strlen(rows[i].receipt));
		assert_memory_equal(receipt.text.data, rows[i].receipt, receipt.text.size);
	}
	static const char mebibyte[1024 * 1024], large[] = "the report is larger than 32 MiB";
	struct message_report report;
	struct message_receipt receipt;
	hand_out_report(8, "a/b", names);
	int made = await_report(&report);
	while (send(made, mebibyte, sizeof mebibyte, MSG_NOSIGNAL) > 0)
		continue;
	close(made);
	receipt = await_receipt(8, 0);
	assert_int_equal(receipt.text.size, sizeof large - 1);
	assert_memory_equal(receipt.text.data, large, sizeof large - 1);
	hand_out_report(9, "", names); /* that of another notifier */
	assert_int_equal(await_receipt(9, 0).fate, PW_AGAIN);
	stop(SECOND);
	assert_int_equal(await_end(), 0);
}

/* With its name, and without what could end the line. */
static void
logs_what_its_plugin_says(void **state)
{
	static const char *const names[] = { "says" };

	(void)state;
	hand_out(5, names, 1);
	await_line(LOG_WARNING, "good: a word\\x0aof its own");
	await_receipt(5, 0);
	stop(SECOND);
	assert_int_equal(await_end(), 0);
}

/* What was handed out is delivered before the end; without more it ends at once. */
static void
delivers_before_it_ends(void **state)
{
	static const char *const names[] = { "sent" };

	(void)state;
	halt();
	for (uint64_t i = 1; i <= 3; i++)
		hand_out(i, names, 1);
	stop(PATIENCE * (int64_t)MILLISECOND);
	kill(child, SIGCONT);
	for (uint64_t i = 1; i <= 3; i++)
		assert_int_equal(await_receipt(i, 0).fate, PW_SENT);
	assert_int_equal(await_end(), 0);
}

/* And no longer: what it has not taken by then the keeper gives to the next. */
static void
ends_when_its_time_is_over(void **state)
{
	static const char *const names[] = { "sent" };

	(void)state;
	await(parent, MESSAGE_ALIVE);
	await(parent, MESSAGE_ALIVE); /* it no longer reads what has linked the keeper */
	halt();
	for (uint64_t i = 1; i <= 3; i++)
		hand_out(i, names, 1);
	stop(0);
	kill(child, SIGCONT);
	assert_int_equal(await_receipt(1, 0).fate, PW_SENT);
	assert_int_equal(await_end(), 0);
	assert_true(packet_read(keeper, packet, sizeof packet, NULL) <= 0);
}

/* A keeper that is gone is waited for; the next one is answered. */
static void
goes_on_with_the_next_keeper(void **state)
{
	static const char *const names[] = { "sent" };
	unsigned char bytes[4096];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	(void)state;
	examples[MESSAGE_LEG].put(&out);
	assert_true(packet_send(keeper, bytes, out.size, -1)); /* of a notice that never comes */
	close(keeper);
	keeper = -1;
	link_keeper();
	hand_out(8, names, 1);
	assert_int_equal(await_receipt(8, 0).fate, PW_SENT);
	link_keeper(); /* while there is one */
	hand_out(9, names, 1);
	assert_int_equal(await_receipt(9, 0).fate, PW_SENT);
	stop(SECOND);
	assert_int_equal(await_end(), 0);
}

/* Evidence that another version kept is left out; the notice is delivered. */
static void
leaves_out_what_it_cannot_read(void **state)
{
	static const char *const names[] = { "sent" };
	unsigned char bytes[256];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	(void)state;
	message_put_leg(&out, &(struct message_leg){ .notice = 12, .runs = 1, .packet = { "?", 1 } });
	assert_true(packet_send(keeper, bytes, out.size, -1));
	hand_out(12, names, 1);
	assert_int_equal(await_receipt(12, 0).fate, PW_SENT);
	stop(SECOND);
	assert_int_equal(await_end(), 0);
}

/* More evidence than there is room for is left out; the notice is delivered. */
static void
leaves_out_what_finds_no_room(void **state)
{
	enum { LEGS = 300 };
	static const char *const names[] = { "sent" };
	unsigned char bytes[4096];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	struct pollfd polled = { .fd = keeper, .events = POLLOUT };

	(void)state;
	examples[MESSAGE_LEG].put(&out);
	for (int i = 0; i < LEGS; i++)
		while (!packet_send(keeper, bytes, out.size, -1))
			assert_int_equal(poll(&polled, 1, PATIENCE), 1);
	assert_int_equal(poll(&polled, 1, PATIENCE), 1);
	hand_out(12, names, 1);
	assert_int_equal(await_receipt(12, 0).fate, PW_SENT);
	stop(SECOND);
	assert_int_equal(await_end(), 0);
}

static void
ends_at_nonsense_of_the_keeper(void **state)
{
	static const enum message_kind kinds[] = { MESSAGE_LEG, MESSAGE_NOTICE, MESSAGE_RECEIPT };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		unsigned char bytes[4096];
		struct wire_out out = wire_over(bytes, sizeof bytes);
		bool is_for_it = kinds[i] != MESSAGE_RECEIPT;

		if (i > 0)
			bear(state);
		examples[kinds[i]].put(&out);
		assert_true(packet_send(keeper, bytes, out.size - is_for_it, -1));
		await_line(LOG_ERR, "malformed message from the keeper");
		assert_int_equal(await_end(), BROKEN);
		if (i + 1 < sizeof kinds / sizeof *kinds)
			bury(state);
	}
}

/* It is the same program: one of both is not what it should be. */
static void
ends_at_nonsense_of_the_parent(void **state)
{
	static const struct {
		enum message_kind kind;
		size_t cut;
		bool passed;
	} words[] = {
		{ MESSAGE_LINK, 0, true },   /* of another duty */
		{ MESSAGE_LINK, 0, false },
		{ MESSAGE_LINK, 1, true },
		{ MESSAGE_STOP, 1, false },
		{ MESSAGE_STOP, 1, true },
		{ MESSAGE_READY, 0, false },
		{ 0, 0, false }, /* it is gone */
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		unsigned char bytes[256];
		struct wire_out out = wire_over(bytes, sizeof bytes);

		if (i > 0)
			bear(state);
		if (words[i].kind != 0) {
			examples[words[i].kind].put(&out);
			assert_true(packet_send(parent, bytes, out.size - words[i].cut, words[i].passed ? STDIN_FILENO : -1));
		} else
			shutdown(parent, SHUT_RDWR);
		int status = await_end();
		if (status != BROKEN)
			fail_msg("word %zu: %d", i, status);
		if (i + 1 < sizeof words / sizeof *words)
			bury(state);
	}
}

static void
says_why_it_cannot_begin(void **state)
{
	(void)state;
	begin(FAULTY);
	await_line(LOG_ERR, "faulty cannot begin: it is broken");
	assert_int_equal(await_end(), CANNOT_BEGIN);
	bury(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers_for_each_recipient, bear, bury),
		cmocka_unit_test_setup_teardown(sends_reports_that_are_whole, bear, bury),
		cmocka_unit_test_setup_teardown(logs_what_its_plugin_says, bear, bury),
		cmocka_unit_test_setup_teardown(delivers_before_it_ends, bear, bury),
		cmocka_unit_test_setup_teardown(ends_when_its_time_is_over, bear, bury),
		cmocka_unit_test_setup_teardown(goes_on_with_the_next_keeper, bear, bury),
		cmocka_unit_test_setup_teardown(leaves_out_what_it_cannot_read, bear, bury),
		cmocka_unit_test_setup_teardown(leaves_out_what_finds_no_room, bear, bury),
		cmocka_unit_test_setup_teardown(ends_at_nonsense_of_the_keeper, bear, bury),
		cmocka_unit_test_setup_teardown(ends_at_nonsense_of_the_parent, bear, bury),
		cmocka_unit_test(says_why_it_cannot_begin),
	};

	return cmocka_run_group_tests(tests, read_config, NULL);
}
