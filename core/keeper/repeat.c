/*
 * For the keeper: sends again, every 5 min, what is open to a receiver that forgets it at a restart
 * (Prometheus' Alertmanager).
 *
 * What is repeated is what stands, of targets and of ourselves: under the same key and names,
 * without rows in the store, and beside the budget for storms. It is done in rounds, a notice at a
 * time, only while nothing else is to be handed out; where a delivery fails the round ends.
 */
#include "keeper/repeat.h"

#include <assert.h>

#include "base/clock.h"
#include "keeper/policy_private.h"
#include "keeper/ledgers.h"
#include "keeper/withhold.h"
#include "store/list.h"

enum { TARGETS_A_TURN = 1000, OURS_LOOKED_AT = 10000 };
static const int64_t round_every = 300 * (int64_t)SECOND;

/* The condition of that place, from 1, among those that the receiver was told of and that stand; 0:
 * none, or it is not known by which notice it began. *end: there are no more. */
static uint64_t
find_condition(const struct keeper *keeper, uint32_t target, const struct ledger *ledger,
    uint32_t place, bool *end)
{
	const char *list = ledger->sent.codes;
	struct ledger_code code = { .opened = 0 };

	*end = false;
	for (uint32_t i = 0; i < place; i++)
		if (!ledger_next_code(&list, &code)) {
			*end = true;
			return 0;
		}
	return ledger_has_code(ledger, code.name)
	    && registry_stands(keeper->registry, target, code.name) ? code.opened : 0;
}

/* The newest words on each trouble of ours, newest first. */
/* The newest notice of our own troubles that stand and that the receiver has, behind so many of them;
 * 0: there is none. */
static uint64_t
find_ours(const struct keeper *keeper, const struct notifier *notifier, uint32_t place)
{
	struct ledger_met met = { .count = 0 };
	struct store_notice row;
	struct store_list list;
	uint64_t found = 0;

	store_list_open(&list, store_inside(keeper->store), STORE_LIST_RECORDED_OF, 0);
	store_list_limit(&list, OURS_LOOKED_AT);
	while (found == 0 && store_list_next(&list, &row)) {
		enum notice_alert alert = notice_alert(notice_named(row.kind), row.code, true);
		struct delivery queued = { .notice = 0 };

		if (alert != NOTICE_ALERT_NONE && ledger_meet(&met, row.code)
		    && alert != NOTICE_ALERT_CLOSED
		    && !outbox_next(keeper, notifier, STORE_QUEUE_NOTICE, row.number, &queued)
		    && outbox_had(keeper, notifier, row.number) && place-- == 0)
			found = row.number;
	}
	(void)store_list_close(&list);
	return found;
}

/* What of a target the receiver has that stands: at the place 0 that it is down, unless an end of
 * that is on its way, and its conditions behind that. */
static uint64_t
find_of_target(const struct keeper *keeper, uint32_t target, const struct notifier *notifier,
    uint32_t place, bool *end)
{
	struct ledger ledger;

	*end = withhold_is_silent(keeper, target);
	if (*end)
		return 0;
	ledgers_read(keeper, target, notifier_index(keeper, notifier), &ledger);
	if (place > 0)
		return find_condition(keeper, target, &ledger, place, end);
	if (ledger.sent.meaning != MEANING_DOWN || ledger.queued.meaning != MEANING_DOWN
	    || !registry_is_down(keeper->registry, target))
		return 0;
	return ledger.sent.opened != 0 ? ledger.sent.opened : ledger.sent.notice;
}

/* The next notice of the round, from where it stopped; 0: nothing is left of it, or as much was
 * looked at as is for a turn. */
static uint64_t
find_next(struct keeper *keeper, struct notifier *notifier, struct listener *listener)
{
	for (uint32_t looked = 0; listener->repeat_target < keeper->config->target_count
	    && looked < TARGETS_A_TURN;) {
		bool end;
		uint64_t found = find_of_target(keeper, listener->repeat_target, notifier,
		    listener->repeat_code++, &end);

		if (end) {
			listener->repeat_target++;
			listener->repeat_code = 0;
			looked++;
		}
		if (found != 0)
			return found;
	}
	if (listener->repeat_target < keeper->config->target_count)
		return 0;
	assert(listener->repeat_target == keeper->config->target_count);
	return find_ours(keeper, notifier, listener->repeat_code++);
}

static void
end_round(struct listener *listener)
{
	listener->repeat_target = listener->repeat_code = 0;
	listener->repeat_next = clock_mono() + round_every;
}

void
repeat_turn(struct keeper *keeper, struct notifier *notifier)
{
	struct listener *listener = policy_listener(keeper, notifier);
	uint64_t notice;

	if (!(notifier_rules(notifier)->receiver & PW_FORGETS) || keeper->end.by != 0
	    || keeper->config->shadow)
		return;
	if (listener->repeat_next == 0)
		end_round(listener);
	if (clock_mono() < listener->repeat_next || clock_mono() < notifier_rests_until(notifier)
	    || listener->in_quiet_hours)
		return;
	if ((notice = find_next(keeper, notifier, listener)) != 0)
		(void)notifier_hand_again(keeper, notifier, notice);
	else if (listener->repeat_target == keeper->config->target_count)
		end_round(listener);
}

/* Whether its way works is judged by what is told for the first time. */
void
repeat_answered(struct keeper *keeper, struct notifier *notifier,
    const struct message_receipt *receipt)
{
	if (receipt->fate != PW_SENT)
		end_round(policy_listener(keeper, notifier));
}
