/* A notifier at work: its notice with all that it is made of goes out, its receipts come in and are committed at once. */
#include "keeper/outbox.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sha256.h"
#include "keeper/keeper.h"
#include "keeper/rest.h"

static const int64_t hour = 3600 * (int64_t)SECOND, day = 24 * 3600 * (int64_t)SECOND;
static const int64_t hint_max = 900 * (int64_t)SECOND;

/* What a notice is made of, copied from the store. */
struct material {
	struct keeper *keeper;
	struct courier *courier;
	struct message_notice notice;
	struct notice_rest rest;
	uint64_t target;          /* the store's number */
	char text[NOTICE_TEXT_MAX], list[NOTICE_LIST_MAX], code[OUTCOME_NAME_MAX];
	struct text lines;
	struct store_evidence_key last;
	bool found;
	uint64_t seen;            /* bits of the runs whose evidence has been sent */
};

static void
copy(char *into, size_t room, const char *from)
{
	struct text text = text_over(into, room);

	text_add(&text, from);
}

static bool
on_notice(void *arg, const struct store_notice *row)
{
	struct material *it = arg;
	struct message_notice *notice = &it->notice;
	struct text text = TEXT_OVER(it->text);

	text_add_bytes(&text, row->text.data, row->text.size);
	notice->text = (struct pw_bytes){ text.bytes, text.size };
	copy(notice->kind, sizeof notice->kind, row->kind);
	copy(notice->code, sizeof notice->code, row->code);
	copy(notice->silences, sizeof notice->silences, row->silences);
	notice->flags |= row->silences[0] != '\0' ? NOTICE_TOLD_LATE : 0;
	notice->incident = row->incident;
	notice->detected = row->detected;
	notice->confirmed = row->confirmed;
	rest_get(&it->rest, row->rest);
	memcpy(notice->from, it->rest.from, sizeof notice->from);
	memcpy(notice->to, it->rest.to, sizeof notice->to);
	notice->covered = it->rest.covered;
	notice->runs = it->rest.attempt_count;
	it->target = row->target;
	it->found = true;
	return false;
}

static bool
on_incident(void *arg, const struct store_incident *row)
{
	struct message_notice *notice = arg;

	notice->began = row->began;
	notice->ended = row->ended;
	return false;
}

static bool
on_covered(void *arg, const struct store_notice *row)
{
	struct text *lines = arg;

	text_add_bytes(lines, row->text.data, row->text.size);
	text_add(lines, "\n");
	return false;
}

static void
name_target(struct material *it)
{
	const struct roll_known *row = it->target == 0 ? NULL : roll_row(&it->keeper->roll, it->target);
	const struct target *target = row == NULL || row->target == CONFIG_NONE ? NULL
	    : &it->keeper->config->targets[row->target];
	struct message_notice *notice = &it->notice;

	if (row == NULL)
		return;
	const char *host = target != NULL ? target->shown : row->host, *name = target != NULL ? target->name : row->name;
	notice->target = (struct pw_bytes){ name, strlen(name) };
	notice->host = (struct pw_bytes){ host, strlen(host) };
	notice->port = target != NULL ? target->port : (uint16_t)row->port;
	copy(notice->probe, sizeof notice->probe, target != NULL ? target->policy->probe->descriptor->name : row->probe);
}

/* base32(SHA-256(instance id, notice, notifier)): the same for each attempt, and for whoever is tried again. */
static void
make_key(struct material *it)
{
	unsigned char bytes[256], digest[SHA256_SIZE];
	size_t size = strlen(it->courier->name);

	memcpy(bytes, store_instance(it->keeper->journal.store), 16);
	for (unsigned i = 0; i < 8; i++)
		bytes[16 + i] = (unsigned char)(it->notice.notice >> (56 - 8 * i));
	if (size > sizeof bytes - 24)
		size = sizeof bytes - 24;
	memcpy(bytes + 24, it->courier->name, size);
	sha256(bytes, 24 + size, digest);
	base32(digest, sizeof digest, it->notice.key, NOTICE_KEY_MAX - 1);
}

static void
send_later(struct courier *courier, const void *bytes, size_t size)
{
	struct parcel_out *parcel = malloc(sizeof *parcel + size);

	if (parcel == NULL)
		return;
	*parcel = (struct parcel_out){ .size = size };
	memcpy(parcel->bytes, bytes, size);
	*courier->out_last = parcel;
	courier->out_last = &parcel->next;
}

void
courier_flush(struct courier *courier)
{
	struct parcel_out *parcel;

	while (courier->fd >= 0 && (parcel = courier->out) != NULL
	    && packet_send(courier->fd, parcel->bytes, parcel->size, -1)) {
		courier->out = parcel->next;
		if (courier->out == NULL)
			courier->out_last = &courier->out;
		free(parcel);
	}
}

static uint32_t
place_of(const struct notice_rest *rest, uint64_t run)
{
	uint32_t i = 0;

	while (i < rest->attempt_count && rest->attempts[i] != run)
		i++;
	return i;
}

static void
send_leg(struct material *it, uint32_t place, const struct evidence *leg)
{
	static unsigned char packet[WIRE_MAX];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_leg(&out, &(struct message_leg){ .notice = it->notice.notice, .run = place,
	    .runs = it->rest.attempt_count, .leg = *leg });
	if (!out.bad)
		send_later(it->courier, packet, out.size);
	it->seen |= UINT64_C(1) << place;
}

static bool
on_evidence(void *arg, const struct store_evidence *row)
{
	struct material *it = arg;
	struct wire_in in = wire_from(row->bytes.data, row->bytes.size);
	struct message_evidence evidence;
	uint32_t place = place_of(&it->rest, row->run);

	it->last = (struct store_evidence_key){ row->at, row->run, row->leg, row->target };
	if (place < it->rest.attempt_count && message_get_evidence(&in, &evidence, CONFIG_NONE))
		send_leg(it, place, &evidence.leg);
	return true;
}

static bool
on_trace(void *arg, const struct store_trace *row)
{
	struct material *it = arg;
	struct wire_in in = wire_from(row->bytes.data, row->bytes.size);
	struct message_evidence evidence;

	if (message_get_evidence(&in, &evidence, CONFIG_NONE))
		send_leg(it, place_of(&it->rest, row->run), &evidence.leg);
	return true;
}

/* Of an incident from its own evidence; else from memory, or from the history. */
static void
send_legs(struct material *it)
{
	struct store_reader *reader = it->keeper->reader;
	uint32_t target = roll_target(&it->keeper->roll, it->target);

	it->last = STORE_EVIDENCE_FIRST;
	while (it->notice.incident != 0 && it->rest.attempt_count > 0
	    && store_read_evidence(reader, it->notice.incident, &it->last, 100, on_evidence, it) == STORE_READ_MORE)
		continue;
	for (uint32_t i = 0; i < it->rest.attempt_count; i++) {
		struct message_evidence evidence;
		uint64_t run = it->rest.attempts[i];
		if (it->seen >> i & 1)
			continue;
		for (uint32_t leg = 0; target != CONFIG_NONE
		    && cabinet_leg(it->keeper->cabinet, target, run, leg, &evidence); leg++)
			send_leg(it, i, &evidence.leg);
		if (!(it->seen >> i & 1))
			store_read_trace(reader, it->target, run, on_trace, it);
	}
}

static void
add_recipients(struct material *it)
{
	struct courier *courier = it->courier;
	struct message_notice *notice = &it->notice;

	courier->hand_count = 0;
	for (struct delivery *delivery = courier->first; delivery != NULL; delivery = delivery->next) {
		if (delivery->notice != notice->notice || delivery->state != STORE_DELIVERY_claimed
		    || courier->hand_count == NOTICE_RECIPIENTS_MAX)
			continue;
		courier->hand[courier->hand_count++] = delivery;
		notice->recipients[notice->recipient_count++] = (struct pw_bytes){ delivery->recipient,
			strlen(delivery->recipient) };
		if (delivery->attempts + 1 > notice->attempt)
			notice->attempt = delivery->attempts + 1;
		if (delivery->doubt > 0)
			notice->flags |= NOTICE_DUPLICATE;
	}
}

static bool
gather(struct material *it)
{
	struct store_reader *reader = it->keeper->reader;

	store_read_notice(reader, it->notice.notice, on_notice, it);
	if (!it->found)
		return false;
	if (it->notice.incident != 0)
		store_read_incident(reader, it->notice.incident, on_incident, &it->notice);
	it->lines = TEXT_OVER(it->list);
	for (uint32_t i = 0; i < it->rest.covers_count; i++)
		store_read_notice(reader, it->rest.covers[i], on_covered, &it->lines);
	if (it->rest.covered > it->rest.covers_count)
		text_format(&it->lines, "and %" PRIu32 " more\n", it->rest.covered - it->rest.covers_count);
	it->notice.list = (struct pw_bytes){ it->lines.bytes, it->lines.size };
	name_target(it);
	make_key(it);
	return true;
}

static struct delivery *
first_claimed(const struct courier *courier)
{
	struct delivery *delivery = courier->first;

	while (delivery != NULL && delivery->state != STORE_DELIVERY_claimed)
		delivery = delivery->next;
	return delivery;
}

void
courier_hand_out(struct keeper *keeper, struct courier *courier)
{
	static unsigned char packet[WIRE_MAX];
	static struct material it;
	struct wire_out out = wire_over(packet, sizeof packet);
	struct delivery *delivery = first_claimed(courier);

	it = (struct material){ .keeper = keeper, .courier = courier, .notice = { .notice = delivery->notice } };
	if (!gather(&it)) { /* it cannot be read: what is held in memory alone waits for the disk */
		delivery->state = STORE_DELIVERY_again;
		delivery->due = clock_mono() + 10 * (int64_t)SECOND;
		outbox_put(keeper, courier, delivery, (struct pw_bytes){ "", 0 }, 0);
		return;
	}
	send_legs(&it);
	add_recipients(&it);
	message_put_notice(&out, &it.notice);
	send_later(courier, packet, out.size);
	courier->in_hand = delivery->notice;
	courier->handed[courier->handed_next++ % STORM_MAX] = clock_mono();
	courier_flush(courier);
}

static void
back_off(struct keeper *keeper, struct courier *courier, int64_t hint)
{
	int64_t wait = patience_channel(++courier->failures, outbox_random(keeper));

	if (hint > wait)
		wait = hint < hint_max ? hint : hint_max;
	courier->rest_until = clock_mono() + wait;
}

/* What was claimed behind it is due again as well, once the notifier rests no longer. */
static void
give_back(struct keeper *keeper, struct courier *courier, bool keep_hand)
{
	for (struct delivery *delivery = courier->first; delivery != NULL; delivery = delivery->next) {
		if (delivery->state != STORE_DELIVERY_claimed || (keep_hand && delivery->notice == courier->in_hand))
			continue;
		delivery->state = delivery->attempts > 0 ? STORE_DELIVERY_again : STORE_DELIVERY_waiting;
		outbox_put(keeper, courier, delivery, (struct pw_bytes){ "", 0 }, 0);
	}
}

static void
note_sent(struct keeper *keeper, const struct courier *courier, const struct delivery *delivery)
{
	uint32_t index = (uint32_t)(courier - keeper->outbox.couriers), target = roll_target(&keeper->roll, delivery->target);

	if (delivery->target == 0 || target == CONFIG_NONE)
		return;
	ledger_sent(telling_ledger(keeper, target, index), delivery->kind, delivery->code, delivery->notice);
	telling_put_ledger(keeper, target, index);
}

static void
note_dead(struct keeper *keeper, const struct courier *courier, const struct delivery *delivery)
{
	uint32_t index = (uint32_t)(courier - keeper->outbox.couriers), target = roll_target(&keeper->roll, delivery->target);
	bool own_trouble = delivery->kind == NOTICE_impaired && delivery->target == 0;

	if (delivery->target != 0 && target != CONFIG_NONE) {
		ledger_dead(telling_ledger(keeper, target, index));
		telling_put_ledger(keeper, target, index);
	}
	if (!own_trouble) /* of that enough has been said */
		record_ours(keeper, "impaired", "dead", delivery->created, "%s could not deliver a notice (%s)%s%s and gives it up",
		    courier->name, notice_name(delivery->kind), delivery->recipient[0] == '\0' ? "" : " to ",
		    delivery->recipient);
}

static void
put_off(struct keeper *keeper, struct courier *courier, struct delivery *delivery, const struct message_receipt *receipt)
{
	int64_t age = clock_wall() - delivery->created, wait;
	bool never = receipt->fate == PW_NEVER;

	if (never)
		wait = hour;
	else if (receipt->channel)
		wait = 0;
	else
		wait = receipt->not_before > 0 ? receipt->not_before : patience_delivery(delivery->attempts, outbox_random(keeper));
	if (!never && wait > hint_max)
		wait = hint_max;
	if (receipt->fate == PW_AGAIN && receipt->channel)
		back_off(keeper, courier, receipt->not_before);
	delivery->due = clock_mono() + wait;
	delivery->state = age > (never ? day : 7 * day) ? STORE_DELIVERY_dead : STORE_DELIVERY_again;
}

static void
take_receipt(struct keeper *keeper, struct courier *courier, const struct message_receipt *receipt)
{
	struct delivery *delivery = courier->hand[receipt->recipient];
	bool failed = receipt->fate == PW_AGAIN && receipt->channel;

	courier->hand[receipt->recipient] = NULL;
	delivery->attempts++;
	if (receipt->fate == PW_SENT) {
		courier->failures = 0;
		delivery->state = STORE_DELIVERY_sent;
		note_sent(keeper, courier, delivery);
	} else
		put_off(keeper, courier, delivery, receipt);
	if (delivery->state == STORE_DELIVERY_dead)
		note_dead(keeper, courier, delivery);
	outbox_put(keeper, courier, delivery, receipt->text, 0);
	if (failed)
		give_back(keeper, courier, true);
	journal_hasten(keeper);
}

static bool
is_answered(const struct courier *courier)
{
	for (uint32_t i = 0; i < courier->hand_count; i++)
		if (courier->hand[i] != NULL)
			return false;
	return true;
}

static bool
hear(struct keeper *keeper, struct courier *courier, const void *packet, size_t size)
{
	struct wire_in in = wire_from(packet, size);
	struct message_receipt receipt;

	if (message_kind(packet, size) != MESSAGE_RECEIPT || !message_get_receipt(&in, &receipt)
	    || receipt.notice != courier->in_hand || receipt.recipient >= courier->hand_count
	    || courier->hand[receipt.recipient] == NULL)
		return false;
	take_receipt(keeper, courier, &receipt);
	if (is_answered(courier))
		courier->in_hand = 0;
	return true;
}

void
courier_lost(struct keeper *keeper, struct courier *courier)
{
	bool doubted = false;

	if (courier->fd >= 0)
		close(courier->fd);
	courier->fd = -1;
	for (struct parcel_out *next; courier->out != NULL; courier->out = next) {
		next = courier->out->next;
		free(courier->out);
	}
	courier->out_last = &courier->out;
	/* One message carries all its recipients: it may have arrived, or not. */
	for (uint32_t i = 0; courier->in_hand != 0 && i < courier->hand_count; i++) {
		if (courier->hand[i] == NULL)
			continue;
		courier->hand[i]->doubt++;
		courier->hand[i]->attempts++;
		doubted = true;
	}
	courier->in_hand = 0;
	courier->hand_count = 0;
	if (doubted)
		back_off(keeper, courier, 0);
	give_back(keeper, courier, false);
	journal_hasten(keeper);
}

void
courier_link(struct keeper *keeper, uint32_t index, int fd)
{
	struct courier *courier = &keeper->outbox.couriers[index];

	courier_hear(keeper, courier); /* the last receipts of the one before */
	if (courier->fd >= 0)
		courier_lost(keeper, courier);
	courier->fd = fd;
}

void
courier_hear(struct keeper *keeper, struct courier *courier)
{
	static unsigned char packet[4096];
	ssize_t size;

	while (courier->fd >= 0 && (size = packet_read(courier->fd, packet, sizeof packet, NULL)) >= 0) {
		if (size > 0 && hear(keeper, courier, packet, (size_t)size))
			continue;
		if (size > 0)
			duty_blame(keeper->duty, DUTY_NOTIFIER, (uint32_t)(courier - keeper->outbox.couriers), "to the keeper");
		courier_lost(keeper, courier);
	}
}
