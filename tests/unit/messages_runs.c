/* Orders and reports: many in a packet, each checked, the largest still within its bound. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/messages.h"

enum { TARGETS = 10, ROOM = 4096 };

static struct pw_bytes
bytes_of(const char *text)
{
	return (struct pw_bytes){ text, strlen(text) };
}

static void
assert_bytes(struct pw_bytes bytes, const char *text)
{
	assert_int_equal(bytes.size, strlen(text));
	assert_memory_equal(bytes.data, text, bytes.size);
}

static const struct order order_sample = { .run = 5, .target = 3, .flags = ORDER_PATIENT | ORDER_FRESH, .attempt = 2,
	.due = 1000000, .fingerprint = 0x123456789abcdef0 };

static void
orders_travel_many_in_a_packet(void **state)
{
	static unsigned char packet[WIRE_MAX];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct order order = order_sample;
	uint64_t put = 0, got = 0;

	(void)state;
	for (message_begin(&out, MESSAGE_ORDERS); message_add_order(&out, &order); order.run++)
		put++;
	assert_int_equal(put, (WIRE_MAX - 1) / ORDER_SIZE);
	assert_false(out.bad);
	struct wire_in in = wire_from(packet, out.size);
	for (; message_next_order(&in, &order, TARGETS); got++) {
		assert_int_equal(order.run, order_sample.run + got);
		assert_int_equal(order.target, order_sample.target);
		assert_int_equal(order.flags, order_sample.flags);
		assert_int_equal(order.attempt, order_sample.attempt);
		assert_int_equal(order.due, order_sample.due);
		assert_int_equal(order.fingerprint, order_sample.fingerprint);
	}
	assert_true(wire_is_whole(&in));
	assert_int_equal(got, put);
}

static bool
ordered_is_taken(const struct order *order)
{
	unsigned char packet[ROOM];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct order back;

	message_begin(&out, MESSAGE_ORDERS);
	assert_true(message_add_order(&out, order));
	for (size_t size = 2; size < out.size; size++) {
		struct wire_in in = wire_from(packet, size);
		assert_false(message_next_order(&in, &back, TARGETS));
		assert_false(wire_is_whole(&in));
	}
	struct wire_in in = wire_from(packet, out.size);
	return message_next_order(&in, &back, TARGETS);
}

static void
an_order_is_checked(void **state)
{
	struct order order = order_sample;

	(void)state;
	assert_true(ordered_is_taken(&order));
	order.target = TARGETS;
	assert_false(ordered_is_taken(&order));
	order = order_sample;
	order.flags = ORDER_FLAGS;
	assert_false(ordered_is_taken(&order));
	order = order_sample;
	order.due = -1;
	assert_false(ordered_is_taken(&order));
}

static void
a_name_comes_back_and_is_checked(void **state)
{
	unsigned char packet[ROOM];
	struct message_name sent = { .target = 3, .public_at = -5, .good_at = 7, .count = 2 }, name;
	struct wire_out out = wire_over(packet, sizeof packet);

	(void)state;
	assert_true(address_parse("192.0.2.1", 0, &sent.addresses[0]) && address_parse("2001:db8::1", 0, &sent.addresses[1]));
	message_put_name(&out, &sent);
	struct wire_in in = wire_from(packet, out.size);
	assert_true(message_get_name(&in, &name, TARGETS));
	assert_true(name.target == 3 && name.public_at == -5 && name.good_at == 7 && name.count == 2);
	assert_int_equal(address_order(&name.addresses[0], &sent.addresses[0]), 0);
	assert_int_equal(address_order(&name.addresses[1], &sent.addresses[1]), 0);
	for (size_t size = 0; size < out.size; size++) {
		in = wire_from(packet, size);
		assert_false(message_get_name(&in, &name, TARGETS));
	}
	in = wire_from(packet, out.size);
	assert_false(message_get_name(&in, &name, 3));
	packet[1 + 4 + 8 + 8 + 1 + 1] = 5; /* the size of the first address */
	in = wire_from(packet, out.size);
	assert_false(message_get_name(&in, &name, TARGETS));
}

static struct report
report_sample(void)
{
	return (struct report){ .run = 5, .target = 3, .verdict = PW_DEGRADED, .flags = REPORT_SPOKEN | REPORT_PASSED_ASKED,
		.outcome = "slow_banner", .started = 1700000000000000, .late = 12, .micros = 400000, .quiet = 300,
		.network = 1ull << 32,
		.fingerprint = 77, .reached = 7, .phase_count = 3, .phases = { 1, 2, -1 },
		.text = bytes_of("greeted after 12 s"), .warning_count = 1,
		.warnings = { { "slow_banner", "banner", bytes_of("12.0 s") } } };
}

static void
a_report_comes_back(void **state)
{
	unsigned char packet[ROOM];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct report sent = report_sample(), report;

	(void)state;
	message_begin(&out, MESSAGE_REPORTS);
	assert_true(message_add_report(&out, &sent));
	sent.verdict = PW_OK;
	assert_true(message_add_report(&out, &sent));
	struct wire_in in = wire_from(packet, out.size);
	assert_true(message_next_report(&in, &report, TARGETS));
	assert_int_equal(report.run, 5);
	assert_int_equal(report.verdict, PW_DEGRADED);
	assert_string_equal(report.outcome, "slow_banner");
	assert_int_equal(report.flags, REPORT_SPOKEN | REPORT_PASSED_ASKED);
	assert_int_equal(report.quiet, 300);
	assert_true(report.network == 1ull << 32);
	assert_int_equal(report.phase_count, 3);
	assert_int_equal(report.phases[2], -1);
	assert_bytes(report.text, "greeted after 12 s");
	assert_int_equal(report.warning_count, 1);
	assert_string_equal(report.warnings[0].phase, "banner");
	assert_bytes(report.warnings[0].text, "12.0 s");
	assert_true(message_next_report(&in, &report, TARGETS));
	assert_int_equal(report.verdict, PW_OK);
	assert_int_equal(report.text.size, 0);
	assert_false(message_next_report(&in, &report, TARGETS));
	assert_true(wire_is_whole(&in));
	packet[0] = MESSAGE_RESULTS;
	in = wire_from(packet, out.size);
	assert_true(message_next_result(&in, &report, TARGETS));
	assert_int_equal(report.run, 5);
}

static void
a_plain_report_is_short(void **state)
{
	unsigned char packet[ROOM];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct report sent = { .run = 1, .outcome = "ok", .phase_count = 5 };

	(void)state;
	message_begin(&out, MESSAGE_REPORTS);
	assert_true(message_add_report(&out, &sent));
	assert_in_range(out.size, 60, 130);
}

/* The largest report there can be keeps to REPORT_SIZE_MAX by giving up ends of texts, and is still taken. */
static void
the_largest_report_fits(void **state)
{
	static char long_text[3000];
	unsigned char packet[ROOM];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct report sent = report_sample(), report;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof long_text; i += 2)
		memcpy(long_text + i, "\xc3\xa4", 2);
	memset(sent.outcome, 'o', sizeof sent.outcome - 1);
	sent.phase_count = REPORT_PHASES_MAX;
	sent.text = (struct pw_bytes){ long_text, sizeof long_text };
	sent.warning_count = REPORT_WARNINGS_MAX;
	for (size_t i = 0; i < REPORT_WARNINGS_MAX; i++) {
		memset(sent.warnings[i].code, 'c', sizeof sent.warnings[i].code - 1);
		memset(sent.warnings[i].phase, 'p', sizeof sent.warnings[i].phase - 1);
		sent.warnings[i].text = sent.text;
	}
	message_begin(&out, MESSAGE_REPORTS);
	assert_true(message_add_report(&out, &sent));
	assert_true(out.size - 1 <= REPORT_SIZE_MAX);
	struct wire_in in = wire_from(packet, out.size);
	assert_true(message_next_report(&in, &report, TARGETS));
	assert_true(wire_is_whole(&in));
	assert_int_equal(report.text.size, EVIDENCE_TEXT_MAX - 2); /* 511 would halve a letter */
	assert_int_equal(report.warning_count, REPORT_WARNINGS_MAX);
}

static bool
reported_is_taken(const struct report *report)
{
	unsigned char packet[ROOM];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct report back;

	message_begin(&out, MESSAGE_REPORTS);
	assert_true(message_add_report(&out, report));
	for (size_t size = 2; size < out.size; size++) {
		struct wire_in in = wire_from(packet, size);
		assert_false(message_next_report(&in, &back, TARGETS));
	}
	struct wire_in in = wire_from(packet, out.size);
	return message_next_report(&in, &back, TARGETS);
}

static void
a_report_is_checked(void **state)
{
	struct report report = report_sample();

	(void)state;
	assert_true(reported_is_taken(&report));
	report.target = TARGETS;
	assert_false(reported_is_taken(&report));
	report = report_sample();
	report.verdict = PW_UNKNOWN + 1;
	assert_false(reported_is_taken(&report));
	report = report_sample();
	report.flags = REPORT_FLAGS;
	assert_false(reported_is_taken(&report));
	report = report_sample();
	report.outcome[0] = '\0';
	assert_false(reported_is_taken(&report));
	report = report_sample();
	report.micros = -1;
	assert_false(reported_is_taken(&report));
	report = report_sample();
	report.quiet = -2;
	assert_false(reported_is_taken(&report));
	report = report_sample();
	report.phases[1] = -2;
	assert_false(reported_is_taken(&report));
}

static void
a_full_packet_takes_no_more(void **state)
{
	static unsigned char packet[WIRE_MAX];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct report sent = report_sample(), report;
	size_t put = 0, got = 0;

	(void)state;
	for (message_begin(&out, MESSAGE_REPORTS); message_add_report(&out, &sent); )
		put++;
	assert_false(out.bad);
	struct wire_in in = wire_from(packet, out.size);
	while (message_next_report(&in, &report, TARGETS))
		got++;
	assert_true(wire_is_whole(&in));
	assert_int_equal(got, put);
	assert_in_range(put, 100, 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_travel_many_in_a_packet),
		cmocka_unit_test(an_order_is_checked),
		cmocka_unit_test(a_name_comes_back_and_is_checked),
		cmocka_unit_test(a_report_comes_back),
		cmocka_unit_test(a_plain_report_is_short),
		cmocka_unit_test(the_largest_report_fits),
		cmocka_unit_test(a_report_is_checked),
		cmocka_unit_test(a_full_packet_takes_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
