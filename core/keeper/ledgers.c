/*
 * For the keeper: reads and writes the ledgers (what each notifier was told of each target,
 * ledger.h) as rows of the store, and updates them when a delivery is queued, is sent, or ends
 * unsent. Example: `down` was sent by mail, and the mail with the `up` after it was given up. Then
 * the ledger says `down` again, so an `up` is still owed to that notifier.
 */
#include "keeper/ledgers.h"

#include <string.h>

#include "keeper/keeper.h"

void
ledgers_read(const struct keeper *keeper, uint32_t target, uint32_t notifier, struct ledger *ledger)
{
	struct store_ledger row;

	if (!store_find_ledger(keeper->store, registry_number(keeper->registry, target),
	    notifier_rules(notifier_at(keeper, notifier))->name, &row))
		row = (struct store_ledger){ .meaning = "", .sent_meaning = "", .codes = "",
		    .sent_codes = "" };
	ledger->queued.notice = row.notice;
	ledger->queued.meaning = meaning_read(row.meaning, &ledger->queued.opened);
	text_copy(ledger->queued.codes, sizeof ledger->queued.codes, row.codes);
	ledger->sent.notice = row.sent;
	ledger->sent.meaning = meaning_read(row.sent_meaning, &ledger->sent.opened);
	text_copy(ledger->sent.codes, sizeof ledger->sent.codes, row.sent_codes);
}

bool
ledgers_is_down(const struct keeper *keeper, uint32_t target, uint32_t notifier)
{
	struct ledger ledger;

	ledgers_read(keeper, target, notifier, &ledger);
	return ledger_is_down(&ledger);
}

/* Written whole, since a row is small and one statement serves all changes of it. */
static void
put(struct keeper *keeper, uint32_t target, uint32_t notifier, const struct ledger *ledger)
{
	char meaning[MEANING_TEXT_MAX], sent[MEANING_TEXT_MAX];

	meaning_write(meaning, ledger->queued.meaning, ledger->queued.opened);
	meaning_write(sent, ledger->sent.meaning, ledger->sent.opened);
	store_put_ledger(commit_queue_main(keeper),
	    &(struct store_ledger){ .target = registry_number(keeper->registry, target),
	    .notifier = notifier_rules(notifier_at(keeper, notifier))->name,
	    .notice = ledger->queued.notice, .meaning = meaning, .sent = ledger->sent.notice,
	    .sent_meaning = sent, .codes = ledger->queued.codes,
	    .sent_codes = ledger->sent.codes });
}

/* What is queued about the same will be told later than this: only when nothing is left does
 * what was told hold. */
static void
settle(const struct keeper *keeper, const struct notifier *notifier, uint32_t target,
    struct ledger *ledger, enum notice_kind kind, const char *code)
{
	uint64_t number = registry_number(keeper->registry, target);
	struct delivery queued = { .notice = 0 };

	while (outbox_next(keeper, notifier, STORE_QUEUE_TARGET, number, &queued))
		if (ledger_speaks_of_state(kind) ? ledger_speaks_of_state(queued.kind)
		    : ledger_speaks_of_condition(queued.kind) && strcmp(queued.code, code) == 0)
			return;
	ledger_settle(ledger, kind, code);
}

void
ledgers_queued(struct keeper *keeper, uint32_t target, uint32_t index, struct ledger *ledger,
    const struct ledger_word *word)
{
	ledger_note(ledger, word);
	put(keeper, target, index, ledger);
}

void
ledgers_note(struct keeper *keeper, uint32_t target, uint32_t index, struct ledger *ledger,
    const struct ledger_word *word)
{
	ledger_note(ledger, word);
	settle(keeper, notifier_at(keeper, index), target, ledger, word->kind, word->code);
	put(keeper, target, index, ledger);
}

/* `sent`: it was, and its digest has not ended. */
static void
note_end(struct keeper *keeper, const struct notifier *notifier, const struct delivery *delivery,
    bool sent)
{
	uint32_t index = notifier_index(keeper, notifier),
	    target = registry_target(keeper->registry, delivery->target);
	struct ledger ledger;

	if (delivery->target == 0 || target == CONFIG_NONE)
		return;
	ledgers_read(keeper, target, index, &ledger);
	if (sent)
		ledger_sent(&ledger, &(struct ledger_word){ delivery->kind, delivery->code,
		    delivery->notice, delivery->opened });
	settle(keeper, notifier, target, &ledger, delivery->kind, delivery->code);
	put(keeper, target, index, &ledger);
}

void
ledgers_sent(struct keeper *keeper, const struct notifier *notifier,
    const struct delivery *delivery)
{
	note_end(keeper, notifier, delivery, true);
}

void
ledgers_go_back(struct keeper *keeper, const struct notifier *notifier, uint64_t number)
{
	uint32_t index = notifier_index(keeper, notifier),
	    target = registry_target(keeper->registry, number);
	struct delivery queued = { .notice = 0 };
	struct ledger ledger;

	if (number == 0 || target == CONFIG_NONE)
		return;
	ledgers_read(keeper, target, index, &ledger);
	ledger_go_back(&ledger);
	while (outbox_next(keeper, notifier, STORE_QUEUE_TARGET, number, &queued))
		ledger_note(&ledger, &(struct ledger_word){ queued.kind, queued.code, queued.notice,
		    queued.opened });
	put(keeper, target, index, &ledger);
}

bool
ledgers_sent_down(const struct keeper *keeper, uint32_t target, const struct notifier *notifier)
{
	struct ledger ledger;

	ledgers_read(keeper, target, notifier_index(keeper, notifier), &ledger);
	return ledger.sent.meaning == MEANING_DOWN || ledger.sent.meaning == MEANING_FLAPPING;
}

void
ledgers_digest_sent(struct keeper *keeper, struct notifier *notifier, uint64_t notice)
{
	struct delivery member = { .notice = 0 };

	while (outbox_next(keeper, notifier, STORE_QUEUE_DIGEST, notice, &member))
		ledgers_sent(keeper, notifier, &member);
}

void
ledgers_digest_end(struct keeper *keeper, struct notifier *notifier, uint64_t notice)
{
	struct delivery delivery = { .notice = 0 };
	bool told;

	if (outbox_next(keeper, notifier, STORE_QUEUE_NOTICE, notice, &delivery))
		return;
	told = keeper->config->shadow || store_was_sent(keeper->store, notice);
	while (outbox_next(keeper, notifier, STORE_QUEUE_DIGEST, notice, &delivery)) {
		outbox_end(&delivery, STORE_DELIVERY_merged);
		delivery.withheld = keeper->config->shadow;
		outbox_put(keeper, notifier, &delivery, text_view(""));
		if (told)
			note_end(keeper, notifier, &delivery, false);
		else
			ledgers_go_back(keeper, notifier, delivery.target);
	}
}

bool
ledgers_begin_anew(struct keeper *keeper, uint32_t target, uint32_t notifier)
{
	struct ledger ledger;
	bool is_told;

	ledgers_read(keeper, target, notifier, &ledger);
	is_told = ledger_is_down(&ledger) || ledger.queued.codes[0] != '\0';
	if (is_told) {
		/* The number stays: outages up to that one are not told any more. */
		ledger.queued.meaning = MEANING_UP;
		ledger.queued.codes[0] = '\0';
		ledger.sent = ledger.queued;
		put(keeper, target, notifier, &ledger);
	}
	return is_told;
}

void
ledgers_forget(struct keeper *keeper, const struct store_ledger *row)
{
	store_put_ledger(commit_queue_main(keeper),
	    &(struct store_ledger){ .target = row->target, .notifier = row->notifier });
}
