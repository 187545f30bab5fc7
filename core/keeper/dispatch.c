/* A notifier at work: its notice with all that it is made of goes out, its receipts come in and are committed at once. */
#include "keeper/dispatch.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "keeper/beat.h"
#include "keeper/channel.h"
#include "keeper/claims.h"
#include "keeper/damage.h"
#include "keeper/keeper.h"
#include "keeper/policy.h"
#include "keeper/record.h"
#include "keeper/remind.h"
#include "keeper/repeat.h"
#include "keeper/told.h"
#include "keeper/trial.h"
#include "keeper/withhold.h"

static const int64_t hour = 3600 * (int64_t)SECOND, day = 24 * 3600 * (int64_t)SECOND;
static const int64_t hint_max = 900 * (int64_t)SECOND, wait_max = 900 * (int64_t)SECOND;
static const int64_t channel_first = 5 * (int64_t)SECOND, delivery_first = 30 * (int64_t)SECOND;

static void
note_dead(struct keeper *keeper, const struct courier *courier, const struct delivery *delivery)
{
	bool own_trouble = delivery->kind == NOTICE_impaired && delivery->target == 0;

	told_go_back(keeper, courier, delivery->target);
	keeper->outbox.spared = courier_index(keeper, courier);
	if (!own_trouble) /* of that enough has been said */
		record_ours(keeper, "impaired", "dead", delivery->created, "%s could not deliver a notice (%s)%s%s and gives it up",
		    courier->name, notice_name(delivery->kind), delivery->recipient[0] == '\0' ? "" : " to ",
		    delivery->recipient);
	keeper->outbox.spared = CONFIG_NONE;
}

/* Of what is claimed, the oldest notice. */
static void
hand_out(struct keeper *keeper, struct courier *courier)
{
	struct delivery delivery = { .notice = 0 };

	if (!outbox_next(keeper, courier, STORE_QUEUE_CLAIMED, 0, &delivery) || !withhold_claimed(keeper, courier, &delivery))
		return;
	if (!parcel_send(keeper, courier, &delivery)) { /* for the disk, or for memory: it waits */
		delivery.state = STORE_DELIVERY_again;
		delivery.due = clock_wall() + 10 * (int64_t)SECOND;
		outbox_put(keeper, courier, &delivery, text_view(""));
		return;
	}
	assert(courier->hand_count > 0);
	courier->hand_failed = courier->hand_sent = false;
	courier->in_hand = delivery.notice;
	courier->handed_at = clock_mono();
	if (courier->storm > 0 && !(courier->rules->receiver & PW_KEEPS && outbox_is_end(&delivery)))
		courier->handed[courier->handed_next++ % courier->storm] = clock_mono();
	courier_flush(courier);
}

static int64_t
jittered(int64_t first, uint32_t doublings, uint32_t random)
{
	int64_t wait = first;

	for (uint32_t i = 0; i < doublings && wait < wait_max; i++)
		wait *= 2;
	if (wait > wait_max)
		wait = wait_max;
	return (int64_t)((double)wait * random / UINT32_MAX);
}

int64_t
patience_channel(uint32_t failures, uint32_t random)
{
	return failures == 0 ? 0 : jittered(channel_first, failures - 1, random);
}

int64_t
patience_delivery(uint32_t attempts, uint32_t random)
{
	return delivery_first + jittered(delivery_first, attempts, random);
}

static void
back_off(struct keeper *keeper, struct courier *courier, int64_t hint)
{
	int64_t wait;

	if (courier->hand_failed) /* once, however many recipients it has */
		return;
	courier->hand_failed = true;
	wait = patience_channel(++courier->failures, random_next(&keeper->outbox.random));
	if (hint > wait)
		wait = hint < hint_max ? hint : hint_max;
	courier->rest_until = clock_mono() + wait;
}

static void
put_off(struct keeper *keeper, struct courier *courier, struct delivery *delivery, const struct message_receipt *receipt)
{
	int64_t age = outbox_age(delivery), wait;
	bool never = receipt->fate == PW_NEVER;

	if (never)
		wait = hour;
	else if (receipt->channel)
		wait = 0;
	else
		wait = receipt->not_before > 0 ? receipt->not_before : patience_delivery(delivery->attempts, random_next(&keeper->outbox.random));
	if (!never && wait > hint_max)
		wait = hint_max;
	if (receipt->fate == PW_AGAIN && receipt->channel)
		back_off(keeper, courier, receipt->not_before);
	delivery->due = wait == 0 ? 0 : clock_wall() + wait;
	delivery->retried = 0;
	/* What lasts is worth any patience, unless it is refused for good. */
	if (age > (never ? day : 7 * day) && (never || !outbox_is_of_open(keeper, delivery)))
		outbox_end(delivery, STORE_DELIVERY_dead);
	else
		delivery->state = STORE_DELIVERY_again;
}

static bool
is_answered(const struct courier *courier)
{
	for (uint32_t i = 0; i < courier->hand_count; i++)
		if (courier->hand[i] != NULL)
			return false;
	return true;
}

static void
take_receipt(struct keeper *keeper, struct courier *courier, const struct message_receipt *receipt)
{
	struct delivery found, *delivery = &found;
	bool failed = receipt->fate == PW_AGAIN && receipt->channel;
	bool is_found = outbox_find(keeper, courier, courier->in_hand, courier->hand[receipt->recipient], delivery);

	courier->hand[receipt->recipient] = NULL;
	if (!is_found) /* its file has been lost, and what is not known to have arrived is told anew */
		return;
	delivery->attempts++;
	if (receipt->fate == PW_SENT) {
		courier->failures = 0;
		courier->hand_sent = true;
		channel_works(keeper, courier);
		outbox_end(delivery, STORE_DELIVERY_sent);
		if (delivery->kind == NOTICE_digest) /* before the digest ends, and what stands in it */
			told_digest_sent(keeper, courier, delivery->notice);
	} else
		put_off(keeper, courier, delivery, receipt);
	delivery->doubt += receipt->doubtful;
	trial_receipt(keeper, courier, delivery, receipt);
	outbox_put(keeper, courier, delivery, receipt->text);
	if (delivery->kind == NOTICE_digest && delivery->ended != 0)
		told_digest_end(keeper, courier, delivery->notice);
	if (delivery->state == STORE_DELIVERY_sent)
		told_sent(keeper, courier, delivery);
	else if (delivery->state == STORE_DELIVERY_dead)
		note_dead(keeper, courier, delivery);
	if (failed)
		outbox_give_back(keeper, courier, courier->in_hand);
	if (is_answered(courier) && !courier->hand_sent)
		channel_failed(keeper, courier, receipt->text);
	record_commit(keeper);
}

static bool
hear(struct keeper *keeper, struct courier *courier, const void *packet, size_t size)
{
	struct wire_in in = wire_from(packet, size);
	struct message_receipt receipt;

	if (message_kind(packet, size) == MESSAGE_SOURCES)
		return damage_hear(keeper, courier, &in);
	if (message_kind(packet, size) != MESSAGE_RECEIPT || !message_get_receipt(&in, &receipt))
		return false;
	if (receipt.notice == BEAT_NOTICE && courier->in_hand == BEAT_NOTICE) {
		beat_answered(keeper, &receipt);
		courier->in_hand = 0;
		return true;
	}
	if (courier->repeating && receipt.notice == courier->in_hand) {
		repeat_answered(courier, &receipt);
		courier->in_hand = 0;
		return true;
	}
	if (receipt.notice != courier->in_hand || receipt.recipient >= courier->hand_count
	    || courier->hand[receipt.recipient] == NULL)
		return false;
	take_receipt(keeper, courier, &receipt);
	if (is_answered(courier))
		courier->in_hand = 0;
	return true;
}

void
dispatch_lost(struct keeper *keeper, struct courier *courier)
{
	static const char died[] = "its process died with a notice in hand, or was ended at its deadline: the log says which";
	uint64_t in_hand = courier->repeating ? 0 : courier->in_hand;
	bool doubted = false;

	if (courier->fd >= 0)
		close(courier->fd);
	courier->fd = -1;
	packet_queue_clear(&courier->out);
	/* One message carries all its recipients: it may have arrived, or not. */
	for (uint32_t i = 0; courier->in_hand != 0 && i < courier->hand_count; i++) {
		struct delivery delivery;

		if (courier->hand[i] == NULL || !outbox_find(keeper, courier, courier->in_hand, courier->hand[i], &delivery))
			continue;
		delivery.doubt++;
		delivery.attempts++;
		outbox_put(keeper, courier, &delivery, text_view(""));
		doubted = true;
	}
	courier->in_hand = 0;
	courier->hand_count = 0;
	courier->repeating = false;
	if (doubted) {
		back_off(keeper, courier, 0);
		channel_failed(keeper, courier, (struct pw_bytes){ died, sizeof died - 1 });
	}
	courier_absent(courier);
	outbox_give_back(keeper, courier, 0);
	if (in_hand != 0)
		trial_lost(keeper, courier, in_hand);
	record_commit(keeper);
}

void
dispatch_link(struct keeper *keeper, uint32_t index, int fd)
{
	struct courier *courier = &keeper->outbox.couriers[index];

	dispatch_hear(keeper, courier); /* the last receipts of the one before */
	if (courier->fd >= 0)
		dispatch_lost(keeper, courier);
	courier->fd = fd;
	courier_present(courier);
}

void
dispatch_hear(struct keeper *keeper, struct courier *courier)
{
	static unsigned char packet[4096];
	ssize_t size;

	while (courier->fd >= 0 && (size = packet_read(courier->fd, packet, sizeof packet, NULL)) >= 0) {
		if (size > 0 && hear(keeper, courier, packet, (size_t)size))
			continue;
		if (size > 0)
			duty_blame(keeper->duty, DUTY_NOTIFIER, courier_index(keeper, courier), "to the keeper");
		dispatch_lost(keeper, courier);
	}
}

static bool
is_free(const struct keeper *keeper, const struct courier *courier)
{
	return courier->fd >= 0 && courier->in_hand == 0 && keeper->stop_by == 0;
}

/* What is claimed is durable, or no longer waited for, once the group that it is in has been committed. */
static bool
is_safe(const struct keeper *keeper, const struct courier *courier)
{
	return keeper->journal.safe >= courier->claim_serial || keeper->journal.sides[STORE_MAIN].stuck;
}

void
dispatch_commit(struct keeper *keeper)
{
	for (uint32_t i = 0; i < keeper->outbox.count; i++) {
		struct courier *courier = &keeper->outbox.couriers[i];

		if (is_free(keeper, courier) && courier->stirred && clock_mono() >= courier->rest_until
		    && !outbox_has_claims(keeper, courier))
			claims_make(keeper, courier);
	}
	record_commit(keeper);
}

static void
turn(struct keeper *keeper, struct courier *courier)
{
	bool claimed;

	if (courier->fd < 0 || courier->in_hand != 0)
		return;
	claimed = courier->stirred && outbox_has_claims(keeper, courier);
	courier->stirred = claimed && !is_safe(keeper, courier);
	if (claimed && !courier->stirred)
		hand_out(keeper, courier);
	else if (!claimed)
		repeat_turn(keeper, courier);
}

void
dispatch_turn(struct keeper *keeper)
{
	bool second = clock_mono() >= keeper->outbox.next_second, any = false;

	if (second && keeper->stop_by == 0) {
		keeper->outbox.next_second = clock_mono() + SECOND;
		policy_turn(keeper);
		remind_turn(keeper);
		channel_turn(keeper);
		beat_turn(keeper);
	}
	for (uint32_t i = 0; i < keeper->outbox.count; i++) {
		struct courier *courier = &keeper->outbox.couriers[i];

		courier_flush(courier);
		courier->stirred |= second && store_has_queued(keeper->store, courier->name, false);
		any |= courier->stirred && is_free(keeper, courier);
	}
	if (any)
		dispatch_commit(keeper);
	for (uint32_t i = 0; i < keeper->outbox.count; i++)
		turn(keeper, &keeper->outbox.couriers[i]);
}

int64_t
dispatch_next(const struct keeper *keeper)
{
	int64_t now = clock_mono();

	for (uint32_t i = 0; i < keeper->outbox.count; i++) {
		const struct courier *courier = &keeper->outbox.couriers[i];

		if (is_free(keeper, courier) && courier->stirred && courier->rest_until <= now)
			return now;
	}
	return now + SECOND; /* soon enough for what becomes due without a change */
}

uint32_t
dispatch_poll(const struct keeper *keeper, struct pollfd *polled)
{
	for (uint32_t i = 0; i < keeper->outbox.count; i++) {
		const struct courier *courier = &keeper->outbox.couriers[i];
		polled[i] = (struct pollfd){ .fd = courier->fd, .events = packet_queue_is_empty(&courier->out) ? POLLIN : POLLIN | POLLOUT };
	}
	return keeper->outbox.count;
}
