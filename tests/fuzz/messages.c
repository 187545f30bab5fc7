/* Any bytes, given to the reader of their kind as any process of ours would: first byte and range checks included. */
#include <assert.h>
#include <stdlib.h>

#include "base/messages_ask.h"
#include "base/messages_outbox.h"
#include "wire_print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TARGETS = 10 };

static volatile size_t seen;

/* Views must lie within the packet: the sanitizer sees it where one does not. */
static void
look(struct pw_bytes bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		seen += (unsigned char)bytes.data[i];
}

static void
read_runs(struct wire_in *in, enum message_kind kind)
{
	struct order order;
	struct report report;

	while (kind == MESSAGE_ORDERS && message_next_order(in, &order, TARGETS))
		seen += order.target;
	struct sequence sequence;

	if (kind == MESSAGE_RESULTS && !message_get_results(in, &sequence))
		return;
	while (kind == MESSAGE_RESULTS && message_next_result(in, &report, TARGETS))
		look(report.text);
	while (kind == MESSAGE_REPORTS && message_next_report(in, &report, TARGETS)) {
		look(report.text);
		for (uint32_t i = 0; i < report.warning_count; i++)
			look(report.warnings[i].text);
	}
}

static void
read_lists(const struct evidence *leg)
{
	struct pw_bytes transcript = leg->transcript, facts = leg->facts, warnings = leg->warnings;
	struct evidence_line line;
	struct evidence_fact fact;
	struct evidence_warning warning;

	while (evidence_next_line(&transcript, &line))
		look(line.bytes);
	while (evidence_next_fact(&facts, &fact))
		look(fact.value);
	while (evidence_next_warning(&warnings, &warning))
		look(warning.text);
}

/* All of its changes can be read: that was checked. */
static void
read_changes(const struct message_run *run)
{
	struct wire_in in = wire_from(run->changes.data, run->changes.size);
	struct message_change change;
	uint32_t count = 0;

	for (; message_next_change(&in, run, &change); count++)
		look(change.text);
	assert(count == run->change_count);
}

/* What is taken lies within the packet, can be shown, and is written again as it came: two packets never mean the same. */
static void
read_form(struct wire_in *in, enum message_kind kind, const uint8_t *packet, size_t size)
{
	static uint64_t record[2048];
	static char shown[8 * WIRE_MAX];
	static unsigned char again[WIRE_MAX];
	const struct wire_form *form = message_form(kind);
	struct wire_out out = wire_over(again, sizeof again);
	struct text text = TEXT_OVER(shown);

	assert(form->size <= sizeof record);
	if (!message_get(in, kind, record, TARGETS))
		return;
	wire_print(&text, form, record);
	seen += text.size;
	message_begin(&out, kind);
	wire_put_form(&out, form, record);
	assert(!out.bad && out.size == size && memcmp(again, packet, size) == 0);
	if (kind == MESSAGE_RUN)
		read_changes((const struct message_run *)record);
	else if (kind == MESSAGE_EVIDENCE)
		read_lists(&((const struct message_evidence *)record)->leg);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum message_kind kind = message_kind(data, size);
	struct wire_in in = wire_from(data, size);

	if (size <= WIRE_MAX && message_form(kind) != NULL)
		read_form(&in, kind, data, size);
	else
		read_runs(&in, kind);
	return 0;
}
