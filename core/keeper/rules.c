#include "keeper/rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "keeper/keeper.h"
#include "keeper/told.h"

bool
rules_open(struct keeper *keeper, struct courier *courier)
{
	const struct config_notifier *rules = courier->rules;
	const char *name = rules->timezone != NULL ? rules->timezone : keeper->config->timezone;
	struct reason why;

	courier->storm = rules->storm;
	courier->handed = calloc(rules->storm + 1, sizeof *courier->handed);
	courier->hush_looked = INT64_MAX;
	if (rules->quiet.count > 0) {
		courier->zone = name == NULL ? zone_open_own() : zone_open(name, &why);
		courier->missed = calloc(keeper->config->target_count / 8 + 1, 1);
	}
	return courier->handed != NULL && (rules->quiet.count == 0 || courier->missed != NULL);
}

static bool
hears_of_ours(const struct keeper *keeper, uint32_t courier)
{
	const struct outbox_of *outbox = &keeper->outbox;

	return courier != outbox->spared && !(outbox->spares_dead && courier_is_dead(&outbox->couriers[courier]))
	    && (outbox->told_before == 0 || outbox_had(keeper, &outbox->couriers[courier], outbox->told_before));
}

bool
rules_include(const struct keeper *keeper, uint32_t target, uint32_t courier)
{
	if (target != CONFIG_NONE)
		return outbox_includes(keeper, target, courier);
	return !outbox_is_heartbeat(keeper, courier) && hears_of_ours(keeper, courier);
}

bool
rules_want(const struct keeper *keeper, uint32_t courier, enum notice_kind kind, const char *code)
{
	const struct config_notifier *rules = keeper->outbox.couriers[courier].rules;

	if (kind == NOTICE_test && strcmp(code, "weekly") == 0)
		return rules->self_test;
	if (kind == NOTICE_cleared && notice_is_together(kind, code))
		return (rules->kinds >> NOTICE_cleared | rules->kinds >> NOTICE_up) & 1;
	return rules->kinds >> kind & 1;
}

void
rules_miss(struct courier *courier, uint32_t target)
{
	if (courier->missed != NULL)
		courier->missed[target / 8] |= (unsigned char)(1 << target % 8);
}

static bool
begins(enum notice_kind kind, const char *code)
{
	return kind == NOTICE_down || kind == NOTICE_flapping || kind == NOTICE_degraded || kind == NOTICE_blocked
	    || (kind == NOTICE_digest && notice_is_together(kind, code));
}

int64_t
rules_due(const struct courier *courier, enum notice_kind kind, const char *code, int64_t confirmed)
{
	int64_t wait = confirmed + courier->rules->after - clock_wall();

	if (courier->rules->after == 0 || !begins(kind, code) || wait <= 0)
		return 0;
	return clock_wall() + (wait < courier->rules->after ? wait : courier->rules->after);
}

/* Whether a notice of that kind goes with what has ended. */
static bool
belongs(const struct delivery *delivery, enum notice_kind end, const char *code)
{
	if (end == NOTICE_cleared)
		return (delivery->kind == NOTICE_degraded || delivery->kind == NOTICE_blocked || delivery->kind == NOTICE_digest)
		    && strcmp(delivery->code, code) == 0;
	return (end == NOTICE_up || end == NOTICE_settled || end == NOTICE_stopped)
	    && (delivery->kind == NOTICE_down || delivery->kind == NOTICE_flapping || delivery->kind == NOTICE_changed
	        || delivery->kind == NOTICE_reminder);
}

/* Whether a notice of that kind ends the same as the one given. */
static bool
ends_same(const struct delivery *delivery, enum notice_kind end, const char *code)
{
	if (end == NOTICE_cleared)
		return delivery->kind == NOTICE_cleared && strcmp(delivery->code, code) == 0;
	return delivery->kind == NOTICE_up || delivery->kind == NOTICE_settled || delivery->kind == NOTICE_stopped
	    || delivery->kind == NOTICE_outage;
}

/* The newest notice among those queued that ends the same: what is older goes with it. 0: there is none. */
static uint64_t
last_end(const struct keeper *keeper, const struct courier *courier, uint64_t target, enum notice_kind end, const char *code)
{
	struct delivery queued = { .notice = 0 };
	uint64_t last = 0;

	while (outbox_next_of_target(keeper, courier, target, &queued))
		if (ends_same(&queued, end, code))
			last = queued.notice;
	return last;
}

/* Whether something behind that notice is queued that goes with what has ended. */
static bool
is_queued_behind(const struct keeper *keeper, const struct courier *courier, uint64_t target, uint64_t behind,
    enum notice_kind end, const char *code)
{
	struct delivery queued = { .notice = behind };

	while (outbox_next_of_target(keeper, courier, target, &queued))
		if (queued.notice > behind && belongs(&queued, end, code))
			return true;
	return false;
}

static bool
is_unripe_of(const struct keeper *keeper, const struct courier *courier, uint64_t target, enum notice_kind end, const char *code)
{
	struct delivery queued = { .notice = 0 };

	while (outbox_next_of_target(keeper, courier, target, &queued))
		if (begins(queued.kind, queued.code) && belongs(&queued, end, code) && outbox_is_unripe(&queued))
			return true;
	return false;
}

bool
rules_recall(struct keeper *keeper, uint32_t target, uint32_t index, enum notice_kind end, const char *code)
{
	struct courier *courier = &keeper->outbox.couriers[index];
	uint64_t number = roll_number(keeper->roll, target), behind;
	struct delivery delivery = { .notice = 0 };

	if (courier->rules->after == 0 || !is_unripe_of(keeper, courier, number, end, code)
	    || (target != CONFIG_NONE && end != NOTICE_cleared && told_sent_down(keeper, target, courier)))
		return false;
	behind = last_end(keeper, courier, number, end, code);
	while (outbox_next_of_target(keeper, courier, number, &delivery))
		if (!outbox_is_in_digest(&delivery) && delivery.notice > behind && belongs(&delivery, end, code)
		    && outbox_is_unsent(courier, &delivery))
			outbox_drop(keeper, courier, &delivery, "it was over before it was to be told");
	/* Of what may have arrived, or is to be told in a digest, the end is told as well. */
	return !is_queued_behind(keeper, courier, number, behind, end, code);
}
