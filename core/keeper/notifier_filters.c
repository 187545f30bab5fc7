/*
 * For the keeper: applies a notifier's settings (kinds, tags, `after`, quiet hours, `notify` of the
 * target) to a change. A filter that says no is remembered in the ledger (what the notifier was
 * told), so that nobody is told the end of what they were not told the beginning of.
 */
#include "keeper/notifier_filters.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "keeper/policy_private.h"
#include "keeper/ledgers.h"

bool
filter_include(const struct keeper *keeper, uint32_t target, uint32_t index,
    const struct audience *audience)
{
	const struct notifier *notifier = notifier_at(keeper, index);

	if (target != CONFIG_NONE)
		return outbox_includes(keeper, target, index);
	if (outbox_is_heartbeat(keeper, index) || audience == NULL)
		return !outbox_is_heartbeat(keeper, index);
	return notifier != audience->spared
	    && !(audience->spares_dead && notifier_is_dead(notifier))
	    && (audience->told_before == 0 || outbox_had(keeper, notifier, audience->told_before));
}

bool
filter_want(const struct keeper *keeper, uint32_t notifier, enum notice_kind kind, const char *code)
{
	const struct config_notifier *rules = notifier_rules(notifier_at(keeper, notifier));

	if (kind == NOTICE_test && strcmp(code, "weekly") == 0)
		return rules->self_test;
	if (kind == NOTICE_cleared && notice_is_together(kind, code))
		return (rules->kinds >> NOTICE_cleared | rules->kinds >> NOTICE_up) & 1;
	return rules->kinds >> kind & 1;
}

void
filter_miss(struct keeper *keeper, uint32_t index, uint32_t target)
{
	unsigned char *missed = keeper->policy->listeners[index].missed;

	assert(index < keeper->config->notifier_count && target < keeper->config->target_count);
	if (missed != NULL)
		missed[target / 8] |= (unsigned char)(1 << target % 8);
}

static bool
begins(enum notice_kind kind, const char *code)
{
	return kind == NOTICE_down || kind == NOTICE_flapping || kind == NOTICE_degraded
	    || kind == NOTICE_blocked || (kind == NOTICE_digest && notice_is_together(kind, code));
}

int64_t
filter_due(const struct notifier *notifier, enum notice_kind kind, const char *code,
    int64_t confirmed)
{
	int64_t wait = confirmed + notifier_rules(notifier)->after - clock_wall();

	if (notifier_rules(notifier)->after == 0 || !begins(kind, code) || wait <= 0)
		return 0;
	return clock_wall() + (wait < notifier_rules(notifier)->after ? wait
	    : notifier_rules(notifier)->after);
}

/* Whether a notice of that kind goes with what has ended. */
static bool
belongs(const struct delivery *delivery, enum notice_kind end, const char *code)
{
	if (end == NOTICE_cleared)
		return (delivery->kind == NOTICE_degraded || delivery->kind == NOTICE_blocked
		    || delivery->kind == NOTICE_digest) && strcmp(delivery->code, code) == 0;
	return (end == NOTICE_up || end == NOTICE_settled || end == NOTICE_stopped)
	    && (delivery->kind == NOTICE_down || delivery->kind == NOTICE_flapping || delivery->kind
	    == NOTICE_changed
	        || delivery->kind == NOTICE_reminder);
}

/* Whether a notice of that kind ends the same as the one given. */
static bool
ends_same(const struct delivery *delivery, enum notice_kind end, const char *code)
{
	if (end == NOTICE_cleared)
		return delivery->kind == NOTICE_cleared && strcmp(delivery->code, code) == 0;
	return delivery->kind == NOTICE_up || delivery->kind == NOTICE_settled || delivery->kind
	    == NOTICE_stopped || delivery->kind == NOTICE_outage;
}

bool
filter_recall(struct keeper *keeper, uint32_t target, uint32_t index, enum notice_kind end,
    const char *code)
{
	struct notifier *notifier = notifier_at(keeper, index);
	uint64_t number = registry_number(keeper->registry, target), last_end = 0;
	struct delivery queued = { .notice = 0 };
	bool unripe = false, left = false;

	if (notifier_rules(notifier)->after == 0)
		return false;
	while (outbox_next(keeper, notifier, STORE_QUEUE_TARGET, number, &queued)) {
		if (ends_same(&queued, end, code))
			last_end = queued.notice; /* what is older goes with it */
		unripe |= begins(queued.kind, queued.code) && belongs(&queued, end, code)
		    && outbox_is_unripe(&queued);
	}
	if (!unripe || (target != CONFIG_NONE && end != NOTICE_cleared
	    && ledgers_sent_down(keeper, target, notifier)))
		return false;
	queued = (struct delivery){ .notice = 0 };
	while (outbox_next(keeper, notifier, STORE_QUEUE_TARGET, number, &queued)) {
		if (queued.notice <= last_end || !belongs(&queued, end, code))
			continue;
		if (!outbox_is_in_digest(&queued) && outbox_is_unsent(notifier, &queued))
			outbox_drop(keeper, notifier, &queued,
			    "it was over before it was to be told");
		else
			/* of what may have arrived, or is to be told in a digest, the end is told
			 * as well */
			left = true;
	}
	return !left;
}
