/*
 * The messages between the daemon's processes: a form (a table of its fields) for each, and the
 * writers and readers that are made from them. A reader takes the whole packet and answers once, at
 * its end: a field out of range is as wrong as bytes that are missing or left over.
 */
#include "base/messages.h"

#include <assert.h>
#include <string.h>
#include <syslog.h>

#include "base/messages_ask.h"
#include "base/messages_outbox.h"
#include "base/notice.h"
#include "base/text.h"

#define ANY .min = INT64_MIN
#define BOOL .max = 1

enum { NOTICE_OTHERS_MAX = 1024 /* numbers, times and names of a notice */ };

static_assert(4 * NOTICE_TARGET_MAX + OWN_NAME_MAX + NOTICE_TEXT_MAX + NOTICE_LIST_MAX
    + NOTICE_RECIPIENTS_MAX * (PW_RECIPIENT_MAX + 2) + NOTICE_OTHERS_MAX <= WIRE_MAX,
    "the largest notice goes whole");

/* What must hold between the fields of one message */

static bool
is_stop(const void *message)
{
	const struct message_stop *stop = message;

	return stop->patience >= stop->grace;
}

/* It is written as it is, and duty_log() leaves nothing in it that cannot be shown. */
static bool
is_log(const void *message)
{
	struct pw_bytes text = ((const struct message_log *)message)->text;

	for (size_t at = 0, size; at < text.size; at += size) {
		size = text_printable(text.data + at, text.size - at);
		if (size == 0)
			return false;
	}
	return true;
}

static bool
is_references(const void *message)
{
	const struct message_references *references = message;

	return references->reached <= references->asked
	    && references->unasked <= references->asked - references->reached
	    && references->near_silent <= references->near && references->began <= references->at;
}

static bool
is_change(const void *message)
{
	const struct message_change *change = message;

	return change->kind[0] == '\0' || notice_named(change->kind) != NOTICE_none;
}

/* A run is taken whole or not at all, so no change of it may turn out to be malformed later. */
static bool
is_run(const void *message)
{
	const struct message_run *run = message;
	struct wire_in in = wire_from(run->changes.data, run->changes.size);
	struct message_change change;
	uint32_t count = 0;

	while (message_next_change(&in, run, &change))
		count++;
	return wire_is_whole(&in) && count == run->change_count;
}

static bool
is_recovered(const void *message)
{
	const struct message_recovered *recovered = message;

	return recovered->runs.number <= recovered->runs_taken
	    && recovered->results.number <= recovered->results_taken;
}

/* Addresses that were answered at no time, and a time at which none were, are nothing to go by. */
static bool
is_name(const void *message)
{
	const struct message_name *name = message;

	return (name->count == 0) == (name->good_at == 0);
}

static bool
is_leg(const void *message)
{
	const struct message_leg *leg = message;

	return leg->run < leg->runs;
}

static bool
is_notice(const void *message)
{
	const struct message_notice *notice = message;

	return notice_named(notice->kind) != NOTICE_none && notice->recipient_count > 0
	    && notice->before <= notice->runs;
}

static bool
is_answer(const void *message)
{
	char kind = ((const struct message_answer *)message)->kind;

	return kind == 'o' || kind == 'e' || kind == 'x';
}

/* The forms */

const struct wire_form sequence_form = { WIRE_FORM(sequence,
	WIRE_FIELD(U64, sequence, birth), WIRE_FIELD(U64, sequence, number)) };

#define SEQUENCE(type, member) WIRE_FIELD(PART, type, member, .form = &sequence_form)

const struct wire_form notice_names_form = { WIRE_FORM(notice_names,
	WIRE_FIELD(STRING, notice_names, target),
	WIRE_FIELD(STRING, notice_names, host),
	WIRE_FIELD(NAME, notice_names, probe),
	WIRE_FIELD(STRING, notice_names, own),
	WIRE_FIELD(U16, notice_names, port)) };

const struct wire_form name_addresses_form = { WIRE_FORM(message_name,
	WIRE_LIST(ADDRESS, message_name, addresses, count)) };

static const struct wire_form change_form = { .holds = is_change, WIRE_FORM(message_change,
	WIRE_FIELD(U64, message_change, change),
	WIRE_FIELD(NAME, message_change, kind),
	WIRE_FIELD(NAME, message_change, code),
	WIRE_FIELD(NAME, message_change, from),
	WIRE_FIELD(NAME, message_change, to),
	WIRE_FIELD(U32, message_change, silence),
	WIRE_FIELD(NAME, message_change, silences),
	WIRE_FIELD(U64, message_change, incident),
	WIRE_FIELD(I64, message_change, detected),
	WIRE_FIELD(I64, message_change, confirmed),
	WIRE_FIELD(TEXT, message_change, text),
	WIRE_LIST(U64, message_change, attempts, attempt_count)) };

static const struct wire_form columns_form = { WIRE_FORM(message_columns,
	WIRE_FIELD(NAME, message_columns, state),
	WIRE_FIELD(NAME, message_columns, verdict),
	WIRE_FIELD(NAME, message_columns, outcome),
	WIRE_FIELD(NAME, message_columns, silences),
	WIRE_FIELD(I64, message_columns, since),
	WIRE_FIELD(I64, message_columns, ended),
	WIRE_FIELD(U16, message_columns, fails),
	WIRE_FIELD(U16, message_columns, passes),
	WIRE_FIELD(U8, message_columns, attempts),
	WIRE_FIELD(U8, message_columns, doubled),
	WIRE_FIELD(U8, message_columns, flapping, BOOL),
	WIRE_FIELD(U8, message_columns, slow, BOOL),
	WIRE_FIELD(U8, message_columns, held, BOOL),
	WIRE_FIELD(U8, message_columns, quarantined, BOOL),
	WIRE_FIELD(BYTES, message_columns, text, .max = EVIDENCE_TEXT_MAX - 1)) };

#define ALIVE_FIELDS \
	WIRE_FIELD(I64, message_alive, late_max, ANY), \
	WIRE_FIELD(U64, message_alive, done), \
	WIRE_FIELD(U32, message_alive, in_hand), \
	WIRE_FIELD(I64, message_alive, late), \
	WIRE_FIELD(U8, message_alive, blind, BOOL)

static const struct wire_form alive_form = { WIRE_FORM(message_alive, ALIVE_FIELDS) };

static const struct wire_form process_form = { WIRE_FORM(message_process,
	WIRE_FIELD(U8, message_process, duty, .max = DUTY_KINDS - 1),
	WIRE_FIELD(U32, message_process, index),
	WIRE_FIELD(U8, message_process, is_ready, BOOL),
	WIRE_FIELD(U32, message_process, pid),
	WIRE_FIELD(U32, message_process, gate),
	WIRE_FIELD(U32, message_process, deaths),
	WIRE_FIELD(I64, message_process, started),
	WIRE_FIELD(PART, message_process, alive, .form = &alive_form)) };

/* What evidence begins with. */
static const struct wire_form outcome_form = { WIRE_FORM(message_evidence,
	WIRE_FIELD(U64, message_evidence, run),
	WIRE_FIELD(U32, message_evidence, target),
	WIRE_FIELD(U32, message_evidence, leg.leg),
	WIRE_FIELD(U32, message_evidence, leg.legs),
	WIRE_FIELD(U8, message_evidence, leg.verdict, .max = EVIDENCE_NOT_CHECKED),
	WIRE_FIELD(NAME, message_evidence, leg.outcome)) };

static const struct wire_form forms[MESSAGE_KINDS] = {
	[MESSAGE_LINK] = { WIRE_FORM(message_link,
		WIRE_FIELD(U8, message_link, duty, .max = DUTY_KINDS - 1),
		WIRE_FIELD(U32, message_link, index)) },
	[MESSAGE_STOP] = { .holds = is_stop, WIRE_FORM(message_stop,
		WIRE_FIELD(I64, message_stop, grace),
		WIRE_FIELD(I64, message_stop, patience)) },
	[MESSAGE_ACCOUNT] = { WIRE_FORM(message_account,
		WIRE_FIELD(INDEX, message_account, target),
		WIRE_FIELD(U8, message_account, account, .max = ACCOUNTS - 1),
		WIRE_FIELD(STRING, message_account, text)) },
	[MESSAGE_LIMIT] = { WIRE_FORM(message_limit,
		WIRE_FIELD(STRING, message_limit, text)) },
	[MESSAGE_CLEARED] = { WIRE_FORM_OF_VALUE(INDEX, "target", uint32_t) },
	[MESSAGE_ALIVE] = { WIRE_FORM(message_alive, ALIVE_FIELDS) },
	[MESSAGE_VITALS] = { WIRE_FORM(message_vitals,
		WIRE_FIELD(I64, message_vitals, began),
		WIRE_FIELD(U8, message_vitals, is_reload, BOOL),
		WIRE_FIELD(I64, message_vitals, failing_since),
		WIRE_FIELD(STRING, message_vitals, lacks),
		WIRE_LIST(PART, message_vitals, processes, process_count, .form = &process_form)) },
	[MESSAGE_LOG] = { .holds = is_log, WIRE_FORM(message_log,
		WIRE_FIELD(U8, message_log, level, .max = LOG_DEBUG),
		WIRE_FIELD(U64, message_log, event),
		WIRE_FIELD(U32, message_log, dropped),
		WIRE_FIELD(TEXT, message_log, text)) },
	[MESSAGE_BLAME] = { WIRE_FORM(message_blame,
		WIRE_FIELD(U8, message_blame, duty, .max = DUTY_KINDS - 1),
		WIRE_FIELD(U32, message_blame, index),
		WIRE_FIELD(TEXT, message_blame, text, .max = EVIDENCE_TEXT_MAX)) },
	[MESSAGE_NAME] = { .holds = is_name, WIRE_FORM(message_name,
		WIRE_FIELD(INDEX, message_name, target),
		WIRE_FIELD(I64, message_name, public_at, ANY),
		WIRE_FIELD(I64, message_name, good_at, ANY),
		WIRE_LIST(ADDRESS, message_name, addresses, count)) },
	[MESSAGE_EVIDENCE] = { WIRE_FORM(message_evidence,
		WIRE_FIELD(U64, message_evidence, run),
		WIRE_FIELD(INDEX, message_evidence, target),
		WIRE_FIELD(PART, message_evidence, leg, .form = &evidence_form)) },
	[MESSAGE_LOOK] = { WIRE_FORM_OF_VALUE(U8, "near", bool, BOOL) },
	[MESSAGE_REFERENCES] = { .holds = is_references, WIRE_FORM(message_references,
		WIRE_FIELD(U32, message_references, asked),
		WIRE_FIELD(U32, message_references, reached),
		WIRE_FIELD(U32, message_references, unasked),
		WIRE_FIELD(U32, message_references, near),
		WIRE_FIELD(U32, message_references, near_silent),
		WIRE_FIELD(NAME, message_references, reason),
		WIRE_FIELD(I64, message_references, began, ANY),
		WIRE_FIELD(I64, message_references, at, ANY)) },
	[MESSAGE_SOURCES] = { WIRE_FORM_OF_VALUE(STRING, "said", char[SOURCES_TEXT_MAX]) },
	[MESSAGE_WAITING] = { WIRE_FORM_OF_VALUE(U32, "connections", uint32_t) },
	[MESSAGE_RUN] = { .holds = is_run, WIRE_FORM(message_run,
		SEQUENCE(message_run, sequence),
		WIRE_FIELD(INDEX_OR_NONE, message_run, target),
		WIRE_FIELD(U8, message_run, restated, BOOL),
		WIRE_FIELD(BYTES, message_run, state),
		WIRE_FIELD(PART, message_run, columns, .form = &columns_form),
		WIRE_FIELD(I64, message_run, interval, .min = INTERVAL_NONE),
		WIRE_FIELD(U8, message_run, change_count, .max = RUN_CHANGES_MAX),
		WIRE_FIELD(BYTES, message_run, changes)) },
	[MESSAGE_STATE] = { WIRE_FORM(message_state,
		WIRE_FIELD(INDEX_OR_NONE, message_state, target),
		WIRE_FIELD(U8, message_state, bare, BOOL),
		WIRE_FIELD(BYTES, message_state, state)) },
	[MESSAGE_RECOVERED] = { .holds = is_recovered, WIRE_FORM(message_recovered,
		SEQUENCE(message_recovered, runs),
		WIRE_FIELD(U64, message_recovered, runs_taken),
		SEQUENCE(message_recovered, results),
		WIRE_FIELD(U64, message_recovered, results_taken),
		WIRE_FIELD(U64, message_recovered, run),
		WIRE_FIELD(I64, message_recovered, newest, ANY)) },
	[MESSAGE_COMMITTED] = { WIRE_FORM(message_committed,
		SEQUENCE(message_committed, runs),
		SEQUENCE(message_committed, results)) },
	[MESSAGE_LEG] = { .holds = is_leg, WIRE_FORM(message_leg,
		WIRE_FIELD(U64, message_leg, notice),
		WIRE_FIELD(U32, message_leg, run),
		WIRE_FIELD(U32, message_leg, runs, .max = CHANGE_ATTEMPTS_MAX),
		WIRE_FIELD(BYTES, message_leg, packet)) },
	[MESSAGE_NOTICE] = { .holds = is_notice, WIRE_FORM(message_notice,
		WIRE_FIELD(U64, message_notice, notice),
		WIRE_FIELD(NAME, message_notice, key),
		WIRE_FIELD(NAME, message_notice, thread),
		WIRE_FIELD(NAME, message_notice, kind),
		WIRE_FIELD(U8, message_notice, flags, .max = NOTICE_FLAGS - 1),
		WIRE_FIELD(U32, message_notice, attempt, .min = 1),
		WIRE_FIELD(TEXT, message_notice, target, .max = NOTICE_TARGET_MAX),
		WIRE_FIELD(TEXT, message_notice, host, .max = NOTICE_TARGET_MAX),
		WIRE_FIELD(U16, message_notice, port),
		WIRE_FIELD(NAME, message_notice, probe),
		WIRE_FIELD(NAME, message_notice, code),
		WIRE_FIELD(STRING, message_notice, tag),
		WIRE_FIELD(NAME, message_notice, from),
		WIRE_FIELD(NAME, message_notice, to),
		WIRE_FIELD(NAME, message_notice, silences),
		WIRE_FIELD(PART, message_notice, first, .form = &notice_names_form),
		WIRE_FIELD(NAME, message_notice, first_kind),
		WIRE_FIELD(U64, message_notice, incident),
		WIRE_FIELD(I64, message_notice, began),
		WIRE_FIELD(I64, message_notice, ended),
		WIRE_FIELD(I64, message_notice, detected),
		WIRE_FIELD(I64, message_notice, confirmed),
		WIRE_FIELD(I64, message_notice, queued),
		WIRE_FIELD(TEXT, message_notice, text, .max = NOTICE_TEXT_MAX),
		WIRE_FIELD(LINES, message_notice, list, .max = NOTICE_LIST_MAX),
		WIRE_FIELD(U32, message_notice, covered),
		WIRE_FIELD(U32, message_notice, runs, .max = CHANGE_ATTEMPTS_MAX),
		WIRE_FIELD(U32, message_notice, before),
		WIRE_FIELD(U32, message_notice, attempts),
		WIRE_LIST(TEXT, message_notice, recipients, recipient_count,
		    .max = PW_RECIPIENT_MAX)) },
	[MESSAGE_RECEIPT] = { WIRE_FORM(message_receipt,
		WIRE_FIELD(U64, message_receipt, notice),
		WIRE_FIELD(U32, message_receipt, recipient, .max = NOTICE_RECIPIENTS_MAX - 1),
		WIRE_FIELD(U8, message_receipt, fate, .min = 1, .max = PW_NEVER),
		WIRE_FIELD(U8, message_receipt, channel, BOOL),
		WIRE_FIELD(U8, message_receipt, doubtful, BOOL),
		WIRE_FIELD(I64, message_receipt, not_before),
		WIRE_FIELD(I64, message_receipt, micros),
		WIRE_FIELD(BYTES, message_receipt, text, .max = PW_RECEIPT_MAX)) },
	[MESSAGE_HEALTH] = { WIRE_FORM(message_health,
		WIRE_FIELD(U32, message_health, ran),
		WIRE_FIELD(U32, message_health, passed_over),
		WIRE_FIELD(I64, message_health, late, ANY),
		WIRE_FIELD(U8, message_health, blind, BOOL),
		WIRE_FIELD(U32, message_health, unserved),
		WIRE_FIELD(U32, message_health, in_line),
		WIRE_FIELD(U32, message_health, waiting)) },
	[MESSAGE_FAILING] = { WIRE_FORM_OF_VALUE(I64, "since", int64_t, ANY) },
	[MESSAGE_ABSENT] = { WIRE_FORM(message_absent,
		WIRE_FIELD(INDEX, message_absent, notifier),
		WIRE_FIELD(STRING, message_absent, why)) },
	[MESSAGE_REPORT] = { WIRE_FORM(message_report,
		WIRE_FIELD(INDEX, message_report, report),
		WIRE_FIELD(NAME, message_report, period)) },
	[MESSAGE_ASK] = { WIRE_FORM(message_ask,
		WIRE_FIELD(U64, message_ask, number),
		WIRE_FIELD(INDEX_OR_NONE, message_ask, target),
		WIRE_FIELD(U32, message_ask, released),
		WIRE_FIELD(NAME, message_ask, verb),
		WIRE_FIELD(NAME, message_ask, who),
		WIRE_LIST(BYTES, message_ask, words, word_count, .max = ASK_WORD_MAX)) },
	[MESSAGE_ANSWER] = { .holds = is_answer, WIRE_FORM(message_answer,
		WIRE_FIELD(U64, message_answer, number),
		WIRE_FIELD(U8, message_answer, kind),
		WIRE_FIELD(U8, message_answer, status, .max = 127),
		WIRE_FIELD(TEXT, message_answer, text, .max = ANSWER_LINE_MAX - 1)) },
	[MESSAGE_RELOAD] = { WIRE_FORM_OF_VALUE(U64, "number", uint64_t, .min = 1) },
	[MESSAGE_RELEASE] = { WIRE_FORM_OF_VALUE(INDEX, "target", uint32_t) },
};

const struct wire_form *
message_form(enum message_kind kind)
{
	return forms[kind].fields == NULL ? NULL : &forms[kind];
}

enum message_kind
message_kind(const void *packet, size_t size)
{
	const unsigned char *bytes = packet;

	return (enum message_kind)(size > 0 && bytes[0] < MESSAGE_KINDS ? bytes[0] : 0);
}

const char *
duty_name(enum duty_kind duty)
{
	static const char *const names[DUTY_KINDS] = { [DUTY_PARENT] = "parent",
		[DUTY_MONITOR] = "monitor", [DUTY_PROBER] = "prober", [DUTY_KEEPER] = "keeper",
		[DUTY_NOTIFIER] = "notifier", [DUTY_WEB] = "web" };

	return duty < DUTY_KINDS ? names[duty] : "?";
}

/* Messages of one form */

void
message_begin(struct wire_out *out, enum message_kind kind)
{
	wire_put_u8(out, (uint8_t)kind);
}

void
message_expect(struct wire_in *in, enum message_kind kind)
{
	wire_require(in, wire_get_u8(in) == kind);
}

void
message_put(struct wire_out *out, enum message_kind kind, const void *message)
{
	assert(kind < MESSAGE_KINDS && forms[kind].fields != NULL);
	message_begin(out, kind);
	wire_put_form(out, &forms[kind], message);
}

bool
message_get(struct wire_in *in, enum message_kind kind, void *message, uint32_t limit)
{
	message_expect(in, kind);
	memset(message, 0, forms[kind].size);
	wire_get_form(in, &forms[kind], message, &(struct wire_terms){ .limit = limit });
	return wire_is_whole(in);
}

void
message_put_sources(struct wire_out *out, const char *said)
{
	message_put(out, MESSAGE_SOURCES, said);
}

bool
message_get_sources(struct wire_in *in, char said[SOURCES_TEXT_MAX])
{
	return message_get(in, MESSAGE_SOURCES, said, 0);
}

bool
message_read_evidence(struct pw_bytes packet, struct message_evidence *evidence)
{
	struct wire_in in = wire_from(packet.data, packet.size);

	return message_get_evidence(&in, evidence, UINT32_MAX);
}

bool
message_read_outcome(struct pw_bytes packet, struct message_evidence *evidence)
{
	struct wire_in in = wire_from(packet.data, packet.size);

	*evidence = (struct message_evidence){ .run = 0 };
	message_expect(&in, MESSAGE_EVIDENCE);
	wire_get_form(&in, &outcome_form, evidence, &(struct wire_terms){ .limit = 0 });
	return !in.bad;
}

/* Runs and their changes */

void
message_set_sequence(unsigned char *packet, struct sequence sequence)
{
	struct wire_out out = wire_over(packet + 1, 2 * sizeof(uint64_t));

	assert(packet[0] == MESSAGE_RUN || packet[0] == MESSAGE_RESULTS);
	wire_put_form(&out, &sequence_form, &sequence);
	assert(!out.bad);
}

void
message_add_change(struct wire_out *out, const struct message_change *change)
{
	wire_put_form(out, &change_form, change);
}

bool
message_next_change(
    struct wire_in *in, const struct message_run *run, struct message_change *change)
{
	if (in->bad || in->at == in->size)
		return false;
	*change = (struct message_change){ .target = run->target };
	wire_get_form(in, &change_form, change, &(struct wire_terms){ .limit = 0 });
	return !in->bad;
}
