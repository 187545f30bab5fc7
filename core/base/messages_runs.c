/*
 * Encodes and decodes the messages about single runs: orders to probers, their reports, the
 * evidence of a leg. Orders and reports travel many in a packet; a reader takes them off one by
 * one, and the first one that is malformed ends the packet.
 */
#include "base/messages.h"

#include <assert.h>

#include "base/text.h"

/* What a report takes beside its texts, names counted at their longest. */
enum {
	REPORT_FIXED = 8 + 4 + 1 + 2 + 1 + OUTCOME_NAME_MAX + 8 + 8 + 8 + 8 + 8 + 8 + 4 + 1 + 2 + 1,
	WARNING_FIXED = OUTCOME_NAME_MAX + 24 + 2
};

static_assert(REPORT_FIXED + REPORT_PHASES_MAX * 8 + EVIDENCE_TEXT_MAX + REPORT_WARNINGS_MAX * WARNING_FIXED
    <= REPORT_SIZE_MAX, "the largest report keeps its names and its sentence");

/* The kind stands before the first entry only. */
static bool
next(struct wire_in *in, enum message_kind kind)
{
	if (in->at == 0 && wire_get_u8(in) != kind)
		in->bad = true;
	return !in->bad && in->at < in->size;
}

void
message_begin_orders(struct wire_out *out)
{
	message_begin(out, MESSAGE_ORDERS);
}

bool
message_add_order(struct wire_out *out, const struct order *order)
{
	if (out->room - out->size < ORDER_SIZE)
		return false;
	wire_put_u64(out, order->run);
	wire_put_u32(out, order->target);
	wire_put_u8(out, order->flags);
	wire_put_u8(out, order->attempt);
	wire_put_u8(out, order->missing);
	wire_put_u8(out, order->renewed);
	wire_put_i64(out, order->due);
	wire_put_u64(out, order->fingerprint);
	return true;
}

bool
message_next_order(struct wire_in *in, struct order *order, uint32_t targets)
{
	*order = (struct order){ 0 };
	if (!next(in, MESSAGE_ORDERS))
		return false;
	order->run = wire_get_u64(in);
	order->target = wire_get_below(in, targets);
	order->flags = wire_get_choice(in, ORDER_FLAGS);
	order->attempt = wire_get_u8(in);
	order->missing = wire_get_u8(in);
	order->renewed = wire_get_choice(in, 101);
	order->due = wire_get_i64(in);
	order->fingerprint = wire_get_u64(in);
	wire_require(in, order->due >= 0);
	return !in->bad;
}

void
message_begin_reports(struct wire_out *out)
{
	message_begin(out, MESSAGE_REPORTS);
}

static bool
is_detailed(const struct report *report)
{
	return report->verdict != PW_OK || (report->flags & REPORT_FULL) != 0;
}

static struct pw_bytes
cut(struct pw_bytes text, size_t max)
{
	return text.size <= max ? text : (struct pw_bytes){ text.data, text_whole(text.data, max) };
}

/* The warnings' texts share what the rest leaves of REPORT_SIZE_MAX. */
static void
put_details(struct wire_out *out, const struct report *report)
{
	size_t taken = REPORT_FIXED + report->phase_count * 8 + report->warning_count * WARNING_FIXED;
	struct pw_bytes text = cut(report->text, EVIDENCE_TEXT_MAX - 1);
	size_t share = (REPORT_SIZE_MAX - taken - text.size) / (report->warning_count + 1);

	wire_put_bytes(out, text);
	wire_put_u8(out, (uint8_t)report->warning_count);
	for (uint32_t i = 0; i < report->warning_count; i++) {
		wire_put_name(out, report->warnings[i].code);
		wire_put_name(out, report->warnings[i].phase);
		wire_put_bytes(out, cut(report->warnings[i].text, share));
	}
}

bool
message_add_report(struct wire_out *out, const struct report *report)
{
	size_t before = out->size;

	assert(report->phase_count <= REPORT_PHASES_MAX && report->warning_count <= REPORT_WARNINGS_MAX);
	wire_put_u64(out, report->run);
	wire_put_u32(out, report->target);
	wire_put_u8(out, report->verdict);
	wire_put_u16(out, report->flags);
	wire_put_u8(out, report->ways);
	wire_put_name(out, report->outcome);
	wire_put_i64(out, report->started);
	wire_put_i64(out, report->late);
	wire_put_i64(out, report->micros);
	wire_put_i64(out, report->quiet);
	wire_put_u64(out, report->network);
	wire_put_u64(out, report->fingerprint);
	wire_put_u32(out, report->reached);
	wire_put_u8(out, (uint8_t)report->phase_count);
	for (uint32_t i = 0; i < report->phase_count; i++)
		wire_put_i64(out, report->phases[i]);
	if (is_detailed(report))
		put_details(out, report);
	if (!out->bad)
		return true;
	out->size = before;
	out->bad = false;
	return false;
}

static void
get_details(struct wire_in *in, struct report *report)
{
	report->text = wire_get_bytes(in);
	wire_require(in, report->text.size < EVIDENCE_TEXT_MAX);
	report->warning_count = wire_get_choice(in, REPORT_WARNINGS_MAX + 1);
	for (uint32_t i = 0; i < report->warning_count; i++) {
		wire_get_name(in, report->warnings[i].code, sizeof report->warnings[i].code);
		wire_get_name(in, report->warnings[i].phase, sizeof report->warnings[i].phase);
		report->warnings[i].text = wire_get_bytes(in);
	}
}

static void
get_phases(struct wire_in *in, struct report *report)
{
	report->phase_count = wire_get_choice(in, REPORT_PHASES_MAX + 1);
	for (uint32_t i = 0; i < report->phase_count; i++) {
		report->phases[i] = wire_get_i64(in);
		wire_require(in, report->phases[i] >= -1);
	}
}

static bool
next_report(struct wire_in *in, enum message_kind kind, struct report *report, uint32_t targets)
{
	*report = (struct report){ 0 };
	if (!next(in, kind))
		return false;
	report->run = wire_get_u64(in);
	report->target = wire_get_below(in, targets);
	report->verdict = wire_get_choice(in, PW_UNKNOWN + 1);
	report->flags = wire_get_u16(in);
	wire_require(in, report->flags < REPORT_FLAGS);
	report->ways = wire_get_choice(in, WAY_ALL);
	wire_get_name(in, report->outcome, sizeof report->outcome);
	report->started = wire_get_i64(in);
	report->late = wire_get_i64(in);
	report->micros = wire_get_i64(in);
	report->quiet = wire_get_i64(in);
	report->network = wire_get_u64(in);
	report->fingerprint = wire_get_u64(in);
	report->reached = wire_get_u32(in);
	get_phases(in, report);
	if (is_detailed(report))
		get_details(in, report);
	wire_require(in, report->outcome[0] != '\0' && report->started >= 0
	    && report->micros >= 0 && report->quiet >= -1);
	return !in->bad;
}

bool
message_next_report(struct wire_in *in, struct report *report, uint32_t targets)
{
	return next_report(in, MESSAGE_REPORTS, report, targets);
}

bool
message_next_result(struct wire_in *in, struct report *report, uint32_t targets)
{
	return next_report(in, MESSAGE_RESULTS, report, targets);
}

void
message_put_addresses(struct wire_out *out, const struct message_name *name)
{
	assert(name->count <= NAME_ADDRESSES_MAX);
	wire_put_u8(out, (uint8_t)name->count);
	for (uint32_t i = 0; i < name->count && !out->bad; i++) {
		const struct address *address = &name->addresses[i];
		bool v4 = address_is_ipv4(address);

		wire_put_bytes(out, v4 ? (struct pw_bytes){ (const char *)&address->v4.sin_addr, sizeof address->v4.sin_addr }
		    : (struct pw_bytes){ (const char *)&address->v6.sin6_addr, sizeof address->v6.sin6_addr });
	}
}

void
message_get_addresses(struct wire_in *in, struct message_name *name)
{
	name->count = wire_get_choice(in, NAME_ADDRESSES_MAX + 1);
	for (uint32_t i = 0; i < name->count && !in->bad; i++) {
		struct pw_bytes bytes = wire_get_bytes(in);

		wire_require(in, bytes.size == sizeof(struct in_addr) || bytes.size == sizeof(struct in6_addr));
		if (!in->bad)
			name->addresses[i] = bytes.size == sizeof(struct in_addr) ? address_ipv4(bytes.data, 0)
			    : address_ipv6(bytes.data, 0);
	}
}

void
message_put_name(struct wire_out *out, const struct message_name *name)
{
	message_begin(out, MESSAGE_NAME);
	wire_put_u32(out, name->target);
	wire_put_i64(out, name->public_at);
	wire_put_i64(out, name->good_at);
	message_put_addresses(out, name);
}

bool
message_get_name(struct wire_in *in, struct message_name *name, uint32_t targets)
{
	message_expect(in, MESSAGE_NAME);
	*name = (struct message_name){ .target = wire_get_below(in, targets) };
	name->public_at = wire_get_i64(in);
	name->good_at = wire_get_i64(in);
	message_get_addresses(in, name);
	wire_require(in, (name->count == 0) == (name->good_at == 0));
	return wire_is_whole(in);
}

void
message_put_evidence(struct wire_out *out, const struct message_evidence *evidence)
{
	message_begin(out, MESSAGE_EVIDENCE);
	wire_put_u64(out, evidence->run);
	wire_put_u32(out, evidence->target);
	evidence_put(&evidence->leg, out);
}

bool
message_get_evidence(struct wire_in *in, struct message_evidence *evidence, uint32_t targets)
{
	if (wire_get_u8(in) != MESSAGE_EVIDENCE)
		in->bad = true;
	evidence->run = wire_get_u64(in);
	evidence->target = wire_get_below(in, targets);
	return !in->bad && evidence_get(in, &evidence->leg) && wire_is_whole(in);
}
