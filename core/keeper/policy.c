/*
 * For the keeper: follows as time passes when quiet hours and other reasons for silence begin and
 * end, and has notifiers told then what is true and was kept from them. Quiet hours are looked up
 * once for each that begins or ends.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "keeper/policy_private.h"
#include "keeper/notifier_filters.h"
#include "keeper/notify_policy.h"
#include "keeper/ledgers.h"
#include "keeper/shadow.h"
#include "keeper/withhold.h"
#include "store/list.h"

static const int64_t a_minute = 60 * (int64_t)SECOND;

bool
policy_open(struct keeper *keeper)
{
	const struct config *config = keeper->config;
	struct policy_state *policy = keeper->policy = calloc(1, sizeof *policy);
	bool whole = policy != NULL && window_clock_init(&policy->windows, config)
	    && (policy->silences = calloc(config->target_count + 1, sizeof *policy->silences))
	    != NULL && (policy->listeners =
	    calloc(config->notifier_count + 1, sizeof *policy->listeners)) != NULL;

	for (uint32_t i = 0; whole && i < config->notifier_count; i++) {
		const struct config_notifier *rules = &config->notifiers[i];
		const char *name = rules->timezone != NULL ? rules->timezone : config->timezone;
		struct listener *listener = &policy->listeners[i];
		struct reason why;

		listener->handed = calloc(rules->storm + 1, sizeof *listener->handed);
		listener->hush_looked = INT64_MAX;
		listener->zone = name == NULL ? zone_open_own() : zone_open(name, &why);
		whole = listener->handed != NULL;
		if (rules->quiet.count == 0)
			continue;
		listener->missed = calloc(config->target_count / 8 + 1, 1);
		whole &= listener->missed != NULL;
	}
	return whole;
}

void
policy_close(struct keeper *keeper)
{
	struct policy_state *policy = keeper->policy;

	if (policy == NULL)
		return;
	for (uint32_t i = 0; policy->listeners != NULL && i < keeper->config->notifier_count; i++) {
		free(policy->listeners[i].handed);
		free(policy->listeners[i].missed);
		zone_close(&policy->listeners[i].zone);
	}
	free(policy->listeners);
	free(policy->silences);
	window_clock_fini(&policy->windows);
	free(policy);
	keeper->policy = NULL;
}

struct listener *
policy_listener(const struct keeper *keeper, const struct notifier *notifier)
{
	return &keeper->policy->listeners[notifier_index(keeper, notifier)];
}

bool
policy_is_quiet(const struct keeper *keeper, const struct notifier *notifier)
{
	return policy_listener(keeper, notifier)->in_quiet_hours;
}

void
policy_look_at_windows(struct keeper *keeper)
{
	(void)window_clock_turn(&keeper->policy->windows, clock_wall());
}

void
policy_compare(struct keeper *keeper)
{
	bool in_quiet_hours = false;

	for (uint32_t i = 0; i < keeper->config->notifier_count; i++)
		in_quiet_hours |= keeper->policy->listeners[i].in_quiet_hours;
	assert(keeper->policy->withheld <= keeper->config->target_count);
	for (uint32_t i = 0; keeper->policy->withheld > 0 && i < keeper->config->target_count;
	    i++) {
		struct silence *silence = &keeper->policy->silences[i];

		if (!silence->withheld || withhold_target(keeper, i) != NULL)
			continue;
		if (!silence->compared && !notify_compare(keeper, i, CONFIG_NONE))
			continue;
		silence->compared = true;
		/* Who is in his quiet hours is told at their end, also by a keeper that is born in
		 * them. */
		if (!in_quiet_hours)
			withhold_mark(keeper, i, false);
	}
}

static void
compare_missed(struct keeper *keeper, uint32_t notifier)
{
	unsigned char *missed = keeper->policy->listeners[notifier].missed;

	for (uint32_t target = 0; target < keeper->config->target_count; target++) {
		if (!(missed[target / 8] >> target % 8 & 1))
			continue;
		missed[target / 8] &= (unsigned char)~(1 << target % 8);
		if (withhold_is_silent(keeper, target))
			withhold_later(keeper, target, false);
		else
			(void)notify_compare(keeper, target, notifier);
	}
}

void
policy_turn(struct keeper *keeper)
{
	int64_t now = clock_wall();

	for (uint32_t i = 0; i < keeper->config->notifier_count; i++) {
		const struct calendar *quiet = &keeper->config->notifiers[i].quiet;
		struct listener *listener = &keeper->policy->listeners[i];
		bool was = listener->in_quiet_hours;

		if (quiet->count == 0 || (now >= listener->hush_looked
		    && now < listener->hush_next))
			continue;
		listener->hush_looked = now;
		listener->in_quiet_hours = calendar_holds(quiet, listener->zone, now);
		listener->hush_next = calendar_next(quiet, listener->zone, now);
		if (was && !listener->in_quiet_hours)
			compare_missed(keeper, i);
	}
	policy_compare(keeper);
}

/* What came in the quiet hours that are, or were the last. */
static void
recover_missed(struct keeper *keeper, uint32_t notifier)
{
	const struct calendar *quiet = &keeper->config->notifiers[notifier].quiet;
	struct listener *listener = &keeper->policy->listeners[notifier];
	struct store_reader *reader = store_inside(keeper->store);
	int64_t now = clock_wall(), since;
	struct store_notice row;
	struct store_list list;
	uint32_t target;

	if (quiet->count == 0)
		return;
	listener->in_quiet_hours = calendar_holds(quiet, listener->zone, now);
	since = calendar_since(quiet, listener->zone, now);
	if (!listener->in_quiet_hours)
		since = calendar_since(quiet, listener->zone, since - a_minute);
	store_list_open(&list, reader, STORE_LIST_RECORDED, 0);
	while (store_list_next(&list, &row) && row.confirmed >= since)
		if (row.target != 0 && (target = registry_target(keeper->registry, row.target))
		    != CONFIG_NONE)
			filter_miss(keeper, notifier, target);
	(void)store_list_close(&list);
	if (!listener->in_quiet_hours)
		compare_missed(keeper, notifier);
}

void
policy_recover(struct keeper *keeper)
{
	withhold_recover(keeper);
	shadow_recover(keeper);
	for (uint32_t i = 0; i < keeper->config->notifier_count; i++)
		recover_missed(keeper, i);
	/* Who is told of it since a moment ago only, or had no memory left of it. */
	for (struct store_incident incident = { .number = 0 };
	    store_next_open_incident(keeper->store, &incident);) {
		uint32_t target = registry_target(keeper->registry, incident.target);

		for (uint32_t i = 0; target != CONFIG_NONE && i < keeper->config->notifier_count;
		    i++)
			if (!ledgers_is_down(keeper, target, i)
			    && !withhold_is_silent(keeper, target))
				(void)notify_compare(keeper, target, i);
	}
	keeper->policy->is_anew = false;
}
