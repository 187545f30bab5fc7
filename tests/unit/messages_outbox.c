/* Notices and receipts come back as they went; nothing cut, longer or out of range is taken. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/messages_outbox.h"

enum { ROOM = 8192 };

static struct pw_bytes
bytes_of(const char *text)
{
	return (struct pw_bytes){ text, strlen(text) };
}

static struct message_notice
notice_sample(void)
{
	return (struct message_notice){ .notice = 7, .key = "abcdefghijklmnopqrstuvwxyz", .kind = "down",
		.flags = NOTICE_DUPLICATE, .attempt = 2, .target = bytes_of("mx1"), .host = bytes_of("mx1.example.org"),
		.port = 25, .probe = "smtp", .code = "banner_timeout", .from = "suspect", .to = "down", .incident = 3,
		.began = 10, .detected = 10, .confirmed = 20, .text = bytes_of("mx1 down: no greeting within 30.0 s"),
		.list = bytes_of("one\ntwo\n"), .covered = 2, .runs = 3, .recipient_count = 2,
		.recipients = { bytes_of("a@example.org"), bytes_of("b@example.org") } };
}

static bool
notice_is_taken(const struct message_notice *notice, struct message_notice *back)
{
	static unsigned char packet[ROOM];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_notice(&out, notice);
	struct wire_in in = wire_from(packet, out.size);
	return !out.bad && message_get_notice(&in, back);
}

static void
a_notice_comes_back(void **state)
{
	struct message_notice notice = notice_sample(), back;

	(void)state;
	assert_true(notice_is_taken(&notice, &back));
	assert_int_equal(back.notice, 7);
	assert_string_equal(back.key, notice.key);
	assert_string_equal(back.kind, "down");
	assert_int_equal(back.flags, NOTICE_DUPLICATE);
	assert_int_equal(back.incident, 3);
	assert_int_equal(back.confirmed, 20);
	assert_int_equal(back.list.size, 8);
	assert_int_equal(back.recipient_count, 2);
	assert_memory_equal(back.recipients[1].data, "b@example.org", 13);
}

static void
a_notice_is_checked(void **state)
{
	struct message_notice notice = notice_sample(), back;

	(void)state;
	notice.recipient_count = 0;
	assert_false(notice_is_taken(&notice, &back));
	notice.recipient_count = NOTICE_RECIPIENTS_MAX + 1;
	assert_false(notice_is_taken(&notice, &back));
	notice = notice_sample();
	memcpy(notice.kind, "dawn", 5);
	assert_false(notice_is_taken(&notice, &back));
	notice = notice_sample();
	notice.text = bytes_of("a line\nand another");
	assert_false(notice_is_taken(&notice, &back));
	notice = notice_sample();
	notice.attempt = 0;
	assert_false(notice_is_taken(&notice, &back));
	notice = notice_sample();
	notice.flags = NOTICE_FLAGS;
	assert_false(notice_is_taken(&notice, &back));
}

static bool
receipt_is_taken(const struct message_receipt *receipt, struct message_receipt *back, size_t cut)
{
	static unsigned char packet[ROOM];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_receipt(&out, receipt);
	struct wire_in in = wire_from(packet, out.size - cut);
	return !out.bad && message_get_receipt(&in, back);
}

static void
a_receipt_comes_back_and_is_checked(void **state)
{
	struct message_receipt receipt = { .notice = 7, .recipient = 1, .fate = PW_AGAIN, .channel = true,
		.not_before = 5000000, .micros = 10, .text = bytes_of("421 later\r\n") }, back;

	(void)state;
	assert_true(receipt_is_taken(&receipt, &back, 0));
	assert_int_equal(back.fate, PW_AGAIN);
	assert_true(back.channel);
	assert_int_equal(back.not_before, 5000000);
	assert_int_equal(back.text.size, 11);
	for (size_t cut = 1; cut < 20; cut++)
		assert_false(receipt_is_taken(&receipt, &back, cut));
	receipt.fate = (enum pw_fate)0;
	assert_false(receipt_is_taken(&receipt, &back, 0));
	receipt.fate = (enum pw_fate)(PW_NEVER + 1);
	assert_false(receipt_is_taken(&receipt, &back, 0));
	receipt.fate = PW_SENT;
	receipt.recipient = NOTICE_RECIPIENTS_MAX;
	assert_false(receipt_is_taken(&receipt, &back, 0));
}

static void
a_leg_comes_back_and_is_checked(void **state)
{
	static unsigned char packet[WIRE_MAX];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct message_leg leg = { .notice = 7, .run = 1, .runs = 2, .leg = { .legs = 1, .verdict = PW_FAILED,
		.outcome = "refused", .text = bytes_of("connection refused") } }, back;

	(void)state;
	message_put_leg(&out, &leg);
	struct wire_in in = wire_from(packet, out.size);
	assert_true(message_get_leg(&in, &back));
	assert_int_equal(back.run, 1);
	assert_string_equal(back.leg.outcome, "refused");
	out.size = 0;
	leg.run = 2;
	message_put_leg(&out, &leg);
	in = wire_from(packet, out.size);
	assert_false(message_get_leg(&in, &back));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_notice_comes_back),
		cmocka_unit_test(a_notice_is_checked),
		cmocka_unit_test(a_receipt_comes_back_and_is_checked),
		cmocka_unit_test(a_leg_comes_back_and_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
