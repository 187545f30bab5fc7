/*
 * A receiver that forgets what it was told when it is restarted is told again every 5 min what stands there, of targets and of
 * ourselves: under the same key and names, without rows in the store, and beside the budget for storms. It is done in rounds, a
 * notice at a time, only while nothing else is to be handed out; where the way fails the round ends.
 */
#include "keeper/repeat.h"

#include <string.h>

#include "base/clock.h"
#include "keeper/keeper.h"
#include "keeper/told.h"
#include "keeper/withhold.h"

enum { TARGETS_A_TURN = 1000, PAGE = 100, OUR_PAGES = 100 };
static const int64_t round_every = 300 * (int64_t)SECOND;

/* The condition of that place, from 1, among those that the receiver was told of and that stand; 0: none, or it is not
 * known by which notice it began. *end: there are no more. */
static uint64_t
find_condition(const struct keeper *keeper, uint32_t target, const struct ledger *ledger, uint32_t place,
    bool *end)
{
	const char *list = ledger->sent.codes;
	struct ledger_code code = { .opened = 0 };

	*end = false;
	for (uint32_t i = 0; i < place; i++)
		if (!ledger_next_code(&list, &code)) {
			*end = true;
			return 0;
		}
	return ledger_has_code(ledger, code.name) && roll_stands(keeper->roll, target, code.name) ? code.opened : 0;
}

/* What of a target that is down its receiver has: 0: nothing, or an end of it is on its way. */
static uint64_t
find_outage(const struct keeper *keeper, uint32_t target, const struct ledger *ledger)
{
	bool told = ledger->sent.meaning == MEANING_DOWN && ledger->queued.meaning == MEANING_DOWN;

	if (!told || !roll_is_down(keeper->roll, target))
		return 0;
	return ledger->sent.opened != 0 ? ledger->sent.opened : ledger->sent.notice;
}

/* The newest words on each trouble of ours, newest first. */
struct ours {
	const struct keeper *keeper;
	const struct courier *courier;
	uint64_t last; /* the number of the notice that was read last */
	uint32_t left; /* that many are passed over */
	uint64_t found;
	struct ledger_met met;
};

/* Its notifier was told of it. */
static bool
is_told(const struct ours *ours, uint64_t notice)
{
	struct delivery queued = { .notice = 0 };

	return !outbox_next_of_notice(ours->keeper, ours->courier, notice, &queued) && outbox_had(ours->keeper, ours->courier, notice);
}

static bool
on_ours(void *arg, const struct store_notice *row)
{
	struct ours *ours = arg;
	enum notice_alert alert = notice_alert(notice_named(row->kind), row->code, true);

	ours->last = row->number;
	if (alert == NOTICE_ALERT_NONE || !ledger_meet(&ours->met, row->code) || alert == NOTICE_ALERT_CLOSED || !is_told(ours, row->number))
		return true;
	if (ours->left-- > 0)
		return true;
	ours->found = row->number;
	return false;
}

/* The trouble of ours of that place, from 0, among what the receiver was told of and that stands; 0: there are no more. */
static uint64_t
find_ours(const struct keeper *keeper, const struct courier *courier, uint32_t place)
{
	struct ours ours = { .keeper = keeper, .courier = courier, .left = place };

	for (int pages = 0; pages < OUR_PAGES; pages++)
		if (store_read_notices(store_inside(keeper->store), 0, ours.last, PAGE, on_ours, &ours) != STORE_READ_MORE)
			break;
	return ours.found;
}

/* The next notice of the round, from where it stopped; 0: nothing is left of it, or as much was looked at as is for a turn. */
static uint64_t
find_next(struct keeper *keeper, struct courier *courier)
{
	for (uint32_t looked = 0; courier->repeat_target < keeper->config->target_count && looked < TARGETS_A_TURN;) {
		uint32_t target = courier->repeat_target, place = courier->repeat_code++;
		struct ledger ledger;
		bool end = withhold_is_silent(keeper, target);
		told_ledger(keeper, target, courier_index(keeper, courier), &ledger);
		uint64_t found = end ? 0 : place == 0 ? find_outage(keeper, target, &ledger)
		    : find_condition(keeper, target, &ledger, place, &end);

		if (end) {
			courier->repeat_target++;
			courier->repeat_code = 0;
			looked++;
		}
		if (found != 0)
			return found;
	}
	return courier->repeat_target < keeper->config->target_count ? 0 : find_ours(keeper, courier, courier->repeat_code++);
}

static void
end_round(struct courier *courier)
{
	courier->repeat_target = courier->repeat_code = 0;
	courier->repeat_next = clock_mono() + round_every;
}

void
repeat_turn(struct keeper *keeper, struct courier *courier)
{
	uint64_t notice;

	if (!(courier->rules->receiver & PW_FORGETS) || keeper->stop_by != 0)
		return;
	if (courier->repeat_next == 0)
		end_round(courier);
	if (clock_mono() < courier->repeat_next || clock_mono() < courier->rest_until || courier->hushed || !packet_queue_is_empty(&courier->out))
		return;
	if ((notice = find_next(keeper, courier)) == 0) {
		if (courier->repeat_target == keeper->config->target_count)
			end_round(courier);
		return;
	}
	if (!parcel_repeat(keeper, courier, notice))
		return;
	courier->repeating = true;
	courier->in_hand = notice;
	courier->handed_at = clock_mono();
	courier_flush(courier);
}

/* Whether its way works is judged by what is told for the first time. */
void
repeat_answered(struct courier *courier, const struct message_receipt *receipt)
{
	courier->repeating = false;
	if (receipt->fate != PW_SENT)
		end_round(courier);
}
