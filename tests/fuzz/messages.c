/* Any bytes, given to the reader of their kind as any process of ours would: first byte and range checks included. */
#include <stdlib.h>

#include "base/messages_ask.h"
#include "base/messages_outbox.h"

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
read_evidence(struct wire_in *in)
{
	struct message_evidence evidence;
	struct evidence_line line;
	struct evidence_fact fact;
	struct evidence_warning warning;

	if (!message_get_evidence(in, &evidence, TARGETS))
		return;
	while (evidence_next_line(&evidence.leg.transcript, &line))
		look(line.bytes);
	while (evidence_next_fact(&evidence.leg.facts, &fact))
		look(fact.value);
	while (evidence_next_warning(&evidence.leg.warnings, &warning))
		look(warning.text);
}

/* All of its changes can be read: that was checked. */
static void
look_at_run(const struct message_run *run)
{
	struct wire_in in = wire_from(run->changes.data, run->changes.size);
	struct message_change change;
	uint32_t count = 0;

	look(run->state);
	for (; message_next_change(&in, run, &change); count++)
		look(change.text);
	if (count != run->change_count)
		abort();
}

static void
read_one(struct wire_in *in, enum message_kind kind)
{
	union {
		struct message_link link;
		struct message_stop stop;
		struct message_account account;
		struct message_log log;
		struct message_alive alive;
		struct message_references references;
		struct message_run run;
		struct message_state state;
		struct message_committed committed;
		struct message_recovered recovered;
		uint32_t target;
	} one;

	if (kind == MESSAGE_LINK)
		(void)message_get_link(in, &one.link);
	else if (kind == MESSAGE_STOP)
		(void)message_get_stop(in, &one.stop);
	else if (kind == MESSAGE_ACCOUNT && message_get_account(in, &one.account, TARGETS))
		look((struct pw_bytes){ one.account.text, 1 });
	else if (kind == MESSAGE_CLEARED)
		(void)message_get_cleared(in, &one.target, TARGETS);
	else if (kind == MESSAGE_LOG && message_get_log(in, &one.log))
		look(one.log.text);
	else if (kind == MESSAGE_ALIVE)
		(void)message_get_alive(in, &one.alive);
	else if (kind == MESSAGE_REFERENCES)
		(void)message_get_references(in, &one.references);
	else if (kind == MESSAGE_RUN && message_get_run(in, &one.run, TARGETS))
		look_at_run(&one.run);
	else if (kind == MESSAGE_RECOVERED)
		(void)message_get_recovered(in, &one.recovered);
	else if (kind == MESSAGE_STATE && message_get_state(in, &one.state, TARGETS))
		look(one.state.state);
	else if (kind == MESSAGE_COMMITTED)
		(void)message_get_committed(in, &one.committed);
}

static void
read_ask(struct wire_in *in, enum message_kind kind)
{
	struct message_ask ask;
	struct message_answer answer;
	uint32_t target;

	if (kind == MESSAGE_ASK && message_get_ask(in, &ask, TARGETS))
		for (uint32_t i = 0; i < ask.word_count; i++)
			look(ask.words[i]);
	else if (kind == MESSAGE_ANSWER && message_get_answer(in, &answer))
		look(answer.text);
	else if (kind == MESSAGE_RELEASE)
		(void)message_get_release(in, &target, TARGETS);
}

static void
read_outbox(struct wire_in *in, enum message_kind kind)
{
	static struct message_notice notice;
	struct message_leg leg;
	struct message_receipt receipt;

	if (kind == MESSAGE_LEG && message_get_leg(in, &leg))
		look(leg.leg.transcript);
	else if (kind == MESSAGE_RECEIPT && message_get_receipt(in, &receipt))
		look(receipt.text);
	else if (kind == MESSAGE_NOTICE && message_get_notice(in, &notice)) {
		look(notice.target);
		look(notice.host);
		look(notice.text);
		look(notice.list);
		for (uint32_t i = 0; i < notice.recipient_count; i++)
			look(notice.recipients[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum message_kind kind = message_kind(data, size);
	struct wire_in in = wire_from(data, size);

	if (kind == MESSAGE_ORDERS || kind == MESSAGE_REPORTS || kind == MESSAGE_RESULTS)
		read_runs(&in, kind);
	else if (kind == MESSAGE_EVIDENCE)
		read_evidence(&in);
	else if (kind == MESSAGE_ASK || kind == MESSAGE_ANSWER || kind == MESSAGE_RELEASE)
		read_ask(&in, kind);
	else if (kind == MESSAGE_LEG || kind == MESSAGE_NOTICE || kind == MESSAGE_RECEIPT)
		read_outbox(&in, kind);
	else
		read_one(&in, kind);
	return 0;
}
