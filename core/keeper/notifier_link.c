/*
 * The keeper's link to a notifier's worker process: one notice at a time goes out, its receipts
 * come in. Also how long a notifier is left alone after failures.
 */
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
find_recipients(struct notifier *notifier)
{
	static const char *const nobody[] = { "" };
	const struct pw_setting *rows = notifier->rules->plugin->descriptor->settings;

	notifier->recipients = nobody;
	notifier->recipient_count = 1;
	for (uint32_t i = 0; rows != NULL && rows[i].key != NULL; i++) {
		const struct pw_strings *list = rows[i].flags & PW_RECIPIENTS
		    ? notifier->rules->values->items[i].list : NULL;
		if (list == NULL || list->count == 0)
			continue;
		notifier->recipients = list->items;
		notifier->recipient_count = list->count;
	}
}

bool
outbox_open(struct keeper *keeper)
{
	const struct config *config = keeper->config;
	struct outbox *outbox = keeper->outbox = calloc(1, sizeof *outbox);

	if (outbox == NULL || (outbox->notifiers =
	    calloc(config->notifier_count + 1, sizeof *outbox->notifiers)) == NULL)
		return false;
	(void)!getrandom(&outbox->random, sizeof outbox->random, GRND_NONBLOCK);
	outbox->random |= 1;
	outbox->own_change = (uint64_t)clock_wall();
	outbox->count = config->notifier_count;
	for (uint32_t i = 0; i < outbox->count; i++) {
		struct notifier *notifier = &outbox->notifiers[i];

		notifier->rules = &config->notifiers[i];
		notifier->name = notifier->rules->name;
		notifier->fd = -1;
		notifier->stirred = true;
		find_recipients(notifier);
	}
	return true;
}

void
outbox_close(struct keeper *keeper)
{
	struct outbox *outbox = keeper->outbox;

	for (uint32_t i = 0; outbox != NULL && i < outbox->count; i++) {
		if (outbox->notifiers[i].fd >= 0)
			close(outbox->notifiers[i].fd);
		packet_queue_clear(&outbox->notifiers[i].out);
	}
	if (outbox != NULL)
		free(outbox->notifiers);
	free(outbox);
	keeper->outbox = NULL;
}

struct notifier *
notifier_at(const struct keeper *keeper, uint32_t index)
{
	assert(index < keeper->outbox->count);
	return &keeper->outbox->notifiers[index];
}

uint32_t
notifier_index(const struct keeper *keeper, const struct notifier *notifier)
{
	assert(notifier >= keeper->outbox->notifiers && notifier < keeper->outbox->notifiers
	    + keeper->outbox->count);
	return (uint32_t)(notifier - keeper->outbox->notifiers);
}

const struct config_notifier *
notifier_rules(const struct notifier *notifier)
{
	return notifier->rules;
}

struct notifier *
notifier_named(const struct keeper *keeper, struct pw_bytes name)
{
	for (uint32_t i = 0; i < keeper->outbox->count; i++) {
		struct notifier *notifier = &keeper->outbox->notifiers[i];
		if (text_same(text_view(notifier->name), name))
			return notifier;
	}
	return NULL;
}

struct notifier *
notifier_for(const struct keeper *keeper, const char *name, const char *recipient)
{
	struct notifier *notifier = notifier_named(keeper, text_view(name));

	for (uint32_t i = 0; notifier != NULL && i < notifier->recipient_count; i++)
		if (strcmp(notifier->recipients[i], recipient) == 0)
			return notifier;
	return NULL;
}

uint32_t
notifier_recipients(const struct notifier *notifier)
{
	return notifier->recipient_count;
}

uint32_t
notifier_recipient(const struct notifier *notifier, const char *recipient)
{
	uint32_t i = 0;

	while (i + 1 < notifier->recipient_count && notifier->recipients[i] != recipient)
		i++;
	return i;
}

bool
notifier_is_dead(const struct notifier *notifier)
{
	return notifier->dead;
}

void
notifier_set_dead(struct notifier *notifier, bool dead)
{
	notifier->dead = dead;
}

bool
notifier_is_linked(const struct notifier *notifier)
{
	return notifier->fd >= 0;
}

bool
notifier_is_free(const struct notifier *notifier)
{
	return notifier->fd >= 0 && notifier->in_hand == 0;
}

bool
notifier_is_stirred(const struct notifier *notifier)
{
	return notifier_is_free(notifier) && notifier->stirred
	    && clock_mono() >= notifier->rest_until;
}

void
notifier_stir(const struct keeper *keeper, struct notifier *notifier)
{
	notifier->stirred = notifier->stirred
	    || store_has_queued(keeper->store, notifier->name, false);
}

enum notifier_claims
notifier_look(const struct keeper *keeper, struct notifier *notifier)
{
	bool claimed = notifier->stirred && outbox_has_claims(keeper, notifier);

	/* What is claimed is durable, or no longer waited for, once the group that it is in has
	 * been committed. */
	notifier->stirred = claimed
	    && !commit_queue_is_safe(keeper->commits, notifier->claim_serial)
	    && !commit_queue_is_stuck(keeper->commits, STORE_MAIN);
	return !claimed ? NOTIFIER_IDLE : notifier->stirred ? NOTIFIER_WAITS : NOTIFIER_CLAIMED;
}

int64_t
notifier_rests_until(const struct notifier *notifier)
{
	return notifier->rest_until;
}

uint64_t
notifier_in_hand(const struct notifier *notifier)
{
	return notifier->in_hand;
}

void
notifier_poll(const struct notifier *notifier, struct pollfd *polled)
{
	*polled = (struct pollfd){ .fd = notifier->fd,
	    .events = packet_queue_is_empty(&notifier->out) ? POLLIN : POLLIN | POLLOUT };
}

ssize_t
notifier_read(struct notifier *notifier, void *packet, size_t room)
{
	return notifier->fd < 0 ? -1 : packet_read(notifier->fd, packet, room, NULL);
}

void
notifier_flush(struct notifier *notifier)
{
	if (notifier->fd >= 0)
		(void)packet_queue_flush(&notifier->out, notifier->fd);
}

/* Whoever links has unlinked the worker before: what that one had in hand has gone back to the
 * queue by then. */
void
notifier_link(struct notifier *notifier, int fd)
{
	assert(notifier->fd < 0 && notifier->in_hand == 0);
	notifier->fd = fd;
}

/* The whole wait is drawn at random and not a part of it (full jitter): notifiers that failed
 * together, for one relay was away, do not come back together. */
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
back_off(struct keeper *keeper, struct notifier *notifier, int64_t hint)
{
	int64_t wait;

	if (notifier->hand_failed) /* once, however many recipients it has */
		return;
	notifier->hand_failed = true;
	wait = patience_channel(++notifier->failures, random_next(&keeper->outbox->random));
	if (hint > wait)
		wait = hint < wait_max ? hint : wait_max;
	notifier->rest_until = clock_mono() + wait;
}

bool
notifier_unlink(struct keeper *keeper, struct notifier *notifier, uint64_t *in_hand)
{
	bool doubted = false;

	*in_hand = notifier->repeating ? 0 : notifier->in_hand;
	if (notifier->fd >= 0)
		close(notifier->fd);
	notifier->fd = -1;
	packet_queue_clear(&notifier->out);
	/* One message carries all its recipients: it may have arrived, or not. */
	for (uint32_t i = 0; notifier->in_hand != 0 && i < notifier->hand_count; i++) {
		struct delivery delivery;

		if (notifier->hand[i] == NULL
		    || !outbox_find(keeper, notifier, notifier->in_hand, notifier->hand[i],
		    &delivery))
			continue;
		delivery.doubt++;
		delivery.attempts++;
		outbox_put(keeper, notifier, &delivery, text_view(""));
		doubted = true;
	}
	assert(notifier->hand_count <= notifier->recipient_count);
	notifier->in_hand = 0;
	notifier->hand_count = 0;
	notifier->repeating = false;
	if (doubted)
		back_off(keeper, notifier, 0);
	return doubted;
}

/* Past the queue: what is sent so (a heartbeat, a repetition) is worth nothing later: it goes
 * now, or is made anew another time. */
bool
notifier_hand(struct notifier *notifier, uint64_t notice, const void *packet, size_t size)
{
	assert(notifier->in_hand == 0);
	if (!packet_queue_is_empty(&notifier->out) || !packet_send(notifier->fd, packet, size, -1))
		return false;
	notifier->in_hand = notice;
	notifier->hand_count = 0;
	return true;
}

bool
notifier_hand_out(struct keeper *keeper, struct notifier *notifier, struct delivery *delivery)
{
	/* for the disk, or for memory: it waits */
	if (!notice_message_send(keeper, notifier, delivery, false)) {
		delivery->state = STORE_DELIVERY_again;
		delivery->due = clock_wall() + 10 * (int64_t)SECOND;
		outbox_put(keeper, notifier, delivery, text_view(""));
		return false;
	}
	assert(notifier->hand_count > 0 && notifier->hand_count <= notifier->recipient_count);
	notifier->hand_failed = notifier->hand_sent = false;
	notifier->in_hand = delivery->notice;
	notifier_flush(notifier);
	return true;
}

bool
notifier_hand_again(struct keeper *keeper, struct notifier *notifier, uint64_t notice)
{
	if (!packet_queue_is_empty(&notifier->out)
	    || !notice_message_send(keeper, notifier, &(struct delivery){ .notice = notice }, true))
		return false;
	notifier->repeating = true;
	notifier->in_hand = notice;
	notifier_flush(notifier);
	return true;
}

enum notifier_receipt
notifier_answered(struct notifier *notifier, const struct message_receipt *receipt)
{
	if (notifier->in_hand == 0 || receipt->notice != notifier->in_hand)
		return NOTIFIER_WRONG;
	if (notifier->hand_count == 0 || notifier->repeating) {
		enum notifier_receipt what = notifier->repeating ? NOTIFIER_REPEATED
		    : NOTIFIER_BEAT;

		notifier->in_hand = 0;
		notifier->repeating = false;
		return what;
	}
	if (receipt->recipient >= notifier->hand_count || notifier->hand[receipt->recipient]
	    == NULL)
		return NOTIFIER_WRONG;
	return NOTIFIER_DELIVERY;
}

static void
put_off(struct keeper *keeper, struct notifier *notifier, struct delivery *delivery,
    const struct message_receipt *receipt)
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
		back_off(keeper, notifier, receipt->not_before);
	delivery->due = wait == 0 ? 0 : clock_wall() + wait;
	delivery->retried = 0;
	/* What lasts is worth any patience, unless it is refused for good. */
	if (age > (never ? day : 7 * day) && (never || !outbox_is_of_open(keeper, delivery)))
		outbox_end(delivery, STORE_DELIVERY_dead);
	else
		delivery->state = STORE_DELIVERY_again;
}

bool
notifier_receive(struct keeper *keeper, struct notifier *notifier,
    const struct message_receipt *receipt, bool once, struct delivery *delivery)
{
	const char *recipient = notifier->hand[receipt->recipient];

	assert(receipt->notice == notifier->in_hand && receipt->recipient < notifier->hand_count);
	notifier->hand[receipt->recipient] = NULL;
	if (!outbox_find(keeper, notifier, notifier->in_hand, recipient, delivery))
		/* its file has been lost, and what is not known to have arrived is told anew */
		return false;
	delivery->attempts++;
	if (receipt->fate == PW_SENT) {
		notifier->failures = 0;
		notifier->hand_sent = true;
		outbox_end(delivery, STORE_DELIVERY_sent);
	} else
		put_off(keeper, notifier, delivery, receipt);
	delivery->doubt += receipt->doubtful;
	if (once && delivery->state == STORE_DELIVERY_again)
		outbox_end(delivery, STORE_DELIVERY_dropped);
	outbox_put(keeper, notifier, delivery, receipt->text);
	return true;
}

bool
notifier_is_done(struct notifier *notifier, bool *sent)
{
	for (uint32_t i = 0; i < notifier->hand_count; i++)
		if (notifier->hand[i] != NULL)
			return false;
	*sent = notifier->hand_sent;
	notifier->in_hand = 0;
	return true;
}

bool
outbox_is_heartbeat(const struct keeper *keeper, uint32_t notifier)
{
	return keeper->config->heartbeat_interval != 0 && notifier == keeper->config->heartbeat;
}

bool
outbox_includes(const struct keeper *keeper, uint32_t target, uint32_t notifier)
{
	const struct config_notifier *rules = notifier_at(keeper, notifier)->rules;
	const struct policy *policy = keeper->config->targets[target].policy;
	bool included = rules->tag_count == 0;

	for (uint32_t i = 0; !included && i < rules->tag_count; i++)
		included = target_has_tag(&keeper->config->targets[target], rules->tags[i]);
	if (!included || outbox_is_heartbeat(keeper, notifier))
		return false;
	included = policy->notify_count == CONFIG_NONE;
	for (uint32_t i = 0; !included && i < policy->notify_count; i++)
		included = policy->notify[i] == notifier;
	return included;
}
