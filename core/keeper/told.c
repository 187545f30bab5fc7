#include "keeper/told.h"

#include <string.h>

#include "keeper/keeper.h"
#include "keeper/queued.h"

struct ledger *
told_ledger(const struct keeper *keeper, uint32_t target, uint32_t courier)
{
	return &keeper->outbox.ledgers[(size_t)target * keeper->outbox.count + courier];
}

static void
put(struct keeper *keeper, uint32_t target, uint32_t courier)
{
	const struct ledger *ledger = told_ledger(keeper, target, courier);
	char meaning[MEANING_TEXT_MAX], sent[MEANING_TEXT_MAX];

	meaning_write(meaning, ledger->meaning, ledger->opened);
	meaning_write(sent, ledger->sent_meaning, ledger->sent_opened);
	store_put_ledger(journal_main(keeper), &(struct store_ledger){ .target = roll_number(&keeper->roll, target),
	    .notifier = keeper->outbox.couriers[courier].name, .notice = ledger->notice, .meaning = meaning, .sent = ledger->sent,
	    .sent_meaning = sent, .codes = ledger->codes == NULL ? "" : ledger->codes,
	    .sent_codes = ledger->sent_codes == NULL ? "" : ledger->sent_codes });
}

static void
need(struct keeper *keeper, bool had_memory)
{
	if (!had_memory)
		keeper_out_of_memory(keeper, "a ledger");
}

/* Whether something of the target is queued that is about the same. */
static bool
is_queued(const struct keeper *keeper, const struct courier *courier, uint64_t target, enum notice_kind kind, const char *code)
{
	const struct delivery *queued = NULL;

	while ((queued = queued_next(keeper, courier, target, queued)) != NULL)
		if (ledger_speaks_of_state(kind) ? ledger_speaks_of_state(queued->kind)
		    : ledger_speaks_of_condition(queued->kind) && strcmp(queued->code, code) == 0)
			return true;
	return false;
}

static void
settle(struct keeper *keeper, const struct courier *courier, uint32_t target, enum notice_kind kind, const char *code)
{
	if (!is_queued(keeper, courier, roll_number(&keeper->roll, target), kind, code))
		need(keeper, ledger_settle(told_ledger(keeper, target, courier_index(keeper, courier)), kind, code));
}

void
told_note(struct keeper *keeper, uint32_t target, uint32_t index, const struct ledger_word *word)
{
	need(keeper, ledger_note(told_ledger(keeper, target, index), word));
	settle(keeper, &keeper->outbox.couriers[index], target, word->kind, word->code);
	put(keeper, target, index);
}

static void
note_sent(struct keeper *keeper, const struct courier *courier, const struct delivery *delivery)
{
	uint32_t index = courier_index(keeper, courier), target = roll_target(&keeper->roll, delivery->target);

	if (delivery->target == 0 || target == CONFIG_NONE)
		return;
	need(keeper, ledger_sent(told_ledger(keeper, target, index), &(struct ledger_word){ delivery->kind, delivery->code,
	    delivery->notice, delivery->opened }));
	settle(keeper, courier, target, delivery->kind, delivery->code);
	put(keeper, target, index);
}

void
told_sent(struct keeper *keeper, const struct courier *courier, const struct delivery *delivery)
{
	struct digest *digest = outbox_digest(courier, delivery->notice);

	note_sent(keeper, courier, delivery);
	for (const struct delivery *member = digest == NULL ? NULL : digest->members; member != NULL; member = member->next)
		note_sent(keeper, courier, member);
	if (digest != NULL)
		digest->told = true;
}

void
told_digest_ended(struct keeper *keeper, const struct courier *courier, const struct digest *digest)
{
	for (const struct delivery *member = digest->members; member != NULL; member = member->next) {
		uint32_t target = roll_target(&keeper->roll, member->target);

		if (!digest->told)
			told_go_back(keeper, courier, member->target);
		else if (target != CONFIG_NONE) {
			settle(keeper, courier, target, member->kind, member->code);
			put(keeper, target, courier_index(keeper, courier));
		}
	}
}

void
told_go_back(struct keeper *keeper, const struct courier *courier, uint64_t number)
{
	uint32_t index = courier_index(keeper, courier), target = roll_target(&keeper->roll, number);
	const struct delivery *queued = NULL;
	struct ledger *ledger;

	if (number == 0 || target == CONFIG_NONE)
		return;
	ledger = told_ledger(keeper, target, index);
	need(keeper, ledger_go_back(ledger));
	while ((queued = queued_next(keeper, courier, number, queued)) != NULL)
		need(keeper, ledger_note(ledger, &(struct ledger_word){ queued->kind, queued->code, queued->notice, queued->opened }));
	put(keeper, target, index);
}

bool
told_sent_down(const struct keeper *keeper, uint32_t target, const struct courier *courier)
{
	enum meaning meaning = told_ledger(keeper, target, courier_index(keeper, courier))->sent_meaning;

	return meaning == MEANING_DOWN || meaning == MEANING_FLAPPING;
}
