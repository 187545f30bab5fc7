/* Lists of deliveries are short but after long trouble of a notifier; then a digest takes most of them. */
#include "keeper/outbox.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "keeper/keeper.h"
#include "keeper/rest.h"

static const int64_t minute = 60 * (int64_t)SECOND, wait_max = 900 * (int64_t)SECOND;
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
take_out(struct courier *courier, struct delivery *delivery)
{
	struct delivery **link = &courier->first;

	while (*link != delivery)
		link = &(*link)->next;
	*link = delivery->next;
	if (*link == NULL)
		courier->last = link;
	free(delivery);
}

static bool
is_open(const struct delivery *delivery)
{
	return delivery->state == STORE_DELIVERY_waiting || delivery->state == STORE_DELIVERY_claimed
	    || delivery->state == STORE_DELIVERY_again;
}

void
outbox_put(struct keeper *keeper, struct courier *courier, struct delivery *delivery, struct pw_bytes receipt,
    uint64_t merged)
{
	int64_t now = clock_wall();

	store_put_delivery(journal_main(keeper), &(struct store_delivery){ .notice = delivery->notice,
	    .notifier = courier->name, .recipient = delivery->recipient, .target = delivery->target,
	    .state = delivery->state, .attempts = delivery->attempts, .claim = delivery->claim,
	    .not_before = delivery->due > clock_mono() ? now + delivery->due - clock_mono() : 0,
	    .created = delivery->created, .claimed = delivery->claimed, .ended = is_open(delivery) ? 0 : now,
	    .doubt = delivery->doubt, .merged = merged, .receipt = receipt });
	if (!is_open(delivery))
		take_out(courier, delivery);
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

struct delivery *
outbox_make(const struct store_delivery *row)
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
	delivery->claimed = row->claimed;
	return delivery;
}

void
outbox_revive(struct keeper *keeper, struct courier *courier, struct delivery *delivery)
{
	struct delivery **link = &courier->first;

	while (*link != NULL && (*link)->notice <= delivery->notice)
		link = &(*link)->next;
	delivery->next = *link;
	*link = delivery;
	if (delivery->next == NULL)
		courier->last = &delivery->next;
	delivery->state = STORE_DELIVERY_again;
	delivery->due = 0;
	delivery->created = clock_wall();
	delivery->serial = keeper->journal.serial;
	courier->rest_until = 0;
	outbox_put(keeper, courier, delivery, (struct pw_bytes){ "", 0 }, 0);
}

static void
name_code(struct delivery *delivery, const char *code)
{
	struct text text = TEXT_OVER(delivery->code);

	text_add(&text, code);
}

void
outbox_add(struct keeper *keeper, uint32_t index, enum notice_kind kind, const char *code, uint64_t notice,
    uint64_t target, uint64_t incident)
{
	struct courier *courier = &keeper->outbox.couriers[index];

	for (uint32_t i = 0; i < courier->recipient_count; i++) {
		struct delivery *delivery = make(courier->recipients[i]);
		if (delivery == NULL) {
			duty_log(keeper->duty, LOG_CRIT, 0, "keeper: no memory for a delivery");
			return;
		}
		delivery->notice = notice;
		delivery->target = target;
		delivery->incident = incident;
		delivery->kind = kind;
		delivery->state = STORE_DELIVERY_waiting;
		delivery->created = clock_wall();
		delivery->serial = keeper->journal.serial;
		name_code(delivery, code);
		append(courier, delivery);
		outbox_put(keeper, courier, delivery, (struct pw_bytes){ "", 0 }, 0);
	}
}

void
outbox_forget(struct keeper *keeper, uint64_t notice)
{
	for (uint32_t i = 0; i < keeper->outbox.count; i++) {
		struct courier *courier = &keeper->outbox.couriers[i];
		for (struct delivery *delivery = courier->first, *next; delivery != NULL; delivery = next) {
			next = delivery->next;
			if (delivery->notice == notice)
				take_out(courier, delivery);
		}
	}
}

static bool
is_untouched(const struct delivery *delivery)
{
	return delivery->state != STORE_DELIVERY_claimed && delivery->doubt == 0;
}

bool
outbox_may_merge(const struct courier *courier, uint64_t incident, enum notice_kind kind)
{
	uint32_t untouched = 0;

	for (const struct delivery *delivery = courier->first; delivery != NULL; delivery = delivery->next) {
		if (delivery->incident != incident || delivery->kind != kind)
			continue;
		if (!is_untouched(delivery))
			return false;
		untouched++;
	}
	return untouched > 0 && untouched == courier->recipient_count;
}

void
outbox_merge(struct keeper *keeper, struct courier *courier, uint64_t incident, enum notice_kind kind, uint64_t into)
{
	for (struct delivery *delivery = courier->first, *next; delivery != NULL; delivery = next) {
		next = delivery->next;
		if (delivery->incident != incident || delivery->kind != kind)
			continue;
		delivery->state = STORE_DELIVERY_merged;
		outbox_put(keeper, courier, delivery, (struct pw_bytes){ "", 0 }, into);
	}
}

/* Head of line: what is of the same target and recipient waits for what is older. A hash may take two for one: then the
 * second waits a little longer. */
enum { LINE_BITS = 4096 };

static uint32_t
line_of(const struct delivery *delivery)
{
	uint64_t hash = delivery->target * UINT64_C(0x9e3779b97f4a7c15);

	for (const char *at = delivery->recipient; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	return (uint32_t)(hash >> 40) % LINE_BITS;
}

static bool
is_safe(const struct keeper *keeper, uint64_t serial)
{
	return keeper->journal.safe >= serial || keeper->journal.sides[STORE_MAIN].stuck;
}

/* Those that may be claimed, oldest first: at most `max` into `found`, how many there are at all is returned. */
static uint32_t
find_due(const struct keeper *keeper, const struct courier *courier, struct delivery **found, uint32_t max)
{
	unsigned char taken[LINE_BITS / 8] = { 0 };
	int64_t now = clock_mono();
	uint32_t count = 0;

	for (struct delivery *delivery = courier->first; delivery != NULL; delivery = delivery->next) {
		uint32_t line = line_of(delivery);
		bool behind = taken[line / 8] >> line % 8 & 1 && delivery->target != 0;
		taken[line / 8] |= (unsigned char)(1 << line % 8);
		if (behind || delivery->state == STORE_DELIVERY_claimed || delivery->due > now
		    || !is_safe(keeper, delivery->serial))
			continue;
		if (count < max)
			found[count] = delivery;
		count++;
	}
	return count;
}

static uint32_t
budget(const struct courier *courier, int64_t now)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < STORM_MAX; i++)
		left += courier->handed[i] == 0 || now - courier->handed[i] > minute;
	return left;
}

uint32_t
outbox_random(struct keeper *keeper)
{
	uint32_t random = keeper->outbox.random;

	random ^= random << 13;
	random ^= random >> 17;
	random ^= random << 5;
	return keeper->outbox.random = random;
}

/* All that waits untouched becomes one notice; what is in doubt stays itself. */
static void
make_digest(struct keeper *keeper, struct courier *courier)
{
	struct notice_rest rest = { .covered = 0 };
	uint64_t last = 0, into = store_number(keeper->journal.store, STORE_NOTICES);
	int64_t since = clock_wall();

	for (struct delivery *delivery = courier->first, *next; delivery != NULL; delivery = next) {
		next = delivery->next;
		if (!is_untouched(delivery) || delivery->kind == NOTICE_digest || !is_safe(keeper, delivery->serial))
			continue;
		if (delivery->notice != last && rest.covers_count < REST_COVERS_MAX)
			rest.covers[rest.covers_count++] = delivery->notice;
		rest.covered += delivery->notice != last;
		last = delivery->notice;
		if (delivery->created < since)
			since = delivery->created;
		delivery->state = STORE_DELIVERY_merged;
		outbox_put(keeper, courier, delivery, (struct pw_bytes){ "", 0 }, into);
	}
	telling_digest(keeper, (uint32_t)(courier - keeper->outbox.couriers), into, since, &rest);
}

static void
claim_these(struct keeper *keeper, struct courier *courier, struct delivery **due, uint32_t count)
{
	uint64_t number = store_number(keeper->journal.store, STORE_CLAIMS);

	for (uint32_t i = 0; i < count; i++) {
		due[i]->state = STORE_DELIVERY_claimed;
		due[i]->claim = number;
		due[i]->claimed = clock_wall();
		outbox_put(keeper, courier, due[i], (struct pw_bytes){ "", 0 }, 0);
	}
	courier->claim_serial = keeper->journal.serial;
	journal_hasten(keeper);
}

/* Above so many a minute: a digest that waits, or a new one, else nothing; one a minute. */
static void
claim_in_storm(struct keeper *keeper, struct courier *courier, struct delivery **due, uint32_t count)
{
	uint32_t mergeable = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (due[i]->kind == NOTICE_digest) {
			claim_these(keeper, courier, &due[i], 1);
			return;
		}
		mergeable += is_untouched(due[i]);
	}
	if (clock_mono() - courier->digest_last < minute)
		return;
	courier->digest_last = clock_mono();
	if (mergeable > 1) {
		make_digest(keeper, courier);
		journal_hasten(keeper);
	} else
		claim_these(keeper, courier, due, 1);
}

static void
claim(struct keeper *keeper, struct courier *courier)
{
	struct delivery *due[CLAIM_MAX];
	uint32_t room = budget(courier, clock_mono()), count = find_due(keeper, courier, due, CLAIM_MAX);

	if (count > CLAIM_MAX)
		count = CLAIM_MAX;
	if (count > 0 && room == 0)
		claim_in_storm(keeper, courier, due, count);
	else if (count > 0)
		claim_these(keeper, courier, due, count < room ? count : room);
}

static bool
has_claims(const struct courier *courier)
{
	for (const struct delivery *delivery = courier->first; delivery != NULL; delivery = delivery->next)
		if (delivery->state == STORE_DELIVERY_claimed)
			return true;
	return false;
}

static void
turn(struct keeper *keeper, struct courier *courier)
{
	courier_flush(courier);
	if (courier->fd < 0 || courier->in_hand != 0 || courier->first == NULL)
		return;
	if (!has_claims(courier) && clock_mono() >= courier->rest_until && keeper->stop_by == 0)
		claim(keeper, courier);
	if (has_claims(courier) && is_safe(keeper, courier->claim_serial))
		courier_hand_out(keeper, courier);
}

void
outbox_turn(struct keeper *keeper)
{
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
		struct delivery *due[1];
		if (courier->fd < 0 || courier->in_hand != 0 || courier->first == NULL || keeper->stop_by != 0)
			continue;
		if (has_claims(courier) && is_safe(keeper, courier->claim_serial))
			return now;
		if (!has_claims(courier) && courier->rest_until <= now && find_due(keeper, courier, due, 1) > 0
		    && (budget(courier, now) > 0 || now - courier->digest_last >= minute))
			return now;
	}
	return now + SECOND;
}

uint32_t
outbox_poll(const struct keeper *keeper, struct pollfd *polled)
{
	for (uint32_t i = 0; i < keeper->outbox.count; i++) {
		const struct courier *courier = &keeper->outbox.couriers[i];
		polled[i] = (struct pollfd){ .fd = courier->fd, .events = courier->out != NULL ? POLLIN | POLLOUT : POLLIN };
	}
	return keeper->outbox.count;
}
