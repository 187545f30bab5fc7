/*
 * For the keeper: queues the notices that are due because time has passed: reminders of an open
 * incident, another notifier in place of one that could not deliver for two minutes, the weekly
 * test. Times are those of the incident, so that a keeper that is started anew goes on where the
 * one before was.
 */
#include "keeper/remind.h"

#include <assert.h>
#include <syslog.h>

#include "base/clock.h"
#include "keeper/record_private.h"
#include "keeper/policy.h"
#include "keeper/notifier_filters.h"
#include "keeper/ledgers.h"
#include "keeper/withhold.h"

/* Numbers of changes that are ours, above all that a monitor counts. */
#define OWN_CHANGES (UINT64_C(1) << 62)

enum { TUESDAY = 2, TEN = 600 };
static const char meta_key[] = "tested";
static const int64_t failover_after = 120 * (int64_t)SECOND, minute = 60 * (int64_t)SECOND;

int64_t
remind_last(const int64_t *waits, uint32_t count, int64_t since, int64_t now)
{
	int64_t at = since, each = waits[count - 1];

	for (uint32_t i = 0; i < count; i++) {
		if (at + waits[i] > now)
			return at == since ? 0 : at;
		at += waits[i];
	}
	assert(at >= since && at <= now);
	return at + (now - at) / each * each;
}

/* *opened: by which the notifier knows the outage. */
static bool
is_due(struct keeper *keeper, uint32_t target, uint32_t index,
    const struct store_incident *incident, int64_t now, uint64_t *opened)
{
	const struct notifier *notifier = notifier_at(keeper, index);
	struct ledger ledger;
	int64_t last;

	if (notifier_rules(notifier)->remind_count == 0 || policy_is_quiet(keeper, notifier)
	    || !filter_want(keeper, index, NOTICE_reminder, "")
	    || !filter_include(keeper, target, index, NULL))
		return false;
	last = remind_last(notifier_rules(notifier)->remind, notifier_rules(notifier)->remind_count,
	    incident->confirmed + notifier_rules(notifier)->after, now);
	if (last <= incident->reminded || last == 0)
		return false;
	ledgers_read(keeper, target, index, &ledger);
	*opened = ledger.queued.opened;
	return ledger.queued.meaning == MEANING_DOWN;
}

static uint64_t
record_reminder(struct keeper *keeper, uint32_t target, const struct store_incident *incident,
    int64_t now)
{
	struct store_incident reminded = *incident;
	uint64_t number = store_number(keeper->store, STORE_NOTICES);
	struct text text = TEXT_ROOM(NOTICE_TEXT_MAX);

	text_format(&text, "%s is still down, for %s: ", keeper->config->targets[target].name,
	    SPAN(now - incident->began));
	text_add_bytes(&text, incident->text.data, incident->text.size);
	outbox_put_notice(keeper, (struct store_notice){ .number = number,
	    .target = incident->target, .change = OWN_CHANGES + number, .kind = "reminder",
	    .incident = incident->number, .code = incident->outcome, .detected = incident->began,
	    .confirmed = now, .text = { text.bytes, text.size } }, NULL);
	reminded.reminded = now;
	record_change_incident(keeper, &reminded);
	return number;
}

static void
remind_of(struct keeper *keeper, uint32_t target, const struct store_incident *incident,
    int64_t now)
{
	uint64_t notice = 0, opened;

	if (target == CONFIG_NONE || incident->acknowledged != 0
	    || withhold_is_silent(keeper, target))
		return;
	for (uint32_t i = 0; i < keeper->config->notifier_count; i++) {
		if (!is_due(keeper, target, i, incident, now, &opened))
			continue;
		if (notice == 0)
			notice = record_reminder(keeper, target, incident, now);
		outbox_add(keeper, i, &(struct outbox_entry){ .kind = NOTICE_reminder,
		    .code = incident->outcome, .notice = notice, .target = incident->target,
		    .incident = incident->number, .opened = opened });
	}
}

static void
remind(struct keeper *keeper)
{
	struct store_incident incident = { .number = 0 };
	int64_t now = clock_wall();
	bool wanted = false;

	for (uint32_t i = 0; i < keeper->config->notifier_count; i++)
		wanted |= notifier_rules(notifier_at(keeper, i))->remind_count > 0;
	while (wanted && store_next_open_incident(keeper->store, &incident))
		remind_of(keeper, registry_target(keeper->registry, incident.target), &incident,
		    now);
}

static void
stand_in(struct keeper *keeper, struct notifier *notifier, struct delivery *delivery)
{
	uint32_t fallback = notifier_rules(notifier)->fallback,
	    target = registry_target(keeper->registry, delivery->target);
	uint64_t notice = delivery->notice;
	struct ledger ledger;

	if (target != CONFIG_NONE)
		ledgers_read(keeper, target, fallback, &ledger);
	if (!outbox_had(keeper, notifier_at(keeper, fallback), notice)
	    && (target == CONFIG_NONE || !ledger_is_down(&ledger))) {
		keeper_log(keeper, LOG_WARNING, "keeper: %s has not sent a notice (%s) in time: %s"
		    " is told as well", notifier_rules(notifier)->name, notice_name(delivery->kind),
		    notifier_rules(notifier_at(keeper, fallback))->name);
		outbox_add(keeper, fallback,
		    &(struct outbox_entry){ .kind = delivery->kind, .code = delivery->code,
		    .notice = notice, .target = delivery->target, .incident = delivery->incident,
		    .stands_in = true });
		if (target != CONFIG_NONE)
			ledgers_queued(keeper, target, fallback, &ledger,
			    &(struct ledger_word){ delivery->kind, delivery->code, notice, 0 });
	}
	delivery->failover = STORE_FAILOVER_DONE;
	outbox_put(keeper, notifier, delivery, text_view(""));
}

static void
fail_over(struct keeper *keeper, struct notifier *notifier)
{
	struct delivery delivery = { .notice = 0 };

	if (notifier_rules(notifier)->fallback == CONFIG_NONE || policy_is_quiet(keeper, notifier))
		return;
	while (outbox_next_late(keeper, notifier, failover_after + notifier_rules(notifier)->after,
	    false, &delivery))
		if (withhold_delivery(keeper, notifier, &delivery) == NULL)
			stand_in(keeper, notifier, &delivery);
}

/* On Tuesdays at 10: when people are there to see that none came. What was slept through is made up
 * for. */
static void
test_ways(struct keeper *keeper)
{
	static const struct calendar_range weekly = { .days = 1 << TUESDAY, .from = TEN,
	    .to = TEN + 1 };
	const struct calendar calendar = { 1, &weekly };
	int64_t now = clock_wall(), slot;

	if (now < keeper->record->next_test && now > keeper->record->tested)
		return;
	slot = calendar_since(&calendar, keeper->record->zone, now);
	if (!calendar_holds(&calendar, keeper->record->zone, now))
		slot -= minute; /* it was the end */
	keeper->record->next_test = calendar_next(&calendar, keeper->record->zone, now);
	if (slot <= keeper->record->tested)
		return;
	keeper_put_time(keeper, meta_key, keeper->record->tested = now);
	record_ours(keeper, "test", "weekly", now,
	    "the weekly test: nothing has happened, and this way works");
}

void
remind_turn(struct keeper *keeper)
{
	remind(keeper);
	for (uint32_t i = 0; i < keeper->config->notifier_count; i++)
		fail_over(keeper, notifier_at(keeper, i));
	test_ways(keeper);
}

void
remind_recover(struct keeper *keeper)
{
	keeper->record->tested = keeper_read_time(keeper, meta_key);
	if (keeper->record->tested == 0)
		keeper_put_time(keeper, meta_key, keeper->record->tested = clock_wall());
}
