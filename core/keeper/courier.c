/* The link to a notifier's worker: one notice at a time goes out, its receipts come in. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "keeper/outbox_private.h"

static const int64_t hour = 3600 * (int64_t)SECOND, day = 24 * 3600 * (int64_t)SECOND;
static const int64_t wait_max = 900 * (int64_t)SECOND;
static const int64_t channel_first = 5 * (int64_t)SECOND, delivery_first = 30 * (int64_t)SECOND;

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
	const struct config *config = keeper->config;
	struct outbox *outbox = keeper->outbox = calloc(1, sizeof *outbox);

	if (outbox == NULL || (outbox->couriers = calloc(config->notifier_count + 1, sizeof *outbox->couriers)) == NULL)
		return false;
	(void)!getrandom(&outbox->random, sizeof outbox->random, GRND_NONBLOCK);
	outbox->random |= 1;
	outbox->own_change = (uint64_t)clock_wall();
	outbox->count = config->notifier_count;
	for (uint32_t i = 0; i < outbox->count; i++) {
		struct courier *courier = &outbox->couriers[i];

		courier->rules = &config->notifiers[i];
		courier->name = courier->rules->name;
		courier->fd = -1;
		courier->stirred = true;
		find_recipients(courier->rules, courier);
	}
	return true;
}

void
outbox_close(struct keeper *keeper)
{
	struct outbox *outbox = keeper->outbox;

	for (uint32_t i = 0; outbox != NULL && i < outbox->count; i++) {
		if (outbox->couriers[i].fd >= 0)
			close(outbox->couriers[i].fd);
		packet_queue_clear(&outbox->couriers[i].out);
	}
	if (outbox != NULL)
		free(outbox->couriers);
	free(outbox);
	keeper->outbox = NULL;
}

struct courier *
courier_at(const struct keeper *keeper, uint32_t index)
{
	assert(index < keeper->outbox->count);
	return &keeper->outbox->couriers[index];
}

uint32_t
courier_index(const struct keeper *keeper, const struct courier *courier)
{
	assert(courier >= keeper->outbox->couriers && courier < keeper->outbox->couriers + keeper->outbox->count);
	return (uint32_t)(courier - keeper->outbox->couriers);
}

const struct config_notifier *
courier_rules(const struct courier *courier)
{
	return courier->rules;
}

struct courier *
courier_named(const struct keeper *keeper, struct pw_bytes name)
{
	for (uint32_t i = 0; i < keeper->outbox->count; i++) {
		struct courier *courier = &keeper->outbox->couriers[i];
		if (strlen(courier->name) == name.size && memcmp(courier->name, name.data, name.size) == 0)
			return courier;
	}
	return NULL;
}

struct courier *
courier_for(const struct keeper *keeper, const char *name, const char *recipient)
{
	struct courier *courier = courier_named(keeper, text_view(name));

	for (uint32_t i = 0; courier != NULL && i < courier->recipient_count; i++)
		if (strcmp(courier->recipients[i], recipient) == 0)
			return courier;
	return NULL;
}

uint32_t
courier_recipients(const struct courier *courier)
{
	return courier->recipient_count;
}

uint32_t
courier_recipient(const struct courier *courier, const char *recipient)
{
	uint32_t i = 0;

	while (i + 1 < courier->recipient_count && courier->recipients[i] != recipient)
		i++;
	return i;
}

bool
courier_is_dead(const struct courier *courier)
{
	return courier->dead;
}

void
courier_set_dead(struct courier *courier, bool dead)
{
	courier->dead = dead;
}

bool
courier_is_linked(const struct courier *courier)
{
	return courier->fd >= 0;
}

bool
courier_is_free(const struct courier *courier)
{
	return courier->fd >= 0 && courier->in_hand == 0;
}

bool
courier_is_stirred(const struct courier *courier)
{
	return courier_is_free(courier) && courier->stirred && clock_mono() >= courier->rest_until;
}

void
courier_stir(const struct keeper *keeper, struct courier *courier)
{
	courier->stirred = courier->stirred || store_has_queued(keeper->store, courier->name, false);
}

enum courier_claims
courier_look(const struct keeper *keeper, struct courier *courier)
{
	bool claimed = courier->stirred && outbox_has_claims(keeper, courier);

	/* What is claimed is durable, or no longer waited for, once the group that it is in has
	 * been committed. */
	courier->stirred = claimed && !journal_is_safe(keeper->journal, courier->claim_serial)
	    && !journal_is_stuck(keeper->journal, STORE_MAIN);
	return !claimed ? COURIER_IDLE : courier->stirred ? COURIER_WAITS : COURIER_CLAIMED;
}

int64_t
courier_rests_until(const struct courier *courier)
{
	return courier->rest_until;
}

void
courier_wake(struct courier *courier)
{
	courier->rest_until = 0;
}

uint64_t
courier_in_hand(const struct courier *courier)
{
	return courier->in_hand;
}

void
courier_poll(const struct courier *courier, struct pollfd *polled)
{
	*polled = (struct pollfd){ .fd = courier->fd, .events = packet_queue_is_empty(&courier->out) ? POLLIN : POLLIN | POLLOUT };
}

ssize_t
courier_read(struct courier *courier, void *packet, size_t room)
{
	return courier->fd < 0 ? -1 : packet_read(courier->fd, packet, room, NULL);
}

void
courier_flush(struct courier *courier)
{
	if (courier->fd >= 0)
		(void)packet_queue_flush(&courier->out, courier->fd);
}

void
courier_link(struct courier *courier, int fd)
{
	assert(courier->fd < 0 && courier->in_hand == 0);
	courier->fd = fd;
}

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
back_off(struct keeper *keeper, struct courier *courier, int64_t hint)
{
	int64_t wait;

	if (courier->hand_failed) /* once, however many recipients it has */
		return;
	courier->hand_failed = true;
	wait = patience_channel(++courier->failures, random_next(&keeper->outbox->random));
	if (hint > wait)
		wait = hint < wait_max ? hint : wait_max;
	courier->rest_until = clock_mono() + wait;
}

bool
courier_unlink(struct keeper *keeper, struct courier *courier, uint64_t *in_hand)
{
	bool doubted = false;

	*in_hand = courier->repeating ? 0 : courier->in_hand;
	if (courier->fd >= 0)
		close(courier->fd);
	courier->fd = -1;
	packet_queue_clear(&courier->out);
	/* One message carries all its recipients: it may have arrived, or not. */
	for (uint32_t i = 0; courier->in_hand != 0 && i < courier->hand_count; i++) {
		struct delivery delivery;

		if (courier->hand[i] == NULL || !outbox_find(keeper, courier, courier->in_hand, courier->hand[i], &delivery))
			continue;
		delivery.doubt++;
		delivery.attempts++;
		outbox_put(keeper, courier, &delivery, text_view(""));
		doubted = true;
	}
	courier->in_hand = 0;
	courier->hand_count = 0;
	courier->repeating = false;
	if (doubted)
		back_off(keeper, courier, 0);
	return doubted;
}

bool
courier_hand(struct courier *courier, uint64_t notice, const void *packet, size_t size)
{
	assert(courier->in_hand == 0);
	if (!packet_queue_is_empty(&courier->out) || !packet_send(courier->fd, packet, size, -1))
		return false;
	courier->in_hand = notice;
	courier->hand_count = 0;
	return true;
}

bool
courier_hand_out(struct keeper *keeper, struct courier *courier, struct delivery *delivery)
{
	/* for the disk, or for memory: it waits */
	if (!notice_message_send(keeper, courier, delivery, false)) {
		delivery->state = STORE_DELIVERY_again;
		delivery->due = clock_wall() + 10 * (int64_t)SECOND;
		outbox_put(keeper, courier, delivery, text_view(""));
		return false;
	}
	assert(courier->hand_count > 0 && courier->hand_count <= courier->recipient_count);
	courier->hand_failed = courier->hand_sent = false;
	courier->in_hand = delivery->notice;
	courier_flush(courier);
	return true;
}

bool
courier_hand_again(struct keeper *keeper, struct courier *courier, uint64_t notice)
{
	if (!packet_queue_is_empty(&courier->out) || !notice_message_send(keeper, courier, &(struct delivery){ .notice = notice }, true))
		return false;
	courier->repeating = true;
	courier->in_hand = notice;
	courier_flush(courier);
	return true;
}

enum courier_receipt
courier_answered(struct courier *courier, const struct message_receipt *receipt)
{
	if (courier->in_hand == 0 || receipt->notice != courier->in_hand)
		return COURIER_WRONG;
	if (courier->hand_count == 0 || courier->repeating) {
		enum courier_receipt what = courier->repeating ? COURIER_REPEATED : COURIER_BEAT;

		courier->in_hand = 0;
		courier->repeating = false;
		return what;
	}
	if (receipt->recipient >= courier->hand_count || courier->hand[receipt->recipient] == NULL)
		return COURIER_WRONG;
	return COURIER_DELIVERY;
}

static void
put_off(struct keeper *keeper, struct courier *courier, struct delivery *delivery, const struct message_receipt *receipt)
{
	int64_t age = outbox_age(delivery), wait;
	bool never = receipt->fate == PW_NEVER;

	if (never)
		wait = hour;
	else if (receipt->channel)
		wait = 0;
	else
		wait = receipt->not_before > 0 ? receipt->not_before
		    : patience_delivery(delivery->attempts, random_next(&keeper->outbox->random));
	if (!never && wait > wait_max)
		wait = wait_max;
	if (receipt->fate == PW_AGAIN && receipt->channel)
		back_off(keeper, courier, receipt->not_before);
	delivery->due = wait == 0 ? 0 : clock_wall() + wait;
	delivery->retried = 0;
	/* What lasts is worth any patience, unless it is refused for good. */
	if (age > (never ? day : 7 * day) && (never || !outbox_is_of_open(keeper, delivery)))
		outbox_end(delivery, STORE_DELIVERY_dead);
	else
		delivery->state = STORE_DELIVERY_again;
}

bool
courier_receive(struct keeper *keeper, struct courier *courier, const struct message_receipt *receipt, bool once,
    struct delivery *delivery)
{
	const char *recipient = courier->hand[receipt->recipient];

	assert(receipt->notice == courier->in_hand && receipt->recipient < courier->hand_count);
	courier->hand[receipt->recipient] = NULL;
	if (!outbox_find(keeper, courier, courier->in_hand, recipient, delivery))
		/* its file has been lost, and what is not known to have arrived is told anew */
		return false;
	delivery->attempts++;
	if (receipt->fate == PW_SENT) {
		courier->failures = 0;
		courier->hand_sent = true;
		outbox_end(delivery, STORE_DELIVERY_sent);
	} else
		put_off(keeper, courier, delivery, receipt);
	delivery->doubt += receipt->doubtful;
	if (once && delivery->state == STORE_DELIVERY_again)
		outbox_end(delivery, STORE_DELIVERY_dropped);
	outbox_put(keeper, courier, delivery, receipt->text);
	return true;
}

bool
courier_is_done(struct courier *courier, bool *sent)
{
	for (uint32_t i = 0; i < courier->hand_count; i++)
		if (courier->hand[i] != NULL)
			return false;
	*sent = courier->hand_sent;
	courier->in_hand = 0;
	return true;
}

bool
outbox_is_heartbeat(const struct keeper *keeper, uint32_t courier)
{
	return keeper->config->heartbeat_interval != 0 && courier == keeper->config->heartbeat;
}

bool
outbox_includes(const struct keeper *keeper, uint32_t target, uint32_t courier)
{
	const struct config_notifier *rules = courier_at(keeper, courier)->rules;
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
