/* The outbox at birth: notifiers and their recipients from the configuration, ledgers from the store. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/text.h"
#include "keeper/keeper.h"
#include "keeper/rules.h"

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
		courier->stirred = true;
		find_recipients(&config->notifiers[i], courier);
	}
	return outbox->couriers != NULL;
}

/* One that is no longer configured. */
struct stranger {
	struct stranger *next;
	char *notifier, *recipient;
};

struct strangers {
	const struct keeper *keeper;
	struct stranger *first;
	bool no_memory;
};

static void
on_receiver(void *arg, const char *notifier, const char *recipient)
{
	struct strangers *it = arg;
	struct stranger *stranger = NULL;

	if (courier_for(it->keeper, notifier, recipient) != NULL)
		return;
	if ((stranger = malloc(sizeof *stranger)) == NULL) {
		it->no_memory = true;
		return;
	}
	*stranger = (struct stranger){ it->first, strdup(notifier), strdup(recipient) };
	it->first = stranger;
	it->no_memory |= stranger->notifier == NULL || stranger->recipient == NULL;
}

static bool
end_strangers(struct keeper *keeper)
{
	struct strangers it = { .keeper = keeper };

	while (!store_read_receivers(keeper->journal.store, on_receiver, &it)) /* what is found twice is ended twice */
		continue;
	for (struct stranger *next; it.first != NULL; it.first = next) {
		next = it.first->next;
		if (!it.no_memory)
			store_end_receiver(journal_main(keeper), it.first->notifier, it.first->recipient, clock_wall());
		free(it.first->notifier);
		free(it.first->recipient);
		free(it.first);
	}
	return !it.no_memory;
}

/* Of what was claimed, the first notice without a receipt may have been in hand; all go back. Clocks may have been set: no wait is
 * longer than the longest. */
static void
take_up(struct keeper *keeper, struct courier *courier)
{
	struct delivery delivery = { .notice = 0 };
	uint64_t first = 0;

	while (outbox_next(keeper, courier, STORE_QUEUE_CLAIMED, 0, &delivery)) {
		if (first == 0)
			first = delivery.notice;
		if (delivery.notice != first)
			break;
		delivery.doubt++;
		delivery.attempts++;
		outbox_put(keeper, courier, &delivery, text_view(""));
	}
	outbox_give_back(keeper, courier, 0);
	store_hurry(journal_main(keeper), courier->name, clock_wall()
	    + (courier->rules->after > wait_max ? courier->rules->after : wait_max));
}

bool
outbox_recover(struct keeper *keeper, struct reason *why)
{
	if (!end_strangers(keeper)) {
		reason_set(why, "no memory");
		return false;
	}
	for (uint32_t i = 0; i < keeper->outbox.count; i++)
		take_up(keeper, &keeper->outbox.couriers[i]);
	return true;
}
