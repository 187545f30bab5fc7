/* Lists of deliveries are short but after long trouble of a notifier; then a digest takes most of them. */
#include "keeper/outbox.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/random.h"
#include "keeper/beat.h"
#include "keeper/keeper.h"
#include "keeper/queued.h"
#include "keeper/remind.h"
#include "keeper/rules.h"
#include "keeper/withhold.h"

static const int64_t wait_max = 900 * (int64_t)SECOND;
static const int64_t by_hand = 60 * (int64_t)SECOND; /* it is no word for ever */
static const int64_t channel_first = 5 * (int64_t)SECOND, delivery_first = 30 * (int64_t)SECOND;

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
append(struct courier *courier, struct delivery *delivery)
{
	delivery->next = NULL;
	*courier->last = delivery;
	courier->last = &delivery->next;
}

static void
be_born(struct delivery *delivery)
{
	delivery->created = clock_wall();
	delivery->born = clock_boot();
}

bool
outbox_is_urgent(const struct delivery *delivery)
{
	return delivery->kind == NOTICE_down || delivery->kind == NOTICE_blind
	    || (delivery->kind == NOTICE_digest && notice_is_together(delivery->kind, delivery->code));
}

int64_t
outbox_age(const struct delivery *delivery)
{
	return clock_boot() - delivery->born;
}

void
outbox_take_out(struct courier *courier, const struct delivery *delivery)
{
	struct delivery **link = &courier->first;

	while (*link != delivery)
		link = &(*link)->next;
	*link = delivery->next;
	if (*link == NULL)
		courier->last = link;
}

static bool
is_open(const struct delivery *delivery)
{
	return delivery->state == STORE_DELIVERY_waiting || delivery->state == STORE_DELIVERY_claimed
	    || delivery->state == STORE_DELIVERY_again;
}

bool
outbox_is_queued(const struct delivery *delivery)
{
	return is_open(delivery) || delivery->state == STORE_DELIVERY_merged;
}

/* What is kept of a delivery beside the columns that the store knows: these letters, then the number of `opened`. */
static const struct {
	char letter;
	size_t at;
} marks[] = {
	{ 'f', offsetof(struct delivery, stands_in) }, { 'o', offsetof(struct delivery, stood_in) },
	{ 'h', offsetof(struct delivery, withheld) },
};
enum { MARKS = sizeof marks / sizeof marks[0] };

void
outbox_write(struct keeper *keeper, struct courier *courier, struct delivery *delivery, struct pw_bytes receipt, uint64_t merged)
{
	bool claimed = delivery->state == STORE_DELIVERY_claimed;
	int64_t now = clock_wall();
	char bytes[MARKS + 24];
	struct text rest = TEXT_OVER(bytes);

	courier->claims += (uint32_t)claimed - (uint32_t)delivery->claimed_kept;
	delivery->claimed_kept = claimed;
	for (size_t i = 0; i < MARKS; i++)
		if (*(const bool *)((const char *)delivery + marks[i].at))
			text_format(&rest, "%c", marks[i].letter);
	if (delivery->opened != 0)
		text_format(&rest, "%" PRIu64, delivery->opened);
	store_put_delivery(journal_main(keeper), &(struct store_delivery){ .notice = delivery->notice,
	    .notifier = courier->name, .recipient = delivery->recipient, .target = delivery->target,
	    .state = delivery->state, .attempts = delivery->attempts, .claim = delivery->claim,
	    .not_before = delivery->due > clock_mono() ? now + delivery->due - clock_mono() : 0,
	    .created = delivery->created, .claimed = delivery->claimed, .ended = is_open(delivery) ? 0 : now,
	    .doubt = delivery->doubt, .merged = merged, .receipt = receipt, .rest = { rest.bytes, rest.size } });
}

void
outbox_free(struct keeper *keeper, struct courier *courier, struct delivery *delivery)
{
	courier->claims -= delivery->claimed_kept;
	queued_remove(keeper, courier, delivery);
	free(delivery);
}

void
outbox_put(struct keeper *keeper, struct courier *courier, struct delivery *delivery, struct pw_bytes receipt,
    uint64_t merged)
{
	uint64_t digest = delivery->kind == NOTICE_digest ? delivery->notice : 0;

	outbox_write(keeper, courier, delivery, receipt, merged);
	if (is_open(delivery))
		return;
	outbox_take_out(courier, delivery);
	outbox_free(keeper, courier, delivery);
	if (digest != 0)
		digest_end(keeper, courier, digest);
}

static struct delivery *
make(const char *recipient)
{
	size_t size = strlen(recipient) + 1;
	struct delivery *delivery = calloc(1, sizeof *delivery + size);

	if (delivery != NULL)
		memcpy(delivery->recipient, recipient, size);
	return delivery;
}

static bool
on_notice(void *arg, const struct store_notice *row)
{
	struct delivery *delivery = arg;

	delivery->kind = notice_named(row->kind);
	delivery->incident = row->incident;
	text_copy(delivery->code, sizeof delivery->code, row->code);
	return false;
}

struct delivery *
outbox_make(const struct keeper *keeper, const struct store_delivery *row)
{
	struct delivery *delivery = make(row->recipient);

	if (delivery == NULL)
		return NULL;
	delivery->notice = row->notice;
	delivery->target = row->target;
	delivery->state = (enum store_delivery_state)row->state;
	delivery->attempts = row->attempts;
	delivery->doubt = row->doubt;
	delivery->claim = row->claim;
	delivery->created = row->created;
	delivery->born = clock_boot() - (clock_wall() > row->created ? clock_wall() - row->created : 0);
	delivery->claimed = row->claimed;
	for (size_t i = 0; i < MARKS; i++)
		*(bool *)((char *)delivery + marks[i].at) = row->rest.size > 0
		    && memchr(row->rest.data, marks[i].letter, row->rest.size) != NULL;
	for (size_t i = 0; i < row->rest.size; i++)
		if (row->rest.data[i] >= '0' && row->rest.data[i] <= '9')
			delivery->opened = delivery->opened * 10 + (uint64_t)(row->rest.data[i] - '0');
	store_read_notice(keeper->reader, row->notice, on_notice, delivery);
	return delivery;
}

struct had {
	const char *notifier;
	bool found;
};

/* All recipients share what became of it. */
static bool
on_delivery(void *arg, const struct store_delivery *row)
{
	struct had *had = arg;

	if (strcmp(row->notifier, had->notifier) == 0)
		had->found = row->state != STORE_DELIVERY_dropped || row->rest.size == 0
		    || memchr(row->rest.data, 'h', row->rest.size) == NULL;
	return true;
}

bool
outbox_had(const struct keeper *keeper, const struct courier *courier, uint64_t notice)
{
	struct had had = { courier->name, false };

	store_read_notice_deliveries(keeper->reader, notice, on_delivery, &had);
	return had.found;
}

void
outbox_retry(struct delivery *delivery)
{
	delivery->due = 0;
	delivery->retried = clock_mono() + by_hand;
}

void
outbox_put_back(struct courier *courier, struct delivery *delivery)
{
	struct delivery **link = &courier->first;

	while (*link != NULL && (*link)->notice <= delivery->notice)
		link = &(*link)->next;
	delivery->next = *link;
	*link = delivery;
	if (delivery->next == NULL)
		courier->last = &delivery->next;
	delivery->state = STORE_DELIVERY_again;
	delivery->digest = 0;
}

void
outbox_revive(struct keeper *keeper, struct courier *courier, struct delivery *delivery)
{
	queued_add(keeper, courier, delivery);
	outbox_put_back(courier, delivery);
	outbox_retry(delivery);
	be_born(delivery);
	courier->rest_until = 0;
	outbox_put(keeper, courier, delivery, (struct pw_bytes){ "", 0 }, 0);
}

void
outbox_add(struct keeper *keeper, uint32_t index, const struct outbox_entry *entry)
{
	struct courier *courier = &keeper->outbox.couriers[index];

	for (uint32_t i = 0; i < courier->recipient_count; i++) {
		struct delivery *delivery = make(courier->recipients[i]);
		if (delivery == NULL)
			keeper_out_of_memory(keeper, "a delivery");
		delivery->notice = entry->notice;
		delivery->target = entry->target;
		delivery->incident = entry->incident;
		delivery->opened = entry->opened;
		delivery->kind = entry->kind;
		delivery->due = entry->due;
		delivery->stands_in = entry->stands_in;
		delivery->state = STORE_DELIVERY_waiting;
		be_born(delivery);
		text_copy(delivery->code, sizeof delivery->code, entry->code);
		append(courier, delivery);
		queued_add(keeper, courier, delivery);
		outbox_put(keeper, courier, delivery, (struct pw_bytes){ "", 0 }, 0);
	}
}

void
outbox_drop(struct keeper *keeper, struct courier *courier, struct delivery *delivery, const char *why)
{
	delivery->state = STORE_DELIVERY_dropped;
	outbox_put(keeper, courier, delivery, (struct pw_bytes){ why, strlen(why) }, 0);
}

bool
outbox_is_in_hand(const struct courier *courier, const struct delivery *delivery)
{
	for (uint32_t i = 0; courier->in_hand != 0 && i < courier->hand_count; i++)
		if (courier->hand[i] == delivery)
			return true;
	return false;
}

bool
outbox_is_unsent(const struct courier *courier, const struct delivery *delivery)
{
	return delivery->doubt == 0 && !outbox_is_in_hand(courier, delivery);
}

bool
outbox_is_all_unsent(const struct keeper *keeper, const struct courier *courier, const struct delivery *given)
{
	const struct delivery *delivery = NULL;
	uint32_t count = 0;

	while ((delivery = queued_next(keeper, courier, given->target, delivery)) != NULL) {
		if (delivery->notice != given->notice || delivery->digest != 0)
			continue;
		if (!outbox_is_unsent(courier, delivery))
			return false;
		count++;
	}
	return count > 0 && count == courier->recipient_count;
}

bool
outbox_is_unripe(const struct delivery *delivery)
{
	return delivery->state == STORE_DELIVERY_waiting && delivery->attempts == 0 && delivery->due > clock_mono();
}

bool
outbox_is_of_open(const struct keeper *keeper, const struct delivery *delivery)
{
	uint32_t target = roll_target(&keeper->roll, delivery->target);
	struct store_incident incident;

	return target != CONFIG_NONE && delivery->incident != 0 && record_open_incident(keeper, target, &incident)
	    && incident.number == delivery->incident;
}

static struct delivery *
find_down(const struct keeper *keeper, const struct courier *courier, uint64_t target, uint64_t incident)
{
	struct delivery *delivery = queued_next(keeper, courier, target, NULL);

	while (delivery != NULL && (delivery->digest != 0 || delivery->incident != incident || delivery->kind != NOTICE_down))
		delivery = queued_next(keeper, courier, target, delivery);
	return delivery;
}

bool
outbox_may_merge(const struct keeper *keeper, const struct courier *courier, uint64_t target, uint64_t incident)
{
	const struct delivery *down = find_down(keeper, courier, target, incident);

	return down != NULL && outbox_is_all_unsent(keeper, courier, down);
}

void
outbox_merge(struct keeper *keeper, struct courier *courier, uint64_t target, uint64_t incident, uint64_t into)
{
	struct delivery *down;

	while ((down = find_down(keeper, courier, target, incident)) != NULL) {
		down->state = STORE_DELIVERY_merged;
		outbox_put(keeper, courier, down, (struct pw_bytes){ "", 0 }, into);
	}
}

/* What is claimed for it is durable, or no longer waited for. */
static bool
has_safe_claims(const struct keeper *keeper, const struct courier *courier)
{
	return courier->claims > 0
	    && (keeper->journal.safe >= courier->claim_serial || keeper->journal.sides[STORE_MAIN].stuck);
}

uint32_t
outbox_random(struct keeper *keeper)
{
	return random_next(&keeper->outbox.random);
}

static void
claim(struct keeper *keeper, struct courier *courier)
{
	if (courier->fd >= 0 && courier->in_hand == 0 && courier->claims == 0 && clock_mono() >= courier->rest_until
	    && keeper->stop_by == 0)
		claims_make(keeper, courier);
}

void
outbox_claim(struct keeper *keeper)
{
	for (uint32_t i = 0; i < keeper->outbox.count; i++)
		claim(keeper, &keeper->outbox.couriers[i]);
}

static void
turn(struct keeper *keeper, struct courier *courier)
{
	courier_flush(courier);
	if (courier->fd < 0 || courier->in_hand != 0)
		return;
	if (courier->first == NULL) {
		repeat_turn(keeper, courier);
		return;
	}
	claim(keeper, courier);
	if (has_safe_claims(keeper, courier))
		courier_hand_out(keeper, courier);
	else if (courier->claims == 0)
		repeat_turn(keeper, courier);
}

void
outbox_turn(struct keeper *keeper)
{
	if (clock_mono() >= keeper->outbox.next_second && keeper->stop_by == 0) {
		keeper->outbox.next_second = clock_mono() + SECOND;
		rules_turn(keeper);
		withhold_turn(keeper);
		remind_turn(keeper);
		channel_turn(keeper);
		beat_turn(keeper);
	}
	for (uint32_t i = 0; i < keeper->outbox.count; i++)
		turn(keeper, &keeper->outbox.couriers[i]);
}

/* When something that waits may be due; a second is soon enough for most. */
int64_t
outbox_next(const struct keeper *keeper)
{
	int64_t now = clock_mono();

	for (uint32_t i = 0; i < keeper->outbox.count; i++) {
		const struct courier *courier = &keeper->outbox.couriers[i];
		if (courier->fd < 0 || courier->in_hand != 0 || courier->first == NULL || keeper->stop_by != 0)
			continue;
		if (has_safe_claims(keeper, courier))
			return now;
		if (courier->claims == 0 && courier->rest_until <= now && claims_may_be_made(keeper, courier))
			return now;
	}
	return now + SECOND;
}

uint32_t
outbox_poll(const struct keeper *keeper, struct pollfd *polled)
{
	for (uint32_t i = 0; i < keeper->outbox.count; i++) {
		const struct courier *courier = &keeper->outbox.couriers[i];
		polled[i] = (struct pollfd){ .fd = courier->fd, .events = packet_queue_is_empty(&courier->out) ? POLLIN : POLLIN | POLLOUT };
	}
	return keeper->outbox.count;
}
