/* Quiet hours are looked up once for each that begins or ends. */
#include "keeper/policy.h"

#include "base/clock.h"
#include "keeper/keeper.h"
#include "keeper/rules.h"
#include "keeper/telling.h"
#include "keeper/told.h"
#include "keeper/withhold.h"

enum { PAGE = 1000 };
static const int64_t a_minute = 60 * (int64_t)SECOND;

void
policy_commit(struct keeper *keeper)
{
	withhold_keep(keeper);
	journal_commit(keeper, STORE_MAIN);
}

void
policy_compare(struct keeper *keeper)
{
	bool hushed = false;

	for (uint32_t i = 0; i < keeper->outbox.count; i++)
		hushed |= keeper->outbox.couriers[i].hushed;

	for (uint32_t i = 0; keeper->withheld.count > 0 && i < keeper->config->target_count; i++) {
		bool compared;

		if (!withhold_is_over(keeper, i, &compared))
			continue;
		if (!compared)
			telling_compare(keeper, i, CONFIG_NONE);
		/* Who is in his quiet hours is told at their end, also by a keeper that is born in them. */
		withhold_compared(keeper, i, !hushed);
	}
}

static void
compare_missed(struct keeper *keeper, struct courier *courier)
{
	uint32_t index = courier_index(keeper, courier);

	for (uint32_t target = 0; target < keeper->config->target_count; target++) {
		if (!(courier->missed[target / 8] >> target % 8 & 1))
			continue;
		courier->missed[target / 8] &= (unsigned char)~(1 << target % 8);
		if (withhold_is_silent(keeper, target))
			withhold_later(keeper, target, false);
		else
			telling_compare(keeper, target, index);
	}
}

static void
look_at_hours(struct keeper *keeper, struct courier *courier, int64_t now)
{
	const struct calendar *quiet = &courier->rules->quiet;
	bool was = courier->hushed;

	if (quiet->count == 0 || (now >= courier->hush_looked && now < courier->hush_next))
		return;
	courier->hush_looked = now;
	courier->hushed = calendar_holds(quiet, courier->zone, now);
	courier->hush_next = calendar_next(quiet, courier->zone, now);
	if (was && !courier->hushed)
		compare_missed(keeper, courier);
}

void
policy_turn(struct keeper *keeper)
{
	int64_t now = clock_wall();

	for (uint32_t i = 0; i < keeper->outbox.count; i++)
		look_at_hours(keeper, &keeper->outbox.couriers[i], now);
	policy_compare(keeper);
}

struct look {
	struct keeper *keeper;
	struct courier *courier;
	int64_t since;
	uint64_t last;
	bool over;
};

static bool
on_notice(void *arg, const struct store_notice *row)
{
	struct look *look = arg;
	uint32_t target = roll_target(look->keeper->roll, row->target);

	look->last = row->number;
	look->over = row->confirmed < look->since;
	if (!look->over && row->target != 0 && target != CONFIG_NONE)
		rules_miss(look->courier, target);
	return !look->over;
}

/* What came in the quiet hours that are, or were the last. */
static void
recover_missed(struct keeper *keeper, struct courier *courier)
{
	const struct calendar *quiet = &courier->rules->quiet;
	int64_t now = clock_wall(), since;
	struct look look = { .keeper = keeper, .courier = courier };

	if (quiet->count == 0)
		return;
	courier->hushed = calendar_holds(quiet, courier->zone, now);
	since = calendar_since(quiet, courier->zone, now);
	look.since = courier->hushed ? since : calendar_since(quiet, courier->zone, since - a_minute);
	while (!look.over
	    && store_read_notices(store_inside(keeper->store), UINT64_MAX, look.last, PAGE, on_notice, &look) == STORE_READ_MORE)
		continue;
	if (!courier->hushed)
		compare_missed(keeper, courier);
}

void
policy_recover(struct keeper *keeper)
{
	withhold_recover(keeper);
	for (uint32_t i = 0; i < keeper->outbox.count; i++)
		recover_missed(keeper, &keeper->outbox.couriers[i]);
	/* Who is told of it since a moment ago only, or had no memory left of it. */
	struct store_incident incident = { .number = 0 };
	while (store_next_open_incident(keeper->store, &incident)) {
		uint32_t target = roll_target(keeper->roll, incident.target);
		for (uint32_t i = 0; target != CONFIG_NONE && i < keeper->outbox.count; i++)
			if (!told_down(keeper, target, i) && !withhold_is_silent(keeper, target))
				telling_compare(keeper, target, i);
	}
}
