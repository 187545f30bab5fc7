/*
 * For all processes: answers questions about a configuration that has been read: which notifiers
 * are told of a target and after how long, which maintenance windows it is in, its tags, how long
 * it may go without a run.
 */
#include "config/config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/outcome.h"

enum { WINDOW_RANGES_MAX = 256 /* of one target that are looked at */, MINUTES_A_WEEK = 7 * 1440 };

/* Legs of many addresses begin 100 ms apart, and what is known of a run is collected and kept
 * within seconds. */
static const int64_t heard_within = 10 * (int64_t)SECOND;

/*
 * The heartbeat is a notifier only in how it is delivered. `notify` and `tags` both have to hold: a
 * target names its notifiers, and a notifier the tags of its targets.
 */
bool
notifier_hears_of(const struct config *config, uint32_t index, const struct target *target)
{
	const struct config_notifier *notifier = &config->notifiers[index];
	const struct policy *policy = target->policy;
	bool named = policy->notify_count == CONFIG_NONE, tagged = notifier->tag_count == 0;

	assert(index < config->notifier_count);
	if (config->heartbeat_interval != 0 && index == config->heartbeat)
		return false;
	for (uint32_t i = 0; !named && i < policy->notify_count; i++)
		named = policy->notify[i] == index;
	for (uint32_t i = 0; !tagged && i < notifier->tag_count; i++)
		tagged = target_has_tag(target, notifier->tags[i]);
	return named && tagged;
}

/*
 * Times that leave nothing of a week are the same in every zone, and at every moment. Whether there
 * are enough of them at all is asked first: to follow a calendar through its week takes far longer,
 * and it is asked for each of 100,000 targets.
 */
static bool
leaves_nothing(const struct calendar *calendar)
{
	int64_t now = clock_wall(), minutes = 0;

	for (uint32_t i = 0; i < calendar->count; i++)
		minutes += (int64_t)__builtin_popcount(calendar->ranges[i].days)
		    * (calendar->ranges[i].to - calendar->ranges[i].from);
	return minutes >= MINUTES_A_WEEK && calendar_holds(calendar, NULL, now)
	    && calendar_next(calendar, NULL, now) == INT64_MAX;
}

bool
notifier_is_always_quiet(const struct config_notifier *notifier)
{
	return leaves_nothing(&notifier->quiet);
}

static int
compare_indexes(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

bool
window_has_target(const struct config_window *window, uint32_t target)
{
	return window->target_count > 0
	    && bsearch(
	           &target, window->targets, window->target_count, sizeof target, compare_indexes)
	    != NULL;
}

/* The times of its windows that are of one zone are looked at together. */
bool
target_is_always_in_window(const struct config *config, const struct target *target)
{
	uint32_t index = (uint32_t)(target - config->targets);

	for (uint32_t i = 0; i < config->window_count; i++) {
		struct calendar_range ranges[WINDOW_RANGES_MAX];
		struct calendar all = { 0, ranges };
		const char *zone = config->windows[i].timezone;

		if (!window_has_target(&config->windows[i], index))
			continue;
		for (uint32_t j = i; j < config->window_count; j++) {
			const struct config_window *window = &config->windows[j];
			bool counts = zone == NULL || window->timezone == NULL
			    ? zone == window->timezone
			    : strcmp(zone, window->timezone) == 0;

			counts = counts && window_has_target(window, index);
			for (uint32_t k = 0; counts && k < window->when.count
			     && all.count < WINDOW_RANGES_MAX; k++)
				ranges[all.count++] = window->when.ranges[k];
		}
		if (leaves_nothing(&all))
			return true;
	}
	return false;
}

bool
target_is_told(const struct config *config, const struct target *target)
{
	return target_told_after(config, target) != INT64_MAX;
}

int64_t
target_told_after(const struct config *config, const struct target *target)
{
	int64_t after = INT64_MAX;

	for (uint32_t i = 0; i < config->notifier_count; i++) {
		const struct config_notifier *notifier = &config->notifiers[i];
		bool told = notifier_hears_of(config, i, target)
		    && (notifier->kinds >> NOTICE_down & 1) && !notifier_is_always_quiet(notifier);

		if (told && notifier->after < after)
			after = notifier->after;
	}
	if (after != INT64_MAX && target_is_always_in_window(config, target))
		return INT64_MAX;
	return after;
}

/* The plugin's own row of the phase, where that has limits; else the standard one. */
struct phase_plan
policy_built_in(const struct plugin *probe, const char *name)
{
	const struct pw_phase *own = plugin_probe(probe)->phases, *limits = phase_standard(name);
	struct phase_plan plan;

	while (own != NULL && own->name != NULL && strcmp(own->name, name) != 0)
		own++;
	memset(&plan, 0, sizeof plan);
	plan.name = name;
	if (own != NULL && own->name != NULL) {
		plan.flags = own->flags;
		limits = own->limit != 0 ? own : limits;
	}
	plan.routine = (int64_t)limits->limit;
	plan.patient = (int64_t)(limits->patient == 0 ? limits->limit : limits->patient);
	plan.slow = (int64_t)limits->slow;
	return plan;
}

bool
target_has_tag(const struct target *target, const char *tag)
{
	for (uint32_t i = 0; i < target->policy->tag_count; i++)
		if (strcmp(target->policy->tags[i], tag) == 0)
			return true;
	return false;
}

/* Multiplied in 128 bits: a `stale_after` of 30 days at an interval of 7 days is beyond 64. */
int64_t
policy_patience(const struct policy *policy, int64_t interval)
{
	uint32_t resolve = policy_phase(policy, "resolve");
	int64_t run = policy->leg.patient
	    + (resolve == CONFIG_NONE ? 0 : policy->phases[resolve].patient);
	unsigned __int128 stale = (unsigned __int128)policy->stale_after * (uint64_t)interval
	    / (uint64_t)policy->interval;

	return (int64_t)stale + run + heard_within;
}

uint32_t
policy_phase(const struct policy *policy, const char *name)
{
	for (uint32_t i = 0; i < policy->phase_count; i++)
		if (strcmp(policy->phases[i].name, name) == 0)
			return i;
	return CONFIG_NONE;
}
