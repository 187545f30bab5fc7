#include "keeper/courier.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "keeper/keeper.h"

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
		courier->rules = &config->notifiers[i];
		courier->fd = -1;
		courier_absent(courier);
		courier->stirred = true;
		find_recipients(&config->notifiers[i], courier);
	}
	return outbox->couriers != NULL;
}

uint32_t
courier_index(const struct keeper *keeper, const struct courier *courier)
{
	return (uint32_t)(courier - keeper->outbox.couriers);
}

struct courier *
courier_named(const struct keeper *keeper, struct pw_bytes name)
{
	for (uint32_t i = 0; i < keeper->outbox.count; i++) {
		struct courier *courier = &keeper->outbox.couriers[i];
		if (strlen(courier->name) == name.size && memcmp(courier->name, name.data, name.size) == 0)
			return courier;
	}
	return NULL;
}

struct courier *
courier_for(const struct keeper *keeper, const char *name, const char *recipient)
{
	struct courier *courier = courier_named(keeper, (struct pw_bytes){ name, strlen(name) });

	for (uint32_t i = 0; courier != NULL && i < courier->recipient_count; i++)
		if (strcmp(courier->recipients[i], recipient) == 0)
			return courier;
	return NULL;
}

void
courier_flush(struct courier *courier)
{
	if (courier->fd >= 0)
		(void)packet_queue_flush(&courier->out, courier->fd);
}

bool
courier_is_dead(const struct courier *courier)
{
	return courier->channel.since != 0 && clock_boot() - courier->channel.age >= courier->rules->channel_grace;
}

void
courier_absent(struct courier *courier)
{
	if (courier->channel.absent == 0)
		courier->channel.absent = clock_boot();
	courier->channel.present = 0;
}

void
courier_present(struct courier *courier)
{
	courier->channel.present = clock_boot();
}

bool
outbox_is_heartbeat(const struct keeper *keeper, uint32_t courier)
{
	return keeper->config->heartbeat_interval != 0 && courier == keeper->config->heartbeat;
}

bool
outbox_includes(const struct keeper *keeper, uint32_t target, uint32_t courier)
{
	const struct config_notifier *rules = keeper->outbox.couriers[courier].rules;
	const struct policy *policy = keeper->config->targets[target].policy;
	bool included = rules->tag_count == 0;

	for (uint32_t i = 0; !included && i < rules->tag_count; i++)
		included = target_has_tag(&keeper->config->targets[target], rules->tags[i]);
	if (!included || outbox_is_heartbeat(keeper, courier))
		return false;
	included = policy->notify_count == CONFIG_NONE;
	for (uint32_t i = 0; !included && i < policy->notify_count; i++)
		included = policy->notify[i] == courier;
	return included;
}
