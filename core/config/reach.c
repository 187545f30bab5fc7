/*
 * Warns of targets of which nobody would be told, and of tags and notifiers that match nothing. A
 * tag with a typing error tells nobody, for ever, and is no fault of grammar.
 */
#include "config/reader.h"

#include <string.h>

#include "base/clock.h"
#include "base/units.h"

enum { UNTOLD_NAMED = 10 }; /* targets that nobody is told of, one by one; the others are counted */

bool
notifier_hears_of(const struct config *config, uint32_t index, const struct target *target)
{
	const struct config_notifier *notifier = &config->notifiers[index];
	const struct policy *policy = target->policy;
	bool named = policy->notify_count == CONFIG_NONE, tagged = notifier->tag_count == 0;

	if (config->heartbeat_interval != 0 && index == config->heartbeat)
		return false;
	for (uint32_t i = 0; !named && i < policy->notify_count; i++)
		named = policy->notify[i] == index;
	for (uint32_t i = 0; !tagged && i < notifier->tag_count; i++)
		tagged = target_has_tag(target, notifier->tags[i]);
	return named && tagged;
}

/* Times that leave nothing of a week are the same in every zone. */
static bool
is_always_quiet(const struct config_notifier *notifier)
{
	int64_t now = clock_wall();

	return notifier->quiet.count > 0 && calendar_holds(&notifier->quiet, NULL, now)
	    && calendar_next(&notifier->quiet, NULL, now) == INT64_MAX;
}

bool
target_is_told(const struct config *config, const struct target *target)
{
	for (uint32_t i = 0; i < config->notifier_count; i++) {
		const struct config_notifier *notifier = &config->notifiers[i];
		if (notifier_hears_of(config, i, target) && (notifier->kinds >> NOTICE_down & 1) && !is_always_quiet(notifier))
			return true;
	}
	return false;
}

static bool
has_notifiers(const struct config *config)
{
	return config->notifier_count > (config->heartbeat_interval != 0 ? 1u : 0u);
}

static void
look_at_targets(struct reader *reader)
{
	const struct config *config = reader->config;
	uint32_t untold = 0;

	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct target *target = &config->targets[i];
		struct place place = reader->targets.origins[i].place;

		if (target_is_told(config, target) || untold++ >= UNTOLD_NAMED)
			continue;
		faults_warn(&reader->faults, place, "nobody would be told that %s is down: %s", target->name,
		    target->policy->notify_count == 0 ? "its `notify` names no notifier"
		    : "no notifier that is meant for it wants \"down\" (see `tags`, `notify`, `kinds` and `quiet`)");
	}
	if (untold > UNTOLD_NAMED)
		faults_warn(&reader->faults, (struct place){ .file = faults_file(&reader->faults, reader->source->path) },
		    "nobody would be told that any of %u more targets is down", untold - UNTOLD_NAMED);
}

static void
warn_of_slow(struct reader *reader, uint32_t index, const struct phase_plan *plan, const char *name)
{
	const struct target *target = &reader->config->targets[index];
	char bytes[64];
	struct text slow = text_over(bytes, sizeof bytes / 2), limit = text_over(bytes + sizeof bytes / 2, sizeof bytes / 2);

	if (plan->slow == 0 || plan->slow < plan->routine || plan->slow == policy_built_in(target->policy->probe, name).slow)
		return;
	units_add_duration(&slow, plan->slow);
	units_add_duration(&limit, plan->routine);
	faults_warn(&reader->faults, reader->targets.origins[index].place, "%s: `slow` of %s is %s, and its limit ends the attempt "
	    "after %s: it never warns; below %s it does", target->name, name, slow.bytes, limit.bytes, limit.bytes);
}

/* Of neighbours with one policy once. */
static void
look_at_slow(struct reader *reader)
{
	const struct config *config = reader->config;

	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct policy *policy = config->targets[i].policy;

		if (i > 0 && config->targets[i - 1].policy == policy)
			continue;
		for (uint32_t phase = 0; phase < policy->phase_count; phase++)
			warn_of_slow(reader, i, &policy->phases[phase], policy->phases[phase].name);
		warn_of_slow(reader, i, &policy->leg, "leg");
	}
}

/* The tags of all targets, of neighbours with one policy once. */
struct tags {
	const struct config *config;
	uint32_t target, tag;
};

static const char *
next_tag(void *arg, size_t index)
{
	struct tags *tags = arg;
	const struct config *config = tags->config;

	if (index == 0)
		tags->target = tags->tag = 0;
	while (tags->target < config->target_count) {
		const struct policy *policy = config->targets[tags->target].policy;
		bool again = tags->target > 0 && config->targets[tags->target - 1].policy == policy;

		if (!again && tags->tag < policy->tag_count)
			return policy->tags[tags->tag++];
		tags->target++;
		tags->tag = 0;
	}
	return NULL;
}

static bool
is_on_a_target(const struct config *config, const char *tag)
{
	for (uint32_t i = 0; i < config->target_count; i++)
		if (target_has_tag(&config->targets[i], tag))
			return true;
	return false;
}

static void
look_at_tags(struct reader *reader, uint32_t index)
{
	const struct config_notifier *notifier = &reader->config->notifiers[index];
	struct tags tags = { .config = reader->config };

	for (uint32_t i = 0; i < notifier->tag_count; i++) {
		if (is_on_a_target(reader->config, notifier->tags[i]))
			continue;
		const char *near = text_nearest(notifier->tags[i], next_tag, &tags);
		faults_warn(&reader->faults, reader->notifier_places[index], "notifier %s: no target has the tag %s%s%s%s", notifier->name,
		    QUOTE(reader, notifier->tags[i]), near == NULL ? "" : ": did you mean ", near == NULL ? "" : QUOTE(reader, near),
		    near == NULL ? "" : "?");
	}
}

static bool
hears_of_any(const struct config *config, uint32_t index)
{
	for (uint32_t i = 0; i < config->target_count; i++)
		if (notifier_hears_of(config, index, &config->targets[i]))
			return true;
	return false;
}

/* As a fallback it is told what another could not tell. */
static bool
stands_in(const struct config *config, uint32_t index)
{
	for (uint32_t i = 0; i < config->notifier_count; i++)
		if (config->notifiers[i].fallback == index && hears_of_any(config, i))
			return true;
	return false;
}

static void
look_at_notifier(struct reader *reader, uint32_t index)
{
	const struct config *config = reader->config;
	struct place place = reader->notifier_places[index];

	look_at_tags(reader, index);
	if (is_always_quiet(&config->notifiers[index]))
		faults_warn(&reader->faults, place, "notifier %s is told nothing: its `quiet` leaves no minute of the week",
		    config->notifiers[index].name);
	if (!hears_of_any(config, index) && !stands_in(config, index))
		faults_warn(&reader->faults, place, "notifier %s is told of no target: neither its `tags` nor a `notify` lead to it",
		    config->notifiers[index].name);
}

void
reader_look_at_reach(struct reader *reader)
{
	const struct config *config = reader->config;
	bool beats = config->heartbeat_interval != 0;

	if (!reader->source->advise || config->target_count == 0 || reader->faults.into->faults > 0)
		return;
	look_at_slow(reader);
	if (!has_notifiers(config)) {
		faults_warn(&reader->faults, (struct place){ .file = faults_file(&reader->faults, reader->source->path) },
		    "there are no `notifiers`: what happens is logged, and nobody is told");
		return;
	}
	look_at_targets(reader);
	for (uint32_t i = 0; i < config->notifier_count; i++)
		if (!beats || i != config->heartbeat)
			look_at_notifier(reader, i);
}
