/*
 * A digest stands for deliveries that are merged into it. They are queued until it has ended, for until then nothing of them has
 * been told: each is asked once more when the digest is sent, and counts as sent with it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "keeper/keeper.h"
#include "keeper/rest.h"
#include "keeper/told.h"

void
digest_count(const struct keeper *keeper, const struct courier *courier, uint64_t digest, struct notice_rest *rest)
{
	struct delivery member = { .notice = 0 };

	rest->covered = rest->covers_count = 0;
	for (uint64_t last = 0; outbox_next(keeper, courier, STORE_QUEUE_DIGEST, digest, &member); last = member.notice) {
		if (member.notice == last)
			continue;
		rest->covered++;
		if (rest->covers_count < REST_COVERS_MAX)
			rest->covers[rest->covers_count++] = member.notice;
	}
}

static void
record(struct keeper *keeper, struct courier *courier, uint64_t digest, int64_t since, const char *why)
{
	struct notice_rest rest = { .covered = 0 };
	char sentence[256];
	struct text text = TEXT_OVER(sentence);

	digest_count(keeper, courier, digest, &rest);
	text_format(&text, "%" PRIu32 " notices in one: %s", rest.covered, why);
	record_row(keeper, (struct store_notice){ .number = digest, .change = ++keeper->own_change,
	    .kind = "digest", .code = "storm", .detected = since, .confirmed = clock_wall(), .text = { text.bytes, text.size },
	    .silences = "" }, &rest);
	outbox_add(keeper, courier_index(keeper, courier),
	    &(struct outbox_entry){ .kind = NOTICE_digest, .code = "storm", .notice = digest });
}

/* Whether nothing older of the target of a delivery is left out, for the same recipient. `left`: of the target, a mark for each
 * recipient of whom something is. */
static bool
is_next(const struct courier *courier, const struct delivery *delivery, bool joins, bool *left)
{
	uint32_t recipient = 0;

	while (courier->recipients[recipient] != delivery->recipient && recipient + 1 < courier->recipient_count)
		recipient++;
	if (joins && !left[recipient])
		return true;
	left[recipient] = delivery->target != 0;
	return false;
}

void
digest_make(struct keeper *keeper, struct courier *courier, digest_joins *joins, const char *why)
{
	uint64_t digest = store_number(keeper->journal.store, STORE_NOTICES), target = 0;
	int64_t since = clock_wall();
	bool *left = calloc(courier->recipient_count, sizeof *left);
	struct delivery delivery = { .notice = 0 };

	if (left == NULL)
		keeper_out_of_memory(keeper, "a digest");
	while (outbox_next(keeper, courier, STORE_QUEUE_ALL, 0, &delivery)) {
		if (delivery.target != target)
			memset(left, 0, courier->recipient_count * sizeof *left);
		target = delivery.target;
		if (!is_next(courier, &delivery, !outbox_is_in_digest(&delivery) && joins(keeper, courier, &delivery), left))
			continue;
		if (delivery.created < since)
			since = delivery.created;
		delivery.state = STORE_DELIVERY_merged;
		delivery.merged = digest;
		outbox_put(keeper, courier, &delivery, text_view(""));
	}
	free(left);
	record(keeper, courier, digest, since, why);
	journal_hasten(keeper);
}

void
digest_sent(struct keeper *keeper, struct courier *courier, uint64_t notice)
{
	struct delivery member = { .notice = 0 };

	while (outbox_next(keeper, courier, STORE_QUEUE_DIGEST, notice, &member))
		told_sent(keeper, courier, &member);
}

static bool
on_delivery(void *arg, const struct store_delivery *row)
{
	*(bool *)arg |= row->state == STORE_DELIVERY_sent;
	return true;
}

void
digest_end(struct keeper *keeper, struct courier *courier, uint64_t notice)
{
	struct delivery delivery = { .notice = 0 };
	bool told = false;

	if (outbox_next_of_notice(keeper, courier, notice, &delivery))
		return;
	store_read_notice_deliveries(keeper->reader, notice, on_delivery, &told);
	while (outbox_next(keeper, courier, STORE_QUEUE_DIGEST, notice, &delivery)) {
		outbox_end(&delivery, STORE_DELIVERY_merged);
		outbox_put(keeper, courier, &delivery, text_view(""));
		told_digest_ended(keeper, courier, &delivery, told);
	}
}
