/* The outbox at birth: notifiers and their recipients from the configuration, what is open from the store. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/text.h"
#include "keeper/keeper.h"
#include "keeper/queued.h"
#include "keeper/rules.h"

enum { PAGE = 1000 };
static const int64_t wait_max = 900 * (int64_t)SECOND;

/* A notifier without a list of recipients has one that has no name. */
static void
find_recipients(const struct config_notifier *notifier, struct courier *courier)
{
	static const char *const nobody[] = { "" };
	const struct pw_setting *rows = notifier->plugin->descriptor->settings;

	courier->recipients = nobody;
	courier->recipient_count = 1;
	for (uint32_t i = 0; rows != NULL && rows[i].key != NULL; i++) {
		const struct pw_strings *list = rows[i].flags & PW_RECIPIENTS ? notifier->values->items[i].list : NULL;
		if (list == NULL || list->count == 0)
			continue;
		courier->recipients = list->items;
		courier->recipient_count = list->count;
	}
}

bool
outbox_open(struct keeper *keeper)
{
	struct outbox_of *outbox = &keeper->outbox;
	const struct config *config = keeper->config;

	outbox->random = 1;
	(void)!getrandom(&outbox->random, sizeof outbox->random, GRND_NONBLOCK);
	outbox->random |= 1;
	outbox->spared = CONFIG_NONE;
	outbox->count = config->notifier_count;
	outbox->couriers = calloc(outbox->count + 1, sizeof *outbox->couriers);
	for (uint32_t i = 0; outbox->couriers != NULL && i < outbox->count; i++) {
		struct courier *courier = &outbox->couriers[i];
		courier->name = config->notifiers[i].name;
		if (!rules_open(keeper, courier, &config->notifiers[i]))
			return false;
		courier->fd = -1;
		channel_absent(courier);
		courier->last = &courier->first;
		find_recipients(&config->notifiers[i], courier);
	}
	return outbox->couriers != NULL;
}

struct recovery {
	struct keeper *keeper;
	uint64_t notice;
	char notifier[256], recipient[1024];
	bool failed;
};

static void
drop(struct keeper *keeper, const struct store_delivery *row)
{
	static const char why[] = "no longer configured";
	struct store_delivery dropped = *row;

	dropped.state = STORE_DELIVERY_dropped;
	dropped.ended = clock_wall();
	dropped.receipt = (struct pw_bytes){ why, sizeof why - 1 };
	store_put_delivery(journal_main(keeper), &dropped);
}

static bool
on_delivery(void *arg, const struct store_delivery *row)
{
	struct recovery *it = arg;
	struct courier *courier = courier_for(it->keeper, row->notifier, row->recipient);
	struct delivery *delivery;
	int64_t wait = row->not_before - clock_wall();

	it->notice = row->notice;
	text_copy(it->notifier, sizeof it->notifier, row->notifier);
	text_copy(it->recipient, sizeof it->recipient, row->recipient);
	if (courier == NULL) {
		drop(it->keeper, row);
		return true;
	}
	if ((delivery = outbox_make(it->keeper, row)) == NULL) {
		it->failed = true;
		return false;
	}
	/* Clocks may have been set: no wait is longer than the longest. */
	if (wait > wait_max && wait > courier->rules->after)
		wait = courier->rules->after > wait_max ? courier->rules->after : wait_max;
	delivery->due = wait <= 0 ? 0 : clock_mono() + wait;
	*courier->last = delivery;
	courier->last = &delivery->next;
	queued_add(it->keeper, courier, delivery);
	return true;
}

/* Of what was claimed, the first notice without a receipt may have been in hand; all go back. */
static void
reclaim(struct keeper *keeper, struct courier *courier)
{
	uint64_t first = 0;

	for (struct delivery *delivery = courier->first; delivery != NULL; delivery = delivery->next) {
		if (delivery->state != STORE_DELIVERY_claimed)
			continue;
		if (first == 0)
			first = delivery->notice;
		delivery->doubt += delivery->notice == first;
		delivery->attempts += delivery->notice == first;
		delivery->state = delivery->attempts > 0 ? STORE_DELIVERY_again : STORE_DELIVERY_waiting;
		outbox_put(keeper, courier, delivery, (struct pw_bytes){ "", 0 }, 0);
	}
}

bool
outbox_recover(struct keeper *keeper, struct reason *why)
{
	struct recovery it = { .keeper = keeper };
	enum store_reading answer = STORE_READ_MORE;

	for (uint32_t i = 0; i < keeper->outbox.count; i++)
		it.failed |= !queued_open(keeper, &keeper->outbox.couriers[i]);
	while (answer == STORE_READ_MORE && !it.failed) {
		struct store_delivery_key key = { it.notice, it.notifier, it.recipient };
		answer = store_read_open_deliveries(keeper->reader, &key, PAGE, on_delivery, &it);
	}
	if (it.failed || answer == STORE_READ_BROKEN) {
		reason_set(why, it.failed ? "no memory" : "deliveries cannot be read: %s", store_reader_why(keeper->reader));
		return false;
	}
	for (uint32_t i = 0; i < keeper->outbox.count; i++) {
		reclaim(keeper, &keeper->outbox.couriers[i]);
		if (!digest_recover(keeper, &keeper->outbox.couriers[i])) {
			reason_set(why, "the deliveries of a digest cannot be read, or there is no memory for them");
			return false;
		}
	}
	return true;
}
