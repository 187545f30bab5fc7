/*
 * Encodes and decodes the messages between processes that concern the process tree and decisions of
 * the monitor. Each reader takes the whole packet and answers once, at its end: a field out of
 * range marks the reader bad, and bytes left over are as wrong as bytes missing. The messages about
 * single runs are in messages_runs.c.
 */
#include "base/messages.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/notice.h"
#include "base/text.h"

enum message_kind
message_kind(const void *packet, size_t size)
{
	const unsigned char *bytes = packet;

	return size > 0 && bytes[0] < MESSAGE_KINDS ? (enum message_kind)bytes[0] : (enum message_kind)0;
}

const char *
duty_name(enum duty_kind duty)
{
	switch (duty) {
	case DUTY_PARENT:
		return "parent";
	case DUTY_MONITOR:
		return "monitor";
	case DUTY_PROBER:
		return "prober";
	case DUTY_KEEPER:
		return "keeper";
	case DUTY_NOTIFIER:
		return "notifier";
	case DUTY_KINDS:
		break;
	}
	return "?";
}

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

uint32_t
message_get_target(struct wire_in *in, uint32_t targets)
{
	uint32_t target = wire_get_u32(in);

	wire_require(in, target < targets || target == UINT32_MAX);
	return target;
}

void
message_put_link(struct wire_out *out, const struct message_link *link)
{
	message_begin(out, MESSAGE_LINK);
	wire_put_u8(out, (uint8_t)link->duty);
	wire_put_u32(out, link->index);
}

bool
message_get_link(struct wire_in *in, struct message_link *link)
{
	message_expect(in, MESSAGE_LINK);
	*link = (struct message_link){ .duty = (enum duty_kind)wire_get_choice(in, DUTY_KINDS) };
	link->index = wire_get_u32(in);
	return wire_is_whole(in);
}

void
message_put_stop(struct wire_out *out, const struct message_stop *stop)
{
	message_begin(out, MESSAGE_STOP);
	wire_put_i64(out, stop->grace);
	wire_put_i64(out, stop->patience);
}

bool
message_get_stop(struct wire_in *in, struct message_stop *stop)
{
	message_expect(in, MESSAGE_STOP);
	stop->grace = wire_get_i64(in);
	stop->patience = wire_get_i64(in);
	wire_require(in, stop->grace >= 0 && stop->patience >= stop->grace);
	return wire_is_whole(in);
}

void
message_put_account(struct wire_out *out, const struct message_account *account)
{
	message_begin(out, MESSAGE_ACCOUNT);
	wire_put_u32(out, account->target);
	wire_put_u8(out, (uint8_t)account->account);
	wire_put_bytes(out, (struct pw_bytes){ account->text, strnlen(account->text, sizeof account->text) });
}

bool
message_get_account(struct wire_in *in, struct message_account *account, uint32_t targets)
{
	struct pw_bytes text;

	message_expect(in, MESSAGE_ACCOUNT);
	*account = (struct message_account){ .target = wire_get_below(in, targets) };
	account->account = (enum account)wire_get_choice(in, ACCOUNTS);
	text = wire_get_text(in, sizeof account->text - 1);
	if (!wire_is_whole(in))
		return false;
	memcpy(account->text, text.data, text.size);
	return true;
}

void
message_put_cleared(struct wire_out *out, uint32_t target)
{
	message_begin(out, MESSAGE_CLEARED);
	wire_put_u32(out, target);
}

bool
message_get_cleared(struct wire_in *in, uint32_t *target, uint32_t targets)
{
	message_expect(in, MESSAGE_CLEARED);
	*target = wire_get_below(in, targets);
	return wire_is_whole(in);
}

void
message_put_log(struct wire_out *out, const struct message_log *log)
{
	message_begin(out, MESSAGE_LOG);
	wire_put_u8(out, (uint8_t)log->level);
	wire_put_u64(out, log->event);
	wire_put_u32(out, log->dropped);
	wire_put_bytes(out, log->text);
}

bool
message_get_log(struct wire_in *in, struct message_log *log)
{
	message_expect(in, MESSAGE_LOG);
	*log = (struct message_log){ .level = wire_get_choice(in, LOG_DEBUG + 1) };
	log->event = wire_get_u64(in);
	log->dropped = wire_get_u32(in);
	log->text = wire_get_text(in, WIRE_MAX);
	/* It is written as it is, and duty_log() leaves nothing in it that cannot be shown. */
	for (size_t at = 0, size = 1; at < log->text.size && size > 0; at += size) {
		size = text_printable(log->text.data + at, log->text.size - at);
		wire_require(in, size > 0);
	}
	return wire_is_whole(in);
}

void
message_put_alive(struct wire_out *out, const struct message_alive *alive)
{
	message_begin(out, MESSAGE_ALIVE);
	wire_put_i64(out, alive->late_max);
	wire_put_u64(out, alive->done);
}

bool
message_get_alive(struct wire_in *in, struct message_alive *alive)
{
	message_expect(in, MESSAGE_ALIVE);
	*alive = (struct message_alive){ .late_max = wire_get_i64(in) };
	alive->done = wire_get_u64(in);
	return wire_is_whole(in);
}

void
message_put_blame(struct wire_out *out, const struct message_blame *blame)
{
	message_begin(out, MESSAGE_BLAME);
	wire_put_u8(out, (uint8_t)blame->duty);
	wire_put_u32(out, blame->index);
	wire_put_bytes(out, blame->text);
}

bool
message_get_blame(struct wire_in *in, struct message_blame *blame)
{
	message_expect(in, MESSAGE_BLAME);
	*blame = (struct message_blame){ .duty = (enum duty_kind)wire_get_choice(in, DUTY_KINDS) };
	blame->index = wire_get_u32(in);
	blame->text = wire_get_text(in, EVIDENCE_TEXT_MAX);
	return wire_is_whole(in);
}

void
message_put_look(struct wire_out *out, bool near)
{
	message_begin(out, MESSAGE_LOOK);
	wire_put_u8(out, near);
}

bool
message_get_look(struct wire_in *in, bool *near)
{
	message_expect(in, MESSAGE_LOOK);
	*near = wire_get_choice(in, 2);
	return wire_is_whole(in);
}

void
message_put_references(struct wire_out *out, const struct message_references *references)
{
	message_begin(out, MESSAGE_REFERENCES);
	wire_put_u32(out, references->asked);
	wire_put_u32(out, references->reached);
	wire_put_u32(out, references->unasked);
	wire_put_u32(out, references->near);
	wire_put_u32(out, references->near_silent);
	wire_put_name(out, references->reason);
	wire_put_i64(out, references->began);
	wire_put_i64(out, references->at);
}

bool
message_get_references(struct wire_in *in, struct message_references *references)
{
	message_expect(in, MESSAGE_REFERENCES);
	*references = (struct message_references){ .asked = wire_get_u32(in) };
	references->reached = wire_get_u32(in);
	references->unasked = wire_get_u32(in);
	references->near = wire_get_u32(in);
	references->near_silent = wire_get_u32(in);
	wire_get_name(in, references->reason, sizeof references->reason);
	references->began = wire_get_i64(in);
	references->at = wire_get_i64(in);
	wire_require(in, references->reached <= references->asked
	    && references->unasked <= references->asked - references->reached && references->near_silent <= references->near
	    && references->began <= references->at);
	return wire_is_whole(in);
}

static void
put_sequence(struct wire_out *out, struct sequence sequence)
{
	wire_put_u64(out, sequence.birth);
	wire_put_u64(out, sequence.number);
}

static struct sequence
get_sequence(struct wire_in *in)
{
	struct sequence sequence = { .birth = wire_get_u64(in) };

	sequence.number = wire_get_u64(in);
	return sequence;
}

void
message_set_sequence(unsigned char *packet, struct sequence sequence)
{
	struct wire_out out = wire_over(packet + 1, 2 * sizeof(uint64_t));

	assert(packet[0] == MESSAGE_RUN || packet[0] == MESSAGE_RESULTS);
	put_sequence(&out, sequence);
}

void
message_add_change(struct wire_out *out, const struct message_change *change)
{
	wire_put_u64(out, change->change);
	wire_put_name(out, change->kind);
	wire_put_name(out, change->code);
	wire_put_name(out, change->from);
	wire_put_name(out, change->to);
	wire_put_u32(out, change->silence);
	wire_put_name(out, change->silences);
	wire_put_u64(out, change->incident);
	wire_put_i64(out, change->detected);
	wire_put_i64(out, change->confirmed);
	wire_put_bytes(out, change->text);
	wire_put_u8(out, (uint8_t)change->attempt_count);
	if (change->attempt_count > CHANGE_ATTEMPTS_MAX)
		out->bad = true;
	for (uint32_t i = 0; i < change->attempt_count && !out->bad; i++)
		wire_put_u64(out, change->attempts[i]);
}

bool
message_next_change(struct wire_in *in, const struct message_run *run, struct message_change *change)
{
	if (in->bad || in->at == in->size)
		return false;
	*change = (struct message_change){ .target = run->target, .change = wire_get_u64(in) };
	wire_get_name(in, change->kind, sizeof change->kind);
	wire_get_name(in, change->code, sizeof change->code);
	wire_get_name(in, change->from, sizeof change->from);
	wire_get_name(in, change->to, sizeof change->to);
	change->silence = wire_get_u32(in);
	wire_get_name(in, change->silences, sizeof change->silences);
	change->incident = wire_get_u64(in);
	change->detected = wire_get_i64(in);
	change->confirmed = wire_get_i64(in);
	change->text = wire_get_text(in, WIRE_MAX);
	change->attempt_count = wire_get_choice(in, CHANGE_ATTEMPTS_MAX + 1);
	for (uint32_t i = 0; i < change->attempt_count; i++)
		change->attempts[i] = wire_get_u64(in);
	wire_require(in, (change->kind[0] == '\0' || notice_named(change->kind) != NOTICE_none) && change->detected >= 0 && change->confirmed >= 0);
	return !in->bad;
}

void
message_put_run(struct wire_out *out, const struct message_run *run)
{
	message_begin(out, MESSAGE_RUN);
	put_sequence(out, run->sequence);
	wire_put_u32(out, run->target);
	wire_put_u8(out, run->restated);
	wire_put_u8(out, run->up);
	wire_put_bytes(out, run->state);
	wire_put_i64(out, run->interval);
	wire_put_u8(out, (uint8_t)run->change_count);
	wire_put_bytes(out, run->changes);
}

/* A run is taken whole or not at all, so no change of it may turn out to be malformed later. */
static bool
are_changes(const struct message_run *run)
{
	struct wire_in in = wire_from(run->changes.data, run->changes.size);
	struct message_change change;
	uint32_t count = 0;

	while (message_next_change(&in, run, &change))
		count++;
	return wire_is_whole(&in) && count == run->change_count;
}

bool
message_get_run(struct wire_in *in, struct message_run *run, uint32_t targets)
{
	message_expect(in, MESSAGE_RUN);
	*run = (struct message_run){ .sequence = get_sequence(in) };
	run->target = message_get_target(in, targets);
	run->restated = wire_get_choice(in, 2);
	run->up = wire_get_choice(in, 2);
	run->state = wire_get_bytes(in);
	run->interval = wire_get_i64(in);
	run->change_count = wire_get_choice(in, RUN_CHANGES_MAX + 1);
	run->changes = wire_get_bytes(in);
	wire_require(in, run->interval >= INTERVAL_NONE);
	return wire_is_whole(in) && are_changes(run);
}

void
message_put_state(struct wire_out *out, const struct message_state *state)
{
	message_begin(out, MESSAGE_STATE);
	wire_put_u32(out, state->target);
	wire_put_bytes(out, state->state);
	wire_put_i64(out, state->interval);
}

bool
message_get_state(struct wire_in *in, struct message_state *state, uint32_t targets)
{
	message_expect(in, MESSAGE_STATE);
	*state = (struct message_state){ .target = message_get_target(in, targets) };
	state->state = wire_get_bytes(in);
	state->interval = wire_get_i64(in);
	wire_require(in, state->interval >= INTERVAL_NONE);
	return wire_is_whole(in);
}

void
message_put_recovered(struct wire_out *out, const struct message_recovered *recovered)
{
	message_begin(out, MESSAGE_RECOVERED);
	put_sequence(out, recovered->runs);
	wire_put_u64(out, recovered->runs_taken);
	put_sequence(out, recovered->results);
	wire_put_u64(out, recovered->results_taken);
	wire_put_u64(out, recovered->run);
	wire_put_i64(out, recovered->newest);
}

bool
message_get_recovered(struct wire_in *in, struct message_recovered *recovered)
{
	message_expect(in, MESSAGE_RECOVERED);
	*recovered = (struct message_recovered){ .runs = get_sequence(in) };
	recovered->runs_taken = wire_get_u64(in);
	recovered->results = get_sequence(in);
	recovered->results_taken = wire_get_u64(in);
	recovered->run = wire_get_u64(in);
	recovered->newest = wire_get_i64(in);
	wire_require(in, recovered->runs.number <= recovered->runs_taken && recovered->results.number <= recovered->results_taken);
	return wire_is_whole(in);
}

void
message_put_committed(struct wire_out *out, const struct message_committed *committed)
{
	message_begin(out, MESSAGE_COMMITTED);
	put_sequence(out, committed->runs);
	put_sequence(out, committed->results);
}

bool
message_get_committed(struct wire_in *in, struct message_committed *committed)
{
	message_expect(in, MESSAGE_COMMITTED);
	*committed = (struct message_committed){ .runs = get_sequence(in) };
	committed->results = get_sequence(in);
	return wire_is_whole(in);
}

void
message_begin_results(struct wire_out *out)
{
	message_begin(out, MESSAGE_RESULTS);
	put_sequence(out, (struct sequence){ 0, 0 });
}

bool
message_get_results(struct wire_in *in, struct sequence *sequence)
{
	message_expect(in, MESSAGE_RESULTS);
	*sequence = get_sequence(in);
	return !in->bad;
}

void
message_put_sources(struct wire_out *out, const char *said)
{
	message_begin(out, MESSAGE_SOURCES);
	wire_put_bytes(out, (struct pw_bytes){ said, strlen(said) });
}

bool
message_get_sources(struct wire_in *in, char said[SOURCES_TEXT_MAX])
{
	message_expect(in, MESSAGE_SOURCES);
	struct pw_bytes text = wire_get_text(in, SOURCES_TEXT_MAX - 1);
	snprintf(said, SOURCES_TEXT_MAX, "%.*s", (int)text.size, text.data == NULL ? "" : text.data);
	return wire_is_whole(in);
}

void
message_put_waiting(struct wire_out *out, uint32_t connections)
{
	message_begin(out, MESSAGE_WAITING);
	wire_put_u32(out, connections);
}

bool
message_get_waiting(struct wire_in *in, uint32_t *connections)
{
	message_expect(in, MESSAGE_WAITING);
	*connections = wire_get_u32(in);
	return wire_is_whole(in);
}
