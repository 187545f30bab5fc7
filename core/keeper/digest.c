/*
 * A digest stands for deliveries that are merged into it. They are kept with it until it has ended, for until then
 * nothing of them has been told: each is asked once more when the digest is sent, and counts as sent with it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "keeper/keeper.h"
#include "keeper/queued.h"
#include "keeper/rest.h"
#include "keeper/told.h"

enum { PAGE = 1000 };

static struct digest *
add(struct courier *courier, uint64_t notice)
{
	struct digest *digest = malloc(sizeof *digest);

	if (digest == NULL)
		return NULL;
	*digest = (struct digest){ .next = courier->digests, .notice = notice };
	digest->last = &digest->members;
	courier->digests = digest;
	return digest;
}

static void
append(struct digest *digest, struct delivery *member)
{
	member->next = NULL;
	member->digest = digest->notice;
	*digest->last = member;
	digest->last = &member->next;
}

struct digest *
outbox_digest(const struct courier *courier, uint64_t notice)
{
	struct digest *digest = courier->digests;

	while (digest != NULL && digest->notice != notice)
		digest = digest->next;
	return digest;
}

void
digest_count(const struct digest *digest, struct notice_rest *rest)
{
	uint64_t last = 0;

	rest->covered = rest->covers_count = 0;
	for (const struct delivery *member = digest->members; member != NULL; member = member->next) {
		if (member->notice == last)
			continue;
		last = member->notice;
		rest->covered++;
		if (rest->covers_count < REST_COVERS_MAX)
			rest->covers[rest->covers_count++] = last;
	}
}

static void
record(struct keeper *keeper, uint32_t courier, const struct digest *digest, int64_t since, const char *why)
{
	unsigned char bytes[NOTICE_REST_MAX];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	struct notice_rest rest = { .covered = 0 };
	char sentence[256];
	struct text text = TEXT_OVER(sentence);

	digest_count(digest, &rest);
	rest_put(&rest, &out);
	text_format(&text, "%" PRIu32 " notices in one: %s", rest.covered, why);
	store_put_notice(journal_main(keeper), &(struct store_notice){ .number = digest->notice, .change = ++keeper->own_change,
	    .kind = "digest", .code = "storm", .detected = since, .confirmed = clock_wall(), .text = { text.bytes, text.size },
	    .silences = "", .rest = { (const char *)bytes, out.size } });
	outbox_add(keeper, courier, &(struct outbox_entry){ .kind = NOTICE_digest, .code = "storm", .notice = digest->notice });
}

void
digest_make(struct keeper *keeper, struct courier *courier, digest_joins *joins, const char *why)
{
	struct digest *digest = add(courier, store_number(keeper->journal.store, STORE_NOTICES));
	int64_t since = clock_wall();

	if (digest == NULL)
		keeper_out_of_memory(keeper, "a digest");
	for (struct delivery *delivery = courier->first, *next; delivery != NULL; delivery = next) {
		next = delivery->next;
		if (!joins(keeper, courier, delivery) || queued_is_behind(keeper, courier, delivery, digest->notice))
			continue;
		if (delivery->created < since)
			since = delivery->created;
		outbox_take_out(courier, delivery);
		delivery->state = STORE_DELIVERY_merged;
		outbox_write(keeper, courier, delivery, (struct pw_bytes){ "", 0 }, digest->notice);
		append(digest, delivery);
	}
	record(keeper, courier_index(keeper, courier), digest, since, why);
	journal_hasten(keeper);
}

static void
destroy(struct digest *digest)
{
	for (struct delivery *next; digest->members != NULL; digest->members = next) {
		next = digest->members->next;
		free(digest->members);
	}
	free(digest);
}

void
digest_free(struct courier *courier)
{
	for (struct digest *next; courier->digests != NULL; courier->digests = next) {
		next = courier->digests->next;
		destroy(courier->digests);
	}
}

void
digest_take_out(struct digest *digest, struct delivery **link)
{
	struct delivery *member = *link;

	*link = member->next;
	if (*link == NULL)
		digest->last = link;
	member->next = NULL;
}

static bool
is_open(const struct courier *courier, uint64_t notice)
{
	for (const struct delivery *delivery = courier->first; delivery != NULL; delivery = delivery->next)
		if (delivery->notice == notice)
			return true;
	return false;
}

void
digest_end(struct keeper *keeper, struct courier *courier, uint64_t notice)
{
	struct digest **link = &courier->digests, *digest;

	while (*link != NULL && (*link)->notice != notice)
		link = &(*link)->next;
	if ((digest = *link) == NULL || is_open(courier, notice))
		return;
	*link = digest->next;
	for (const struct delivery *member = digest->members; member != NULL; member = member->next)
		queued_remove(keeper, courier, member);
	told_digest_ended(keeper, courier, digest);
	destroy(digest);
}

struct recovery {
	struct keeper *keeper;
	struct courier *courier;
	struct digest *digest;
	uint64_t notice;
	char notifier[256], recipient[1024];
	bool failed;
};

static bool
on_merged(void *arg, const struct store_delivery *row)
{
	struct recovery *it = arg;
	struct delivery *member;

	it->notice = row->notice;
	text_copy(it->notifier, sizeof it->notifier, row->notifier);
	text_copy(it->recipient, sizeof it->recipient, row->recipient);
	if (row->notice >= it->digest->notice)
		return false;
	if (row->merged != it->digest->notice || strcmp(row->notifier, it->courier->name) != 0)
		return true;
	member = outbox_make(it->keeper, row);
	it->failed |= member == NULL;
	if (member != NULL) {
		append(it->digest, member);
		queued_add(it->keeper, it->courier, member);
	}
	return !it->failed;
}

static bool
on_first(void *arg, const struct store_notice *row)
{
	struct notice_rest rest;

	rest_get(&rest, row->rest);
	for (uint32_t i = 0; i < rest.covers_count; i++)
		if (rest.covers[i] < *(uint64_t *)arg)
			*(uint64_t *)arg = rest.covers[i];
	return false;
}

static bool
recover(struct keeper *keeper, struct courier *courier, uint64_t notice)
{
	struct recovery it = { .keeper = keeper, .courier = courier, .digest = add(courier, notice) };
	enum store_reading answer = STORE_READ_MORE;
	uint64_t first = notice;

	if (it.digest == NULL)
		return false;
	store_read_notice(keeper->reader, notice, on_first, &first);
	it.notice = first;
	while (answer == STORE_READ_MORE && !it.failed) {
		struct store_delivery_key key = { it.notice, it.notifier, it.recipient };
		answer = store_read_deliveries_in(keeper->reader, STORE_DELIVERY_merged, &key, PAGE, on_merged, &it);
	}
	return !it.failed && answer != STORE_READ_BROKEN;
}

bool
digest_recover(struct keeper *keeper, struct courier *courier)
{
	for (const struct delivery *delivery = courier->first; delivery != NULL; delivery = delivery->next)
		if (delivery->kind == NOTICE_digest && outbox_digest(courier, delivery->notice) == NULL
		    && !recover(keeper, courier, delivery->notice))
			return false;
	return true;
}
