/*
 * For the keeper: carries out `postwatch outbox retry` and `outbox drop`, by which people send a
 * delivery again at once, or have it not sent. Those that wait and those that were given up can be
 * retried; those that no notifier has in hand can be dropped. Where the notifier was told newer
 * things of the target, an older notice of up or down is not sent after them.
 */
#include "keeper/outbox_admin.h"

#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "base/text.h"
#include "keeper/service_private.h"
#include "keeper/ledgers.h"
#include "store/list.h"

enum { KEPT_SHOWN = 20 };

struct admin_request {
	struct keeper *keeper;
	struct ask *ask;
	const char *who;
	struct pw_bytes why;        /* a delivery is dropped */
	uint64_t notice;            /* 0: all */
	char notifier[256];         /* "": any */
	uint32_t done, kept;        /* deliveries; `kept`: those that could not be touched */
	bool is_broken;             /* the store could not be read whole */
};

/* A delivery is left as it was. Of many, the first are told. */
static void __attribute__((format(printf, 2, 3)))
keep(struct admin_request *request, const char *format, ...)
{
	struct text text = TEXT_ROOM(ANSWER_LINE_MAX);
	va_list arguments;

	va_start(arguments, format);
	text_format_v(&text, format, arguments);
	va_end(arguments);
	if (request->kept++ < KEPT_SHOWN)
		ask_say(request->ask, 'e', "%s", text.bytes);
}

static bool
is_meant(const struct admin_request *request, uint64_t notice, const char *notifier)
{
	return (request->notice == 0 || request->notice == notice)
	    && (request->notifier[0] == '\0' || strcmp(request->notifier, notifier) == 0);
}

static void
revive(struct admin_request *request, struct notifier *notifier, struct delivery *delivery)
{
	struct keeper *keeper = request->keeper;
	uint32_t target = delivery->target == 0 ? CONFIG_NONE
	    : registry_target(keeper->registry, delivery->target);
	uint32_t index = notifier_index(keeper, notifier);
	enum notice_kind kind = delivery->kind;
	struct ledger ledger = { .queued.notice = 0 };

	if (target != CONFIG_NONE)
		ledgers_read(keeper, target, index, &ledger);
	if (delivery->target != 0 && (target == CONFIG_NONE
	    || (ledger_speaks_of_state(kind) && ledger.queued.notice > delivery->notice))) {
		keep(request, "notice %" PRIu64 " is left: %s", delivery->notice,
		    target == CONFIG_NONE ? "its target is no longer watched"
		    : "newer things were told since; `outbox drop` forgets it");
		return;
	}
	outbox_retry(keeper, notifier, delivery, true);
	if (target != CONFIG_NONE)
		ledgers_queued(keeper, target, index, &ledger,
		    &(struct ledger_word){ kind, delivery->code, delivery->notice,
		    delivery->opened });
	request->done++;
}

static void
retry_dead(struct admin_request *request)
{
	struct store_delivery row;
	struct store_list list;

	store_list_open(&list, store_inside(request->keeper->store), STORE_LIST_DEAD, 0);
	while (store_list_next(&list, &row)) {
		struct notifier *notifier =
		    notifier_for(request->keeper, row.notifier, row.recipient);
		struct delivery delivery;

		if (!is_meant(request, row.notice, row.notifier))
			continue;
		if (notifier == NULL)
			keep(request, "notice %" PRIu64 " is left: its notifier or recipient is no"
			    " longer configured", row.notice);
		else if (outbox_find(request->keeper, notifier, row.notice, row.recipient,
		    &delivery))
			revive(request, notifier, &delivery);
		else
			request->is_broken = true;
	}
	request->is_broken |= store_list_close(&list) == STORE_READ_BROKEN;
}

/* All that waits, or what waits of the notice. */
static bool
next_open(const struct admin_request *request, const struct notifier *notifier,
    struct delivery *delivery)
{
	enum store_queue list = request->notice == 0 ? STORE_QUEUE_ALL : STORE_QUEUE_NOTICE;

	while (is_meant(request, request->notice, notifier_rules(notifier)->name)
	    && outbox_next(request->keeper, notifier, list, request->notice, delivery))
		if (!outbox_is_in_digest(delivery))
			return true;
	return false;
}

static void
retry(struct admin_request *request)
{
	for (uint32_t i = 0; i < request->keeper->config->notifier_count; i++) {
		struct notifier *notifier = notifier_at(request->keeper, i);
		struct delivery delivery = { .notice = 0 };

		while (next_open(request, notifier, &delivery))
			if (delivery.state != STORE_DELIVERY_claimed) {
				request->done++;
				outbox_retry(request->keeper, notifier, &delivery, false);
			}
	}
	retry_dead(request);
	if (request->done > 0)
		keeper_log(request->keeper, LOG_NOTICE,
		    "%" PRIu32 " deliver%s due at once: retried by %s", request->done, request->done
		    == 1 ? "y is" : "ies are", request->who);
}

static void
drop_open(struct admin_request *request, struct notifier *notifier)
{
	struct delivery delivery = { .notice = 0 };

	while (next_open(request, notifier, &delivery)) {
		if (outbox_is_in_hand(notifier, &delivery)) {
			keep(request, "%s has it in hand just now", notifier_rules(notifier)->name);
			continue;
		}
		outbox_end(&delivery, STORE_DELIVERY_dropped);
		outbox_put(request->keeper, notifier, &delivery, request->why);
		if (delivery.kind == NOTICE_digest)
			ledgers_digest_end(request->keeper, notifier, delivery.notice);
		ledgers_go_back(request->keeper, notifier, delivery.target);
		request->done++;
	}
}

/* The ledger moved back when it was given up. */
static void
drop_dead(struct admin_request *request)
{
	struct store_delivery row;
	struct store_list list;

	store_list_open(&list, store_inside(request->keeper->store), STORE_LIST_DELIVERIES,
	    request->notice);
	while (store_list_next(&list, &row)) {
		if (row.state != STORE_DELIVERY_dead
		    || !is_meant(request, row.notice, row.notifier))
			continue;
		outbox_drop_dead(request->keeper, &row, request->why);
		request->done++;
	}
	request->is_broken = store_list_close(&list) == STORE_READ_BROKEN;
}

static void
drop(struct admin_request *request)
{
	struct text why = TEXT_ROOM(ASK_WHO_MAX + 16);

	text_format(&why, "dropped by %s", request->who);
	request->why = (struct pw_bytes){ why.bytes, why.size };
	for (uint32_t i = 0; i < request->keeper->config->notifier_count; i++)
		drop_open(request, notifier_at(request->keeper, i));
	drop_dead(request);
	if (request->done > 0)
		keeper_log(request->keeper, LOG_NOTICE,
		    "notice %" PRIu64 ": %" PRIu32 " deliver%s dropped by %s", request->notice,
		    request->done, request->done == 1 ? "y is" : "ies are", request->who);
}

static void
act(struct admin_request *request, bool retries)
{
	if (retries)
		retry(request);
	else
		drop(request);
	if (request->kept > KEPT_SHOWN)
		ask_say(request->ask, 'e', "and %" PRIu32 " more are left",
		    request->kept - KEPT_SHOWN);
	if (request->is_broken)
		ask_say(request->ask, 'e',
		    "the store could not be read whole: more may be waiting");
	if (request->done == 0) {
		ask_refuse(request->ask, ASK_REFUSED, "%s", request->kept > 0 || request->is_broken
		    ? "so nothing was done"
		    : "nothing of that kind waits or was given up: `postwatch outbox` lists it");
		return;
	}
	request->ask->serial = commit_queue_serial(request->keeper->commits);
	ask_say(request->ask, 'o', "%" PRIu32 " deliver%s", request->done, retries ? request->done
	    == 1 ? "y is due at once" : "ies are due at once" : request->done == 1 ? "y is dropped"
	    : "ies are dropped");
	ask_end(request->ask, 0);
}

void
outbox_admin(struct keeper *keeper, struct ask *ask, const struct message_ask *message)
{
	bool named = message->word_count == 3
	    && message->words[2].size < sizeof ((struct admin_request *)NULL)->notifier;
	bool retries = message->word_count >= 2 && text_same(message->words[0], text_view("retry"));
	bool all = retries && text_same(message->words[1], text_view("all"));
	uint64_t notice = message->word_count < 2 ? 0 : ask_number(message->words[1]);
	struct admin_request request;

	if ((!retries && (message->word_count < 2 || !text_same(message->words[0], text_view("drop"))))
	    || (notice == 0 && !all) || message->word_count > 3
	    || (message->word_count == 3 && !named)) {
		ask_refuse(ask, ASK_USAGE,
		    "`outbox` takes: retry NOTICE|all [NOTIFIER], or drop NOTICE [NOTIFIER]");
		return;
	}
	request = (struct admin_request){ .keeper = keeper, .ask = ask, .who = message->who,
	    .notice = notice };
	if (named) {
		struct text text = TEXT_OVER(request.notifier);
		text_add_bytes(&text, message->words[2].data, message->words[2].size);
	}
	act(&request, retries);
}
