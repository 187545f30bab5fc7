/*
 * Encodes and decodes the messages between keeper and notifier: notices handed out, receipts for
 * each recipient. A reader takes the whole packet and answers once, at its end.
 */
#include "base/messages_outbox.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/notice.h"

enum { RECEIPT_TEXT_MAX = PW_RECEIPT_MAX, NOTICE_OTHERS_MAX = 1024 /* numbers, times and names */ };

/* The largest of all goes whole. */
static_assert(4 * NOTICE_TARGET_MAX + OWN_NAME_MAX + NOTICE_TEXT_MAX + NOTICE_LIST_MAX + NOTICE_RECIPIENTS_MAX * (PW_RECIPIENT_MAX + 2)
    + NOTICE_OTHERS_MAX <= WIRE_MAX, "a notice is larger than a message may be");

/* Lines of ours. */
static struct pw_bytes
get_lines(struct wire_in *in, size_t max)
{
	struct pw_bytes lines = wire_get_bytes(in);

	wire_require(in, lines.size <= max);
	for (size_t i = 0; i < lines.size; i++) {
		unsigned char c = (unsigned char)lines.data[i];
		wire_require(in, (c >= ' ' && c != 0x7f) || c == '\n');
	}
	return lines;
}

void
message_put_leg(struct wire_out *out, const struct message_leg *leg)
{
	message_begin(out, MESSAGE_LEG);
	wire_put_u64(out, leg->notice);
	wire_put_u32(out, leg->run);
	wire_put_u32(out, leg->runs);
	evidence_put(&leg->leg, out);
}

bool
message_get_leg(struct wire_in *in, struct message_leg *leg)
{
	message_expect(in, MESSAGE_LEG);
	leg->notice = wire_get_u64(in);
	leg->run = wire_get_u32(in);
	leg->runs = wire_get_u32(in);
	wire_require(in, leg->run < leg->runs && leg->runs <= CHANGE_ATTEMPTS_MAX);
	return evidence_get(in, &leg->leg) && wire_is_whole(in);
}

static void
put_times(struct wire_out *out, const struct message_notice *notice)
{
	wire_put_i64(out, notice->began);
	wire_put_i64(out, notice->ended);
	wire_put_i64(out, notice->detected);
	wire_put_i64(out, notice->confirmed);
	wire_put_i64(out, notice->queued);
}

static void
put_recipients(struct wire_out *out, const struct message_notice *notice)
{
	out->bad |= notice->recipient_count == 0 || notice->recipient_count > NOTICE_RECIPIENTS_MAX;
	wire_put_u8(out, (uint8_t)notice->recipient_count);
	for (uint32_t i = 0; !out->bad && i < notice->recipient_count; i++)
		wire_put_bytes(out, notice->recipients[i]);
}

static void
put_string(struct wire_out *out, const char *string)
{
	wire_put_bytes(out, (struct pw_bytes){ string, strlen(string) });
}

static void
get_string(struct wire_in *in, char *into, size_t room)
{
	struct pw_bytes bytes = wire_get_text(in, room - 1);

	into[0] = '\0';
	if (in->bad)
		return;
	memcpy(into, bytes.data, bytes.size);
	into[bytes.size] = '\0';
}

void
message_put_names(struct wire_out *out, const struct notice_names *names)
{
	put_string(out, names->target);
	put_string(out, names->host);
	wire_put_name(out, names->probe);
	put_string(out, names->own);
	wire_put_u16(out, names->port);
}

void
message_get_names(struct wire_in *in, struct notice_names *names)
{
	get_string(in, names->target, sizeof names->target);
	get_string(in, names->host, sizeof names->host);
	wire_get_name(in, names->probe, sizeof names->probe);
	get_string(in, names->own, sizeof names->own);
	names->port = wire_get_u16(in);
}

void
message_put_notice(struct wire_out *out, const struct message_notice *notice)
{
	message_begin(out, MESSAGE_NOTICE);
	wire_put_u64(out, notice->notice);
	wire_put_name(out, notice->key);
	wire_put_name(out, notice->thread);
	wire_put_name(out, notice->kind);
	wire_put_u8(out, notice->flags);
	wire_put_u32(out, notice->attempt);
	wire_put_bytes(out, notice->target);
	wire_put_bytes(out, notice->host);
	wire_put_u16(out, notice->port);
	wire_put_name(out, notice->probe);
	wire_put_name(out, notice->code);
	wire_put_name(out, notice->from);
	wire_put_name(out, notice->to);
	wire_put_name(out, notice->silences);
	message_put_names(out, &notice->first);
	wire_put_name(out, notice->first_kind);
	wire_put_u64(out, notice->incident);
	put_times(out, notice);
	wire_put_bytes(out, notice->text);
	wire_put_bytes(out, notice->list);
	wire_put_u32(out, notice->covered);
	wire_put_u32(out, notice->runs);
	wire_put_u32(out, notice->before);
	wire_put_u32(out, notice->attempts);
	put_recipients(out, notice);
}

static void
get_names(struct wire_in *in, struct message_notice *notice)
{
	wire_get_name(in, notice->probe, sizeof notice->probe);
	wire_get_name(in, notice->code, sizeof notice->code);
	wire_get_name(in, notice->from, sizeof notice->from);
	wire_get_name(in, notice->to, sizeof notice->to);
	wire_get_name(in, notice->silences, sizeof notice->silences);
}

static void
get_times(struct wire_in *in, struct message_notice *notice)
{
	notice->began = wire_get_i64(in);
	notice->ended = wire_get_i64(in);
	notice->detected = wire_get_i64(in);
	notice->confirmed = wire_get_i64(in);
	notice->queued = wire_get_i64(in);
	wire_require(in, notice->began >= 0 && notice->ended >= 0 && notice->detected >= 0 && notice->confirmed >= 0
	    && notice->queued >= 0);
}

bool
message_get_notice(struct wire_in *in, struct message_notice *notice)
{
	message_expect(in, MESSAGE_NOTICE);
	*notice = (struct message_notice){ .notice = wire_get_u64(in) };
	wire_get_name(in, notice->key, sizeof notice->key);
	wire_get_name(in, notice->thread, sizeof notice->thread);
	wire_get_name(in, notice->kind, sizeof notice->kind);
	notice->flags = wire_get_choice(in, NOTICE_FLAGS);
	notice->attempt = wire_get_u32(in);
	notice->target = wire_get_text(in, NOTICE_TARGET_MAX);
	notice->host = wire_get_text(in, NOTICE_TARGET_MAX);
	notice->port = wire_get_u16(in);
	get_names(in, notice);
	message_get_names(in, &notice->first);
	wire_get_name(in, notice->first_kind, sizeof notice->first_kind);
	notice->incident = wire_get_u64(in);
	get_times(in, notice);
	notice->text = wire_get_text(in, NOTICE_TEXT_MAX);
	notice->list = get_lines(in, NOTICE_LIST_MAX);
	notice->covered = wire_get_u32(in);
	notice->runs = wire_get_u32(in);
	notice->before = wire_get_u32(in);
	notice->attempts = wire_get_u32(in);
	notice->recipient_count = wire_get_choice(in, NOTICE_RECIPIENTS_MAX + 1);
	for (uint32_t i = 0; i < notice->recipient_count; i++)
		notice->recipients[i] = wire_get_text(in, PW_RECIPIENT_MAX);
	wire_require(in, notice_named(notice->kind) != NOTICE_none && notice->attempt > 0 && notice->recipient_count > 0
	    && notice->runs <= CHANGE_ATTEMPTS_MAX && notice->before <= notice->runs);
	return wire_is_whole(in);
}

void
message_put_receipt(struct wire_out *out, const struct message_receipt *receipt)
{
	message_begin(out, MESSAGE_RECEIPT);
	wire_put_u64(out, receipt->notice);
	wire_put_u32(out, receipt->recipient);
	wire_put_u8(out, (uint8_t)receipt->fate);
	wire_put_u8(out, receipt->channel);
	wire_put_u8(out, receipt->doubtful);
	wire_put_i64(out, receipt->not_before);
	wire_put_i64(out, receipt->micros);
	wire_put_bytes(out, receipt->text);
}

bool
message_get_receipt(struct wire_in *in, struct message_receipt *receipt)
{
	message_expect(in, MESSAGE_RECEIPT);
	*receipt = (struct message_receipt){ .notice = wire_get_u64(in) };
	receipt->recipient = wire_get_below(in, NOTICE_RECIPIENTS_MAX);
	receipt->fate = (enum pw_fate)wire_get_choice(in, PW_NEVER + 1);
	receipt->channel = wire_get_choice(in, 2) != 0;
	receipt->doubtful = wire_get_choice(in, 2) != 0;
	receipt->not_before = wire_get_i64(in);
	receipt->micros = wire_get_i64(in);
	receipt->text = wire_get_bytes(in);
	wire_require(in, receipt->fate != 0 && receipt->not_before >= 0 && receipt->micros >= 0
	    && receipt->text.size <= RECEIPT_TEXT_MAX);
	return wire_is_whole(in);
}

void
message_put_health(struct wire_out *out, const struct message_health *health)
{
	message_begin(out, MESSAGE_HEALTH);
	wire_put_u32(out, health->ran);
	wire_put_u32(out, health->passed_over);
	wire_put_i64(out, health->late);
	wire_put_u8(out, health->blind);
	wire_put_u32(out, health->unserved);
	wire_put_u32(out, health->in_line);
	wire_put_u32(out, health->waiting);
}

bool
message_get_health(struct wire_in *in, struct message_health *health)
{
	message_expect(in, MESSAGE_HEALTH);
	*health = (struct message_health){ .ran = wire_get_u32(in) };
	health->passed_over = wire_get_u32(in);
	health->late = wire_get_i64(in);
	health->blind = wire_get_choice(in, 2);
	health->unserved = wire_get_u32(in);
	health->in_line = wire_get_u32(in);
	health->waiting = wire_get_u32(in);
	return wire_is_whole(in);
}

void
message_put_failing(struct wire_out *out, int64_t since)
{
	message_begin(out, MESSAGE_FAILING);
	wire_put_i64(out, since);
}

bool
message_get_failing(struct wire_in *in, int64_t *since)
{
	message_expect(in, MESSAGE_FAILING);
	*since = wire_get_i64(in);
	return wire_is_whole(in);
}

void
message_put_absent(struct wire_out *out, const struct message_absent *absent)
{
	message_begin(out, MESSAGE_ABSENT);
	wire_put_u32(out, absent->notifier);
	wire_put_bytes(out, (struct pw_bytes){ absent->why, strlen(absent->why) });
}

bool
message_get_absent(struct wire_in *in, struct message_absent *absent, uint32_t notifiers)
{
	message_expect(in, MESSAGE_ABSENT);
	absent->notifier = wire_get_u32(in);
	struct pw_bytes why = wire_get_text(in, ABSENT_TEXT_MAX - 1);
	snprintf(absent->why, sizeof absent->why, "%.*s", (int)why.size, why.data == NULL ? "" : why.data);
	return wire_is_whole(in) && absent->notifier < notifiers;
}
