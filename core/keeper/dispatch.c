/* What a receipt has to be followed by is done before it is committed: the ledgers, our own
 * troubles, answers to people. */
#include "keeper/dispatch.h"

#include "base/clock.h"
#include "keeper/heartbeat.h"
#include "keeper/channel.h"
#include "keeper/claims.h"
#include "keeper/policy.h"
#include "keeper/record.h"
#include "keeper/remind.h"
#include "keeper/repeat.h"
#include "keeper/service_private.h"
#include "keeper/ledgers.h"
#include "keeper/test_notice.h"
#include "keeper/withhold.h"

static void
note_dead(struct keeper *keeper, const struct courier *courier, const struct delivery *delivery)
{
	const struct audience others = { .spared = courier };

	ledgers_go_back(keeper, courier, delivery->target);
	/* of our own trouble enough has been said */
	if (delivery->kind != NOTICE_impaired || delivery->target != 0)
		record_ours_to(keeper, &others, "impaired", "dead", delivery->created, "%s could not deliver a notice (%s)%s%s and gives it up",
		    courier_rules(courier)->name, notice_name(delivery->kind), delivery->recipient[0] == '\0' ? "" : " to ",
		    delivery->recipient);
}

static void
take_receipt(struct keeper *keeper, struct courier *courier, const struct message_receipt *receipt)
{
	struct delivery delivery;
	uint64_t notice = courier_in_hand(courier);
	bool once = test_notice_waits(keeper, courier, notice), sent, done;

	if (courier_receive(keeper, courier, receipt, once, &delivery)) {
		if (receipt->fate == PW_SENT)
			channel_works(keeper, courier);
		if (once)
			test_notice_receipt(keeper, courier, &delivery, receipt);
		if (delivery.kind == NOTICE_digest && delivery.state == STORE_DELIVERY_sent)
			ledgers_digest_sent(keeper, courier, notice);
		if (delivery.kind == NOTICE_digest && delivery.ended != 0)
			ledgers_digest_end(keeper, courier, notice);
		if (delivery.state == STORE_DELIVERY_sent)
			ledgers_sent(keeper, courier, &delivery);
		else if (delivery.state == STORE_DELIVERY_dead)
			note_dead(keeper, courier, &delivery);
		if (receipt->fate == PW_AGAIN && receipt->channel)
			outbox_give_back(keeper, courier, notice);
		done = courier_is_done(courier, &sent);
		if (done && !sent)
			channel_failed(keeper, courier, receipt->text);
	} else
		(void)courier_is_done(courier, &sent);
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
	switch (courier_answered(courier, &receipt)) {
	case COURIER_WRONG:
		return false;
	case COURIER_BEAT:
		heartbeat_answered(keeper, &receipt);
		return true;
	case COURIER_REPEATED:
		repeat_answered(keeper, courier, &receipt);
		return true;
	case COURIER_DELIVERY:
		break;
	}
	take_receipt(keeper, courier, &receipt);
	return true;
}

void
dispatch_lost(struct keeper *keeper, struct courier *courier)
{
	uint64_t in_hand;

	if (courier_unlink(keeper, courier, &in_hand))
		channel_lost(keeper, courier);
	channel_absent(keeper, courier);
	outbox_give_back(keeper, courier, 0);
	if (in_hand != 0)
		test_notice_lost(keeper, courier, in_hand);
	record_commit(keeper);
}

void
dispatch_link(struct keeper *keeper, uint32_t index, int fd)
{
	struct courier *courier = courier_at(keeper, index);

	dispatch_hear(keeper, courier); /* the last receipts of the one before */
	if (courier_is_linked(courier))
		dispatch_lost(keeper, courier);
	courier_link(courier, fd);
	channel_present(keeper, courier);
}

void
dispatch_hear(struct keeper *keeper, struct courier *courier)
{
	static unsigned char packet[4096];
	ssize_t size;

	while ((size = courier_read(courier, packet, sizeof packet)) >= 0) {
		if (size > 0 && hear(keeper, courier, packet, (size_t)size))
			continue;
		if (size > 0)
			duty_blame(keeper->duty, DUTY_NOTIFIER, courier_index(keeper, courier), "to the keeper");
		dispatch_lost(keeper, courier);
	}
}

void
dispatch_commit(struct keeper *keeper)
{
	for (uint32_t i = 0; keeper->stop_by == 0 && i < keeper->config->notifier_count; i++) {
		struct courier *courier = courier_at(keeper, i);

		if (courier_is_stirred(courier) && !outbox_has_claims(keeper, courier))
			claims_make(keeper, courier);
	}
	record_commit(keeper);
}

void
dispatch_turn(struct keeper *keeper)
{
	bool second = clock_mono() >= keeper->service->next_second, any = false;

	if (second && keeper->stop_by == 0) {
		keeper->service->next_second = clock_mono() + SECOND;
		policy_turn(keeper);
		remind_turn(keeper);
		channel_turn(keeper);
		heartbeat_turn(keeper);
	}
	for (uint32_t i = 0; i < keeper->config->notifier_count; i++) {
		struct courier *courier = courier_at(keeper, i);

		courier_flush(courier);
		if (second)
			courier_stir(keeper, courier);
		any |= courier_is_stirred(courier);
	}
	if (any)
		dispatch_commit(keeper);
	for (uint32_t i = 0; i < keeper->config->notifier_count; i++) {
		struct courier *courier = courier_at(keeper, i);
		struct delivery delivery = { .notice = 0 };
		enum courier_claims claims = courier_is_free(courier) ? courier_look(keeper, courier) : COURIER_WAITS;

		if (claims == COURIER_IDLE)
			repeat_turn(keeper, courier);
		/* Of what is claimed the oldest notice goes, as far as it may still be told. */
		if (claims == COURIER_CLAIMED && outbox_next(keeper, courier, STORE_QUEUE_CLAIMED, 0, &delivery)
		    && withhold_claimed(keeper, courier, &delivery) && courier_hand_out(keeper, courier, &delivery))
			claims_count(keeper, courier, &delivery);
	}
}

int64_t
dispatch_next(const struct keeper *keeper)
{
	for (uint32_t i = 0; keeper->stop_by == 0 && i < keeper->config->notifier_count; i++)
		if (courier_is_stirred(courier_at(keeper, i)))
			return clock_mono();
	return clock_mono() + SECOND; /* soon enough for what becomes due without a change */
}
