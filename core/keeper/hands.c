/*
 * Deliveries in people's hands. Retried are those that wait and those that were given up; dropped
 * is what nobody has in hand. Of a target that the notifier was told newer things of, a word about
 * up and down is not sent after them.
 */
#include "keeper/hands.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/text.h"
#include "keeper/service_private.h"
#include "keeper/told.h"

enum { PAGE = 500, KEPT_SHOWN = 20 };

struct hand {
	struct keeper *keeper;
	struct ask *ask;
	const char *who;
	struct pw_bytes why;        /* a delivery is dropped */
	uint64_t notice;            /* 0: all */
	char notifier[256];         /* "": any */
	uint32_t done, kept;        /* deliveries; `kept`: those that could not be touched */
	uint64_t last;              /* key of the last row */
	char last_notifier[256], last_recipient[1024];
};

/* A delivery is left as it was. Of many, the first are told. */
static void __attribute__((format(printf, 2, 3)))
keep(struct hand *hand, const char *format, ...)
{
	char line[ANSWER_LINE_MAX];
	struct text text = TEXT_OVER(line);
	va_list arguments;

	va_start(arguments, format);
	text_format_v(&text, format, arguments);
	va_end(arguments);
	if (hand->kept++ < KEPT_SHOWN)
		ask_say(hand->ask, 'e', "%s", line);
}

static bool
is_meant(const struct hand *hand, uint64_t notice, const char *notifier)
{
	return (hand->notice == 0 || hand->notice == notice)
	    && (hand->notifier[0] == '\0' || strcmp(hand->notifier, notifier) == 0);
}

static void
revive(struct hand *hand, struct courier *courier, struct delivery *delivery)
{
	struct keeper *keeper = hand->keeper;
	uint32_t target = delivery->target == 0 ? CONFIG_NONE : roll_target(keeper->roll, delivery->target);
	uint32_t index = courier_index(keeper, courier);
	enum notice_kind kind = delivery->kind;
	struct ledger ledger = { .queued.notice = 0 };

	if (target != CONFIG_NONE)
		told_ledger(keeper, target, index, &ledger);
	if (delivery->target != 0 && (target == CONFIG_NONE
	    || (ledger_speaks_of_state(kind) && ledger.queued.notice > delivery->notice))) {
		keep(hand, "notice %" PRIu64 " is left: %s", delivery->notice,
		    target == CONFIG_NONE ? "its target is no longer watched" : "newer things were told since; `outbox drop` forgets it");
		return;
	}
	outbox_retry(keeper, courier, delivery, true);
	if (target != CONFIG_NONE)
		told_queued(keeper, target, index, &ledger, &(struct ledger_word){ kind, delivery->code, delivery->notice, delivery->opened });
	hand->done++;
}

static bool
on_dead(void *arg, const struct store_delivery *row)
{
	struct hand *hand = arg;
	struct courier *courier = courier_for(hand->keeper, row->notifier, row->recipient);
	struct delivery delivery;

	hand->last = row->notice;
	text_copy(hand->last_notifier, sizeof hand->last_notifier, row->notifier);
	text_copy(hand->last_recipient, sizeof hand->last_recipient, row->recipient);
	if (!is_meant(hand, row->notice, row->notifier))
		return true;
	if (courier != NULL && outbox_find(hand->keeper, courier, row->notice, row->recipient, &delivery))
		revive(hand, courier, &delivery);
	else
		keep(hand, "notice %" PRIu64 " is left: its notifier or recipient is no longer configured", row->notice);
	return true;
}

static void
retry_dead(struct hand *hand)
{
	enum store_reading answer = STORE_READ_MORE;

	while (answer == STORE_READ_MORE) {
		struct store_delivery_key key = { hand->last, hand->last_notifier, hand->last_recipient };

		answer = store_read_deliveries_in(store_inside(hand->keeper->store), STORE_DELIVERY_dead, &key, PAGE, on_dead, hand);
	}
}

/* All that waits, or what waits of the notice. */
static bool
next_open(const struct hand *hand, const struct courier *courier, struct delivery *delivery)
{
	enum store_queue list = hand->notice == 0 ? STORE_QUEUE_ALL : STORE_QUEUE_NOTICE;

	while (is_meant(hand, hand->notice, courier_rules(courier)->name) && outbox_next(hand->keeper, courier, list, hand->notice, delivery))
		if (!outbox_is_in_digest(delivery))
			return true;
	return false;
}

static void
retry_open(struct hand *hand, struct courier *courier)
{
	struct delivery delivery = { .notice = 0 };

	while (next_open(hand, courier, &delivery))
		if (delivery.state != STORE_DELIVERY_claimed) {
			hand->done++;
			outbox_retry(hand->keeper, courier, &delivery, false);
		}
}

static void
retry(struct hand *hand)
{
	for (uint32_t i = 0; i < hand->keeper->config->notifier_count; i++)
		retry_open(hand, courier_at(hand->keeper, i));
	retry_dead(hand);
	if (hand->done > 0)
		keeper_log(hand->keeper, LOG_NOTICE, "%" PRIu32 " deliver%s due at once: retried by %s", hand->done,
		    hand->done == 1 ? "y is" : "ies are", hand->who);
}

static void
drop_open(struct hand *hand, struct courier *courier)
{
	struct delivery delivery = { .notice = 0 };

	while (next_open(hand, courier, &delivery)) {
		if (outbox_is_in_hand(courier, &delivery)) {
			keep(hand, "%s has it in hand just now", courier_rules(courier)->name);
			continue;
		}
		outbox_end(&delivery, STORE_DELIVERY_dropped);
		outbox_put(hand->keeper, courier, &delivery, hand->why);
		if (delivery.kind == NOTICE_digest)
			told_digest_end(hand->keeper, courier, delivery.notice);
		told_go_back(hand->keeper, courier, delivery.target);
		hand->done++;
	}
}

/* The ledger moved back when it was given up. */
static bool
on_delivery(void *arg, const struct store_delivery *row)
{
	struct hand *hand = arg;

	if (row->state != STORE_DELIVERY_dead || !is_meant(hand, row->notice, row->notifier))
		return true;
	outbox_drop_dead(hand->keeper, row, hand->why);
	hand->done++;
	return true;
}

static void
drop(struct hand *hand)
{
	char bytes[ASK_WHO_MAX + 16];
	struct text why = TEXT_OVER(bytes);

	text_format(&why, "dropped by %s", hand->who);
	hand->why = (struct pw_bytes){ why.bytes, why.size };
	for (uint32_t i = 0; i < hand->keeper->config->notifier_count; i++)
		drop_open(hand, courier_at(hand->keeper, i));
	store_read_notice_deliveries(store_inside(hand->keeper->store), hand->notice, on_delivery, hand);
	if (hand->done > 0)
		keeper_log(hand->keeper, LOG_NOTICE, "notice %" PRIu64 ": %" PRIu32 " deliver%s dropped by %s", hand->notice,
		    hand->done, hand->done == 1 ? "y is" : "ies are", hand->who);
}

static bool
is(struct pw_bytes word, const char *wanted)
{
	return word.size == strlen(wanted) && memcmp(word.data, wanted, word.size) == 0;
}

static void
act(struct hand *hand, bool retries)
{
	if (retries)
		retry(hand);
	else
		drop(hand);
	if (hand->kept > KEPT_SHOWN)
		ask_say(hand->ask, 'e', "and %" PRIu32 " more are left", hand->kept - KEPT_SHOWN);
	if (hand->done == 0) {
		ask_refuse(hand->ask, ASK_REFUSED, "%s", hand->kept > 0 ? "so nothing was done"
		    : "nothing of that kind waits or was given up: `postwatch outbox` lists it");
		return;
	}
	hand->ask->serial = journal_serial(hand->keeper->journal);
	ask_say(hand->ask, 'o', "%" PRIu32 " deliver%s", hand->done, retries ? hand->done == 1 ? "y is due at once"
	    : "ies are due at once" : hand->done == 1 ? "y is dropped" : "ies are dropped");
	ask_end(hand->ask, 0);
}

void
hands_outbox(struct keeper *keeper, struct ask *ask, const struct message_ask *message)
{
	bool named = message->word_count == 3 && message->words[2].size < sizeof ((struct hand *)NULL)->notifier;
	bool retries = message->word_count >= 2 && is(message->words[0], "retry");
	bool all = retries && is(message->words[1], "all");
	uint64_t notice = message->word_count < 2 ? 0 : ask_number(message->words[1]);
	struct hand *hand;

	if ((!retries && (message->word_count < 2 || !is(message->words[0], "drop"))) || (notice == 0 && !all)
	    || message->word_count > 3 || (message->word_count == 3 && !named)) {
		ask_refuse(ask, ASK_USAGE, "`outbox` takes: retry NOTICE|all [NOTIFIER], or drop NOTICE [NOTIFIER]");
		return;
	}
	if ((hand = calloc(1, sizeof *hand)) == NULL) {
		ask_refuse(ask, ASK_BUSY, "no memory");
		return;
	}
	hand->keeper = keeper;
	hand->ask = ask;
	hand->who = message->who;
	hand->notice = notice;
	if (named) {
		struct text text = TEXT_OVER(hand->notifier);
		text_add_bytes(&text, message->words[2].data, message->words[2].size);
	}
	act(hand, retries);
	free(hand);
}
