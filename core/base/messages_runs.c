/*
 * Encodes and decodes orders of runs (monitor to prober), their reports (prober to monitor) and
 * results (monitor to keeper). Many travel in one packet: a reader takes them off one by one, and
 * the first that is malformed ends the packet.
 */
#include "base/messages.h"

#include <assert.h>

#include "base/text.h"

/* What a report takes beside its texts, names counted at their longest. */
enum {
	REPORT_FIXED = 8 + 4 + 1 + 4 + 1 + OUTCOME_NAME_MAX + 8 + 8 + 8 + 8 + 8 + 8 + 4 + 1 + 2 + 1,
	WARNING_FIXED = OUTCOME_NAME_MAX + 24 + 2
};

static_assert(REPORT_FIXED + REPORT_PHASES_MAX * 8 + EVIDENCE_TEXT_MAX + REPORT_WARNINGS_MAX
    * WARNING_FIXED <= REPORT_SIZE_MAX, "the largest report keeps its names and its sentence");

static bool
is_report(const void *message)
{
	return ((const struct report *)message)->outcome[0] != '\0';
}

static const struct wire_form order_form = { WIRE_FORM(order,
	WIRE_FIELD(U64, order, run),
	WIRE_FIELD(INDEX, order, target),
	WIRE_FIELD(U8, order, flags, .max = ORDER_FLAGS - 1),
	WIRE_FIELD(U8, order, attempt),
	WIRE_FIELD(U8, order, missing),
	WIRE_FIELD(U8, order, renewed, .max = 100),
	WIRE_FIELD(I64, order, due),
	WIRE_FIELD(U64, order, fingerprint)) };

static const struct wire_form report_form = { .holds = is_report, WIRE_FORM(report,
	WIRE_FIELD(U64, report, run),
	WIRE_FIELD(INDEX, report, target),
	WIRE_FIELD(U8, report, verdict, .max = PW_UNKNOWN),
	WIRE_FIELD(U32, report, flags, .max = RESULT_FLAGS - 1),
	WIRE_FIELD(U8, report, ways, .max = WAY_ALL - 1),
	WIRE_FIELD(NAME, report, outcome),
	WIRE_FIELD(I64, report, started),
	WIRE_FIELD(I64, report, late, .min = INT64_MIN),
	WIRE_FIELD(I64, report, micros),
	WIRE_FIELD(I64, report, quiet, .min = -1),
	WIRE_FIELD(U64, report, network),
	WIRE_FIELD(U64, report, fingerprint),
	WIRE_FIELD(U32, report, reached),
	WIRE_LIST(I64, report, phases, phase_count, .min = -1)) };

static const struct wire_form warning_form = { WIRE_FORM(report_warning,
	WIRE_FIELD(NAME, report_warning, code),
	WIRE_FIELD(NAME, report_warning, phase),
	WIRE_FIELD(BYTES, report_warning, text)) };

/* What follows in a report where the verdict is not ok or the report is full. */
static const struct wire_form details_form = { WIRE_FORM(report,
	WIRE_FIELD(BYTES, report, text, .max = EVIDENCE_TEXT_MAX - 1),
	WIRE_LIST(PART, report, warnings, warning_count, .form = &warning_form)) };

/* The kind stands before the first entry only. */
static bool
next(struct wire_in *in, enum message_kind kind)
{
	if (in->at == 0)
		message_expect(in, kind);
	return !in->bad && in->at < in->size;
}

bool
message_add_order(struct wire_out *out, const struct order *order)
{
	if (out->room - out->size < ORDER_SIZE)
		return false;
	wire_put_form(out, &order_form, order);
	return true;
}

bool
message_next_order(struct wire_in *in, struct order *order, uint32_t targets)
{
	*order = (struct order){ 0 };
	if (!next(in, MESSAGE_ORDERS))
		return false;
	wire_get_form(in, &order_form, order, &(struct wire_terms){ .limit = targets });
	return !in->bad;
}

void
message_begin_results(struct wire_out *out)
{
	message_begin(out, MESSAGE_RESULTS);
	wire_put_form(out, &sequence_form, &(struct sequence){ 0, 0 });
}

bool
message_get_results(struct wire_in *in, struct sequence *sequence)
{
	message_expect(in, MESSAGE_RESULTS);
	wire_get_form(in, &sequence_form, sequence, &(struct wire_terms){ .limit = 0 });
	return !in->bad;
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

/* A report that does not fit is taken back whole: the caller sends what there is and adds it to
 * the next packet. */
bool
message_add_report(struct wire_out *out, const struct report *report)
{
	size_t before = out->size;

	assert(report->phase_count <= REPORT_PHASES_MAX);
	assert(report->warning_count <= REPORT_WARNINGS_MAX);
	wire_put_form(out, &report_form, report);
	if (is_detailed(report)) {
		/* The warnings' texts share what the rest leaves of REPORT_SIZE_MAX. */
		size_t taken = REPORT_FIXED + report->phase_count * 8 + report->warning_count
		    * WARNING_FIXED;
		struct report shortened = *report;

		shortened.text = cut(report->text, EVIDENCE_TEXT_MAX - 1);
		assert(taken + shortened.text.size <= REPORT_SIZE_MAX);
		size_t share = (REPORT_SIZE_MAX - taken
		    - shortened.text.size) / (report->warning_count + 1);
		for (uint32_t i = 0; i < report->warning_count; i++)
			shortened.warnings[i].text = cut(report->warnings[i].text, share);
		wire_put_form(out, &details_form, &shortened);
	}
	if (!out->bad)
		return true;
	out->size = before;
	out->bad = false;
	return false;
}

static bool
next_report(struct wire_in *in, enum message_kind kind, struct report *report, uint32_t targets)
{
	struct wire_terms terms = { .limit = targets };

	*report = (struct report){ 0 };
	if (!next(in, kind))
		return false;
	wire_get_form(in, &report_form, report, &terms);
	wire_require(in, kind == MESSAGE_RESULTS || report->flags < REPORT_FLAGS);
	if (is_detailed(report))
		wire_get_form(in, &details_form, report, &terms);
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
