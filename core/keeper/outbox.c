/*
 * For the keeper: reads and writes the rows of notices and deliveries in the store. What is queued
 * is in the store alone: rows are looked up one by one, changed as copies, and written whole.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "keeper/outbox_private.h"
#include "keeper/notice_payload.h"

static const int64_t wait_max = 900 * (int64_t)SECOND;
static const int64_t by_hand = 60 * (int64_t)SECOND; /* it is no word for ever */

int64_t
outbox_age(const struct delivery *delivery)
{
	int64_t age = clock_wall() - delivery->created;

	return age > 0 ? age : 0;
}

static bool
is_open(const struct delivery *delivery)
{
	return delivery->state == STORE_DELIVERY_waiting
	    || delivery->state == STORE_DELIVERY_claimed || delivery->state == STORE_DELIVERY_again;
}

bool
outbox_is_in_digest(const struct delivery *delivery)
{
	assert(delivery->ended == 0);
	return delivery->state == STORE_DELIVERY_merged;
}

bool
outbox_is_end(const struct delivery *delivery)
{
	return notice_alert(delivery->kind, delivery->code, delivery->target == 0)
	    == NOTICE_ALERT_CLOSED;
}

static void
take_row(const struct notifier *notifier, const struct store_queued *row, struct delivery *delivery)
{
	const struct store_delivery *kept = &row->delivery;
	const char *recipient = "";

	for (uint32_t i = 0; i < notifier->recipient_count; i++)
		if (strcmp(notifier->recipients[i], kept->recipient) == 0)
			recipient = notifier->recipients[i];
	*delivery = (struct delivery){ .notice = kept->notice, .target = kept->target,
		.incident = row->incident, .recipient = recipient, .kind = notice_named(row->kind),
		.state = (enum store_delivery_state)kept->state,
		.failover = (enum store_failover)kept->failover,
		.rank = (enum store_rank)kept->rank, .attempts = kept->attempts,
		.doubt = kept->doubt, .claim = kept->claim, .merged = kept->merged,
		.opened = kept->opened, .due = kept->not_before, .retried = kept->retried,
		.created = kept->created, .claimed = kept->claimed, .ended = kept->ended,
		.withheld = kept->withheld != 0 };
	text_copy(delivery->code, sizeof delivery->code, row->code);
}

static uint32_t
look_up(const struct keeper *keeper, const struct notifier *notifier, enum store_queue which,
    struct store_queue_place place, struct delivery *found, uint32_t max)
{
	struct store_queue_reading reading;
	struct store_queued row;
	uint32_t count;

	place.notifier = notifier->name;
	do {
		store_queue_open(&reading, keeper->store, which, &place);
		for (count = 0; count < max && store_queue_next(&reading, &row); count++)
			take_row(notifier, &row, &found[count]);
	} while (!store_queue_close(&reading));
	return count;
}

static struct store_queue_place
behind(const struct delivery *delivery)
{
	return (struct store_queue_place){ .target = delivery->target, .notice = delivery->notice,
		.not_before = delivery->due, .recipient = delivery->recipient };
}

bool
outbox_next(const struct keeper *keeper, const struct notifier *notifier, enum store_queue which,
    uint64_t of, struct delivery *delivery)
{
	struct store_queue_place place = behind(delivery);

	place.of = of;
	return look_up(keeper, notifier, which, place, delivery, 1) > 0;
}

uint32_t
outbox_due(const struct keeper *keeper, const struct notifier *notifier, enum store_rank rank,
    const struct delivery *after, struct delivery *found, uint32_t max)
{
	struct store_queue_place place = behind(after);

	place.of = rank;
	place.at = clock_wall();
	return look_up(keeper, notifier, STORE_QUEUE_DUE, place, found, max);
}

bool
outbox_next_late(const struct keeper *keeper, const struct notifier *notifier, int64_t age,
    bool all, struct delivery *delivery)
{
	struct store_queue_place place = behind(delivery);

	place.of = all ? STORE_FAILOVER_STANDS_IN : STORE_FAILOVER_WATCHED;
	place.at = clock_wall() - age;
	return look_up(keeper, notifier, STORE_QUEUE_URGENT, place, delivery, 1) > 0;
}

bool
outbox_find(const struct keeper *keeper, const struct notifier *notifier, uint64_t notice,
    const char *recipient, struct delivery *delivery)
{
	return look_up(keeper, notifier, STORE_QUEUE_DELIVERY,
	    (struct store_queue_place){ .of = notice, .recipient = recipient }, delivery, 1) > 0;
}

bool
outbox_has_claims(const struct keeper *keeper, const struct notifier *notifier)
{
	return store_has_queued(keeper->store, notifier->name, true);
}

uint32_t
outbox_count(const struct keeper *keeper, const struct notifier *notifier)
{
	return store_count_waiting(keeper->store, notifier->name, clock_wall());
}

static struct store_delivery
row_of(const struct notifier *notifier, const struct delivery *delivery, struct pw_bytes receipt)
{
	return (struct store_delivery){ .notice = delivery->notice,
	    .notifier = notifier->name, .recipient = delivery->recipient,
	    .target = delivery->target, .state = delivery->state, .attempts = delivery->attempts,
	    .not_before = delivery->due, .claim = delivery->claim, .created = delivery->created,
	    .claimed = delivery->claimed, .ended = delivery->ended, .doubt = delivery->doubt,
	    .merged = delivery->merged, .receipt = receipt, .opened = delivery->opened,
	    .retried = delivery->retried, .failover = delivery->failover,
	    .withheld = delivery->withheld, .rank = delivery->rank };
}

void
outbox_put(struct keeper *keeper, struct notifier *notifier, const struct delivery *delivery,
    struct pw_bytes receipt)
{
	const struct store_delivery row = row_of(notifier, delivery, receipt);

	assert(!is_open(delivery) || delivery->ended == 0);
	assert(delivery->state != STORE_DELIVERY_merged || delivery->merged != 0);
	notifier->stirred = true;
	store_put_delivery(commit_queue_main(keeper), &row);
}

void
outbox_end(struct delivery *delivery, enum store_delivery_state state)
{
	delivery->state = state;
	delivery->ended = clock_wall();
	assert(!is_open(delivery));
}

void
outbox_drop(struct keeper *keeper, struct notifier *notifier, struct delivery *delivery,
    const char *why)
{
	outbox_end(delivery, STORE_DELIVERY_dropped);
	outbox_put(keeper, notifier, delivery, text_view(why));
}

void
outbox_drop_notice(struct keeper *keeper, struct notifier *notifier, uint64_t notice,
    const char *why)
{
	store_drop_notice(commit_queue_main(keeper), notifier->name, notice, why, clock_wall());
}

void
outbox_give_back(struct keeper *keeper, struct notifier *notifier, uint64_t kept)
{
	notifier->stirred = true;
	store_unclaim(commit_queue_main(keeper), notifier->name, kept);
}

bool
outbox_had(const struct keeper *keeper, const struct notifier *notifier, uint64_t notice)
{
	return store_was_queued(keeper->store, notifier->name, notice);
}

void
outbox_retry(struct keeper *keeper, struct notifier *notifier, struct delivery *delivery,
    bool revived)
{
	delivery->due = 0;
	delivery->retried = clock_wall() + by_hand;
	if (revived) {
		delivery->state = STORE_DELIVERY_again;
		delivery->created = clock_wall();
		delivery->ended = 0;
	}
	notifier->rest_until = 0;
	outbox_put(keeper, notifier, delivery, text_view(""));
}

void
outbox_add(struct keeper *keeper, uint32_t index, const struct outbox_entry *entry)
{
	struct notifier *notifier = notifier_at(keeper, index);
	struct delivery delivery = { .notice = entry->notice, .target = entry->target,
		.incident = entry->incident, .kind = entry->kind, .opened = entry->opened,
		.due = entry->due, .state = STORE_DELIVERY_waiting, .created = clock_wall(),
		.rank = STORE_RANK_OTHER };

	text_copy(delivery.code, sizeof delivery.code, entry->code);
	if (entry->kind == NOTICE_test || entry->by_hand)
		delivery.rank = STORE_RANK_TEST;
	else if (notifier->rules->receiver & PW_KEEPS && outbox_is_end(&delivery))
		delivery.rank = STORE_RANK_END;
	/* Somebody has to hear of it that a target, or many together, are down, or that we see
	 * nothing. */
	if (entry->kind == NOTICE_down || entry->kind == NOTICE_blind
	    || (entry->kind == NOTICE_digest && notice_is_together(entry->kind, entry->code)))
		delivery.failover = entry->stands_in ? STORE_FAILOVER_STANDS_IN
		    : STORE_FAILOVER_WATCHED;
	for (uint32_t i = 0; i < notifier->recipient_count; i++) {
		delivery.recipient = notifier->recipients[i];
		const struct store_delivery row = row_of(notifier, &delivery, text_view(""));
		store_add_delivery(commit_queue_main(keeper), &row);
	}
	notifier->stirred = true;
	notifier->rest_until = entry->by_hand ? 0 : notifier->rest_until;
}

bool
outbox_is_in_hand(const struct notifier *notifier, const struct delivery *delivery)
{
	for (uint32_t i = 0; notifier->in_hand == delivery->notice && i < notifier->hand_count; i++)
		if (notifier->hand[i] == delivery->recipient)
			return true;
	return false;
}

bool
outbox_is_unsent(const struct notifier *notifier, const struct delivery *delivery)
{
	return delivery->doubt == 0 && !outbox_is_in_hand(notifier, delivery);
}

bool
outbox_is_all_unsent(const struct keeper *keeper, const struct notifier *notifier, uint64_t notice,
    uint64_t down_of)
{
	return notifier->in_hand != notice
	    && store_count_unsent(keeper->store, notifier->name, notice, down_of)
	    == notifier->recipient_count;
}

bool
outbox_is_unripe(const struct delivery *delivery)
{
	return delivery->state == STORE_DELIVERY_waiting && delivery->due > clock_wall();
}

bool
outbox_is_of_open(const struct keeper *keeper, const struct delivery *delivery)
{
	uint32_t target = registry_target(keeper->registry, delivery->target);
	struct store_incident incident;

	return target != CONFIG_NONE && delivery->incident != 0
	    && registry_open_incident(keeper->registry, target, &incident) && incident.number
	    == delivery->incident;
}

void
outbox_merge(struct keeper *keeper, struct notifier *notifier, uint64_t notice, uint64_t into)
{
	struct store_delivery row = { .notice = notice, .notifier = notifier->name, .merged = into,
	    .ended = clock_wall() };

	notifier->stirred = true;
	for (uint32_t i = 0; i < notifier->recipient_count; i++) {
		row.recipient = notifier->recipients[i];
		store_merge_delivery(commit_queue_main(keeper), &row);
	}
}

/* What is of receivers that are no longer configured ends. */
static void
end_strangers(struct keeper *keeper)
{
	char *configured = NULL;
	size_t size;
	FILE *lines = open_memstream(&configured, &size);

	if (lines == NULL)
		keeper_out_of_memory(keeper, "who is told");
	fputc('\n', lines);
	for (uint32_t i = 0; i < keeper->outbox->count; i++) {
		const struct notifier *notifier = notifier_at(keeper, i);
		for (uint32_t j = 0; j < notifier->recipient_count; j++)
			fprintf(lines, "%s\t%s\n", notifier->name, notifier->recipients[j]);
	}
	if (fclose(lines) != 0)
		keeper_out_of_memory(keeper, "who is told");
	store_end_receivers(commit_queue_main(keeper), configured, clock_wall());
	free(configured);
}

/* Of what was claimed, the first notice without a receipt may have been in hand; all go back.
 * Clocks may have been set: no wait is longer than the longest. */
static void
take_up(struct keeper *keeper, struct notifier *notifier)
{
	struct delivery delivery = { .notice = 0 };
	uint64_t first = 0;

	while (outbox_next(keeper, notifier, STORE_QUEUE_CLAIMED, 0, &delivery)) {
		if (first == 0)
			first = delivery.notice;
		if (delivery.notice != first)
			break;
		delivery.doubt++;
		delivery.attempts++;
		outbox_put(keeper, notifier, &delivery, text_view(""));
	}
	outbox_give_back(keeper, notifier, 0);
	store_hurry(commit_queue_main(keeper), notifier->name, clock_wall()
	    + (notifier->rules->after > wait_max ? notifier->rules->after : wait_max));
}

void
outbox_recover(struct keeper *keeper)
{
	end_strangers(keeper);
	for (uint32_t i = 0; i < keeper->outbox->count; i++)
		take_up(keeper, notifier_at(keeper, i));
}

uint64_t
outbox_put_notice(struct keeper *keeper, struct store_notice row,
    const struct notice_payload *payload)
{
	static const struct notice_payload nothing = { .covered = 0 };
	unsigned char bytes[NOTICE_PAYLOAD_MAX];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	row.number = row.number != 0 ? row.number : store_number(keeper->store, STORE_NOTICES);
	row.change = row.change != 0 ? row.change : outbox_own_change(keeper);
	payload_put(payload != NULL ? payload : &nothing, &out);
	row.rest = (struct pw_bytes){ (const char *)bytes, out.size };
	store_put_notice(commit_queue_main(keeper), &row);
	return row.number;
}

void
outbox_claim(struct keeper *keeper, struct notifier *notifier, struct delivery *due, uint32_t count)
{
	uint64_t number = store_number(keeper->store, STORE_CLAIMS);

	assert(count > 0 && notifier_is_free(notifier));
	for (uint32_t i = 0; i < count; i++) {
		due[i].state = STORE_DELIVERY_claimed;
		due[i].claim = number;
		due[i].claimed = clock_wall();
		const struct store_delivery row = row_of(notifier, &due[i], text_view(""));
		store_put_claim(commit_queue_main(keeper), &row);
	}
	notifier->stirred = true;
	notifier->claim_serial = commit_queue_serial(keeper->commits);
}

void
outbox_drop_dead(struct keeper *keeper, const struct store_delivery *row, struct pw_bytes why)
{
	struct store_delivery dropped = *row;

	assert(row->state == STORE_DELIVERY_dead);
	dropped.state = STORE_DELIVERY_dropped;
	dropped.ended = clock_wall();
	dropped.receipt = why;
	store_put_delivery(commit_queue_main(keeper), &dropped);
}

uint64_t
outbox_own_change(struct keeper *keeper)
{
	return ++keeper->outbox->own_change;
}

void
outbox_clock_set(struct keeper *keeper, int64_t moved)
{
	store_set_clock(commit_queue_main(keeper), moved);
}
