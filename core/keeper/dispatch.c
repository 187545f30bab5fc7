/*
 * For the keeper: hands queued deliveries to the notifiers' worker processes, and takes their
 * receipts (the words with which a relay or receiver took or refused a notice). What follows from a
 * receipt is done before it is committed: in the ledgers (what each notifier was told), in our own
 * troubles, in answers to people.
 */
#include "keeper/dispatch.h"

#include "base/clock.h"
#include "keeper/heartbeat.h"
#include "keeper/channel.h"
#include "keeper/next_delivery.h"
#include "keeper/policy.h"
#include "keeper/record.h"
#include "keeper/remind.h"
#include "keeper/repeat.h"
#include "keeper/reports.h"
#include "keeper/shadow.h"
#include "keeper/service_private.h"
#include "keeper/ledgers.h"
#include "keeper/test_notice.h"
#include "keeper/withhold.h"

static void
note_dead(struct keeper *keeper, const struct notifier *notifier, const struct delivery *delivery)
{
	const struct audience others = { .spared = notifier };

	ledgers_go_back(keeper, notifier, delivery->target);
	/* of our own trouble enough has been said */
	if (delivery->kind != NOTICE_impaired || delivery->target != 0)
		record_ours_to(keeper, &others, "impaired", "dead", delivery->created,
		    "%s could not deliver a notice (%s)%s%s and gives it up",
		    notifier_rules(notifier)->name, notice_name(delivery->kind),
		    delivery->recipient[0] == '\0' ? "" : " to ", delivery->recipient);
}

static void
take_receipt(struct keeper *keeper, struct notifier *notifier,
    const struct message_receipt *receipt)
{
	struct delivery delivery;
	uint64_t notice = notifier_in_hand(notifier);
	bool once = test_notice_waits(keeper, notifier, notice), sent, done;

	if (notifier_receive(keeper, notifier, receipt, once, &delivery)) {
		if (receipt->fate == PW_SENT)
			channel_works(keeper, notifier);
		if (once)
			test_notice_receipt(keeper, notifier, &delivery, receipt);
		if (delivery.kind == NOTICE_digest && delivery.state == STORE_DELIVERY_sent)
			ledgers_digest_sent(keeper, notifier, notice);
		if (delivery.kind == NOTICE_digest && delivery.ended != 0)
			ledgers_digest_end(keeper, notifier, notice);
		if (delivery.state == STORE_DELIVERY_sent)
			ledgers_sent(keeper, notifier, &delivery);
		else if (delivery.state == STORE_DELIVERY_dead)
			note_dead(keeper, notifier, &delivery);
		if (receipt->fate == PW_AGAIN && receipt->channel)
			outbox_give_back(keeper, notifier, notice);
		done = notifier_is_done(notifier, &sent);
		if (done && !sent)
			channel_failed(keeper, notifier, receipt->text, false);
	} else
		(void)notifier_is_done(notifier, &sent);
	record_commit(keeper);
}

static bool
hear(struct keeper *keeper, struct notifier *notifier, const void *packet, size_t size)
{
	struct wire_in in = wire_from(packet, size);
	struct message_receipt receipt;

	if (message_kind(packet, size) == MESSAGE_SOURCES)
		return damage_hear(keeper, notifier, &in);
	if (message_kind(packet, size) != MESSAGE_RECEIPT || !message_get_receipt(&in, &receipt))
		return false;
	switch (notifier_answered(notifier, &receipt)) {
	case NOTIFIER_WRONG:
		return false;
	case NOTIFIER_BEAT:
		heartbeat_answered(keeper, &receipt);
		return true;
	case NOTIFIER_REPEATED:
		repeat_answered(keeper, notifier, &receipt);
		return true;
	case NOTIFIER_DELIVERY:
		break;
	}
	take_receipt(keeper, notifier, &receipt);
	return true;
}

void
dispatch_lost(struct keeper *keeper, struct notifier *notifier)
{
	uint64_t in_hand;

	if (notifier_unlink(keeper, notifier, &in_hand))
		channel_lost(keeper, notifier);
	channel_absent(keeper, notifier);
	outbox_give_back(keeper, notifier, 0);
	if (in_hand != 0)
		test_notice_lost(keeper, notifier, in_hand);
	record_commit(keeper);
}

void
dispatch_link(struct keeper *keeper, uint32_t index, int fd)
{
	struct notifier *notifier = notifier_at(keeper, index);

	dispatch_hear(keeper, notifier); /* the last receipts of the one before */
	if (notifier_is_linked(notifier))
		dispatch_lost(keeper, notifier);
	notifier_link(notifier, fd);
	channel_present(keeper, notifier);
}

void
dispatch_hear(struct keeper *keeper, struct notifier *notifier)
{
	static unsigned char packet[4096];
	ssize_t size;

	while ((size = notifier_read(notifier, packet, sizeof packet)) >= 0) {
		if (size > 0 && hear(keeper, notifier, packet, (size_t)size))
			continue;
		if (size > 0)
			keeper_blame(keeper, DUTY_NOTIFIER, notifier_index(keeper, notifier));
		dispatch_lost(keeper, notifier);
	}
}

void
dispatch_commit(struct keeper *keeper)
{
	for (uint32_t i = 0; keeper->end.by == 0 && i < keeper->config->notifier_count; i++) {
		struct notifier *notifier = notifier_at(keeper, i);

		if (notifier_is_stirred(notifier) && !outbox_has_claims(keeper, notifier))
			next_delivery_claim(keeper, notifier);
	}
	record_commit(keeper);
}

void
dispatch_turn(struct keeper *keeper)
{
	bool second = clock_mono() >= keeper->service->next_second, any = false;

	if (second && keeper->end.by == 0) {
		keeper->service->next_second = clock_mono() + SECOND;
		policy_turn(keeper);
		remind_turn(keeper);
		channel_turn(keeper);
		reports_turn(keeper);
		heartbeat_turn(keeper);
	}
	for (uint32_t i = 0; i < keeper->config->notifier_count; i++) {
		struct notifier *notifier = notifier_at(keeper, i);

		notifier_flush(notifier);
		if (second)
			notifier_stir(keeper, notifier);
		any |= notifier_is_stirred(notifier);
	}
	if (any)
		dispatch_commit(keeper);
	for (uint32_t i = 0; i < keeper->config->notifier_count; i++) {
		struct notifier *notifier = notifier_at(keeper, i);
		struct delivery delivery = { .notice = 0 };
		enum notifier_claims claims = notifier_is_free(notifier)
		    ? notifier_look(keeper, notifier) : NOTIFIER_WAITS;

		if (claims == NOTIFIER_IDLE)
			repeat_turn(keeper, notifier);
		/* Of what is claimed the oldest notice goes, as far as it may still be told. */
		if (claims == NOTIFIER_CLAIMED
		    && outbox_next(keeper, notifier, STORE_QUEUE_CLAIMED, 0, &delivery)
		    && withhold_claimed(keeper, notifier, &delivery)
		    && (shadow_takes(keeper, notifier, &delivery)
		    || notifier_hand_out(keeper, notifier, &delivery)))
			next_delivery_count(keeper, notifier, &delivery);
	}
}

int64_t
dispatch_next(const struct keeper *keeper)
{
	for (uint32_t i = 0; keeper->end.by == 0 && i < keeper->config->notifier_count; i++)
		if (notifier_is_stirred(notifier_at(keeper, i)))
			return clock_mono();
	return clock_mono() + SECOND; /* soon enough for what becomes due without a change */
}
