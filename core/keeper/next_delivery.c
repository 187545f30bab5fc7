/*
 * For the keeper: chooses which queued deliveries a notifier is handed next: those that are due, in
 * their order, as long as there are no more of them in a minute than its setting `storm` allows;
 * what is above that is merged into digests, one notice for many.
 */
#include "keeper/next_delivery.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "keeper/policy_private.h"
#include "keeper/notice_payload.h"
#include "keeper/withhold.h"

enum { CLAIM_MAX = 32 };
static const int64_t minute = 60 * (int64_t)SECOND, stale_after = 24 * 3600 * (int64_t)SECOND;

/* Leaves those that may be told now of `count` found ones, and returns how many; UINT32_MAX: some
 * were taken back, and with them perhaps some that were found before. */
static uint32_t
leave_told(struct keeper *keeper, struct notifier *notifier, struct delivery *found, uint32_t count)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < count; i++) {
		const char *why = withhold_delivery(keeper, notifier, &found[i]);

		if (why != NULL && withhold_take_back(keeper, notifier, &found[i], why))
			return UINT32_MAX;
		if (why == NULL && !(policy_listener(keeper, notifier)->in_quiet_hours
		    && found[i].rank != STORE_RANK_TEST))
			found[left++] = found[i];
	}
	assert(left <= count);
	return left;
}

/*
 * Those of some ranks that may be claimed, in their order: at most `max` into `found`; returns how
 * many. They may be in the batch that fills, for the claim then goes with it, and nothing is handed
 * out before that is durable.
 */
static uint32_t
find_due(struct keeper *keeper, struct notifier *notifier, enum store_rank first,
    enum store_rank last, struct delivery *found, uint32_t max)
{
	uint32_t count = 0;

	for (uint32_t rank = first; rank <= last; rank++) {
		struct delivery behind = { .notice = 0 };
		uint32_t read;

		while (count < max && (read = outbox_due(keeper, notifier, rank, &behind,
		    found + count, max - count)) > 0) {
			behind = found[count + read - 1];
			uint32_t left = leave_told(keeper, notifier, found + count, read);
			count = left == UINT32_MAX ? 0 : count + left;
			if (left == UINT32_MAX) {
				behind = (struct delivery){ .notice = 0 };
				rank = first;
			}
		}
	}
	assert(count <= max);
	return count;
}

static uint32_t
budget(const struct keeper *keeper, const struct notifier *notifier)
{
	const struct listener *listener = policy_listener(keeper, notifier);
	uint32_t storm = notifier_rules(notifier)->storm, left = storm == 0 ? CLAIM_MAX : 0;
	int64_t now = clock_mono();

	for (uint32_t i = 0; i < storm; i++)
		left += listener->handed[i] == 0 || now - listener->handed[i] > minute;
	return left;
}

/* What waits untouched; what is in doubt stays itself, and so does what is not to be told yet,
 * a test, and a report. */
static bool
may_be_joined(const struct keeper *keeper, const struct notifier *notifier,
    const struct delivery *delivery)
{
	return delivery->state != STORE_DELIVERY_claimed && outbox_is_unsent(notifier, delivery)
	    && delivery->retried <= clock_wall() && delivery->kind != NOTICE_digest
	    && delivery->kind != NOTICE_test && delivery->kind != NOTICE_report
	    && !outbox_is_unripe(delivery)
	    && withhold_delivery(keeper, notifier, delivery) == NULL;
}

/* A day old, and of nothing that lasts. */
static bool
is_stale(const struct keeper *keeper, const struct notifier *notifier,
    const struct delivery *delivery)
{
	return may_be_joined(keeper, notifier, delivery) && outbox_age(delivery) > stale_after
	    && !outbox_is_of_open(keeper, delivery);
}

static void
record_digest(struct keeper *keeper, struct notifier *notifier, uint64_t digest, int64_t since,
    const char *why)
{
	struct notice_payload payload = { .covered = 0 };
	struct text text = TEXT_ROOM(256);

	outbox_count_digest(keeper, notifier, digest, &payload);
	text_format(&text, "%" PRIu32 " notices in one: %s", payload.covered, why);
	outbox_put_notice(keeper, (struct store_notice){ .number = digest, .kind = "digest",
	    .code = "storm", .detected = since, .confirmed = clock_wall(),
	    .text = { text.bytes, text.size } }, &payload);
	outbox_add(keeper, notifier_index(keeper, notifier),
	    &(struct outbox_entry){ .kind = NOTICE_digest, .code = "storm", .notice = digest });
}

/* Whether nothing older of the target of a delivery is left out, for the same recipient. `left`: of
 * the target, a mark for each recipient of whom something is. */
static bool
is_next(const struct notifier *notifier, const struct delivery *delivery, bool joins, bool *left)
{
	uint32_t recipient = notifier_recipient(notifier, delivery->recipient);

	if (joins && !left[recipient])
		return true;
	left[recipient] = delivery->target != 0;
	return false;
}

/* All deliveries of the notifier that are untouched, or `stale`, become one, of a new notice. */
static void
make_digest(struct keeper *keeper, struct notifier *notifier, bool stale, const char *why)
{
	uint64_t digest = store_number(keeper->store, STORE_NOTICES), target = 0;
	int64_t since = clock_wall();
	bool *left = calloc(notifier_recipients(notifier), sizeof *left);
	struct delivery delivery = { .notice = 0 };

	if (left == NULL)
		keeper_out_of_memory(keeper, "a digest");
	while (outbox_next(keeper, notifier, STORE_QUEUE_ALL, 0, &delivery)) {
		if (delivery.target != target)
			memset(left, 0, notifier_recipients(notifier) * sizeof *left);
		target = delivery.target;
		if (!is_next(notifier, &delivery, !outbox_is_in_digest(&delivery)
		    && (stale ? is_stale : may_be_joined)(keeper, notifier, &delivery), left))
			continue;
		if (delivery.created < since)
			since = delivery.created;
		delivery.state = STORE_DELIVERY_merged;
		delivery.merged = digest;
		outbox_put(keeper, notifier, &delivery, text_view(""));
	}
	free(left);
	record_digest(keeper, notifier, digest, since, why);
}

/* Above so many a minute: a digest that waits, or a new one, else nothing; one a minute. Returns
 * whether one was made, which is to be claimed. */
static bool
claim_in_storm(struct keeper *keeper, struct notifier *notifier, struct delivery *due,
    uint32_t count)
{
	struct listener *listener = policy_listener(keeper, notifier);
	uint32_t joined = 0;
	struct text why = TEXT_ROOM(64);

	for (uint32_t i = 0; i < count; i++) {
		if (due[i].kind == NOTICE_digest) {
			outbox_claim(keeper, notifier, &due[i], 1);
			return false;
		}
		joined += may_be_joined(keeper, notifier, &due[i]);
	}
	if (clock_mono() - listener->digest_last < minute)
		return false;
	listener->digest_last = clock_mono();
	text_format(&why, "there were more than %u in a minute", notifier_rules(notifier)->storm);
	if (joined > 1)
		make_digest(keeper, notifier, false, why.bytes);
	else
		outbox_claim(keeper, notifier, due, 1);
	return joined > 1;
}

/*
 * To who reads it: in a storm a digest, and one of what is stale. To who keeps it each by itself:
 * ends go first and at any rate, for there are no more of them than there were beginnings. Returns
 * whether a digest was made, which is to be claimed.
 */
static bool
claim(struct keeper *keeper, struct notifier *notifier)
{
	struct delivery due[CLAIM_MAX];
	bool keeps = notifier_rules(notifier)->receiver & PW_KEEPS;
	uint32_t room = budget(keeper, notifier), most = keeps && room < CLAIM_MAX ? room
	    : CLAIM_MAX, stale = 0;
	uint32_t count = keeps ? find_due(keeper, notifier, STORE_RANK_END, STORE_RANK_END, due,
	    CLAIM_MAX) : 0;

	if (count == 0)
		count = find_due(keeper, notifier, STORE_RANK_TEST, STORE_RANK_OTHER, due, most);
	for (uint32_t i = 0; !keeps && i < count; i++)
		stale += is_stale(keeper, notifier, &due[i]);
	if (stale > 1) {
		make_digest(keeper, notifier, true, "they could not be delivered for a day");
		return true;
	}
	assert(count <= CLAIM_MAX && stale <= count);
	if (count > 0 && room == 0 && !keeps)
		return claim_in_storm(keeper, notifier, due, count);
	if (count > 0)
		outbox_claim(keeper, notifier, due, keeps || count < room ? count : room);
	return false;
}

void
next_delivery_claim(struct keeper *keeper, struct notifier *notifier)
{
	while (claim(keeper, notifier))
		continue;
}

void
next_delivery_count(struct keeper *keeper, struct notifier *notifier,
    const struct delivery *delivery)
{
	const struct config_notifier *rules = notifier_rules(notifier);
	struct listener *listener = policy_listener(keeper, notifier);

	if (rules->storm > 0 && !(rules->receiver & PW_KEEPS && outbox_is_end(delivery)))
		listener->handed[listener->handed_next++ % rules->storm] = clock_mono();
}
