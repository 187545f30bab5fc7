/*
 * For commands whose user may not read the configuration: encodes the outline of a configuration in
 * the web process, and decodes it in the command, bounding what a foreign one may cost.
 */
#include "web/outline.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "store/question.h"
#include "store/row_bytes.h"

/* What stands at the beginning; numbers say how many of each follow, in this order. */
struct head {
	int64_t behind;
	const char *state, *timezone;
	uint32_t probes, policies, targets, windows;
};

struct probe_row {
	const char *name;
	uint32_t outcomes;
};

struct policy_row {
	uint32_t probe; /* its place */
};

struct target_row {
	const char *name;
	uint32_t parent, hash, policy; /* the place of its policy */
};

struct window_row {
	struct pw_bytes ranges, targets; /* of struct calendar_range, of uint32_t */
	const char *timezone, *why;
};

struct tag_row {
	const char *tag;
};

#define FIELD_OF(type_, record, member) { #member, FIELD_##type_, offsetof(struct record, member) }
#define FIELDS_END { .column = NULL }

static const struct field head_fields[] = { FIELD_OF(I64, head, behind),
	FIELD_OF(TEXT, head, state), FIELD_OF(TEXT, head, timezone), FIELD_OF(U32, head, probes),
	FIELD_OF(U32, head, policies), FIELD_OF(U32, head, targets), FIELD_OF(U32, head, windows),
	FIELDS_END };
static const struct field probe_fields[] = { FIELD_OF(TEXT, probe_row, name),
	FIELD_OF(U32, probe_row, outcomes), FIELDS_END };
static const struct field outcome_fields[] = { FIELD_OF(TEXT, pw_outcome, name),
	FIELD_OF(U32, pw_outcome, severity), FIELD_OF(TEXT, pw_outcome, text),
	FIELD_OF(TEXT, pw_outcome, hint), FIELD_OF(TEXT, pw_outcome, phase), FIELDS_END };
static const struct field policy_row_fields[] = { FIELD_OF(U32, policy_row, probe), FIELDS_END };
static const struct field policy_fields[] = { FIELD_OF(I64, policy, interval),
	FIELD_OF(I64, policy, retry_interval), FIELD_OF(I64, policy, stale_after),
	FIELD_OF(I64, policy, sla), FIELD_OF(U32, policy, tries),
	FIELD_OF(U32, policy, recover_tries), FIELD_OF(U32, policy, phase_count),
	FIELD_OF(U32, policy, tag_count), FIELDS_END };
static const struct field phase_fields[] = { FIELD_OF(TEXT, phase_plan, name),
	FIELD_OF(I64, phase_plan, routine), FIELD_OF(I64, phase_plan, patient),
	FIELD_OF(I64, phase_plan, slow), FIELDS_END };
static const struct field tag_fields[] = { FIELD_OF(TEXT, tag_row, tag), FIELDS_END };
static const struct field target_fields[] = { FIELD_OF(TEXT, target_row, name),
	FIELD_OF(U32, target_row, parent), FIELD_OF(U32, target_row, hash),
	FIELD_OF(U32, target_row, policy), FIELDS_END };
static const struct field window_fields[] = { FIELD_OF(BYTES, window_row, ranges),
	FIELD_OF(BYTES, window_row, targets), FIELD_OF(TEXT, window_row, timezone),
	FIELD_OF(TEXT, window_row, why), FIELDS_END };

void
outline_name(char name[OUTLINE_NAME_MAX])
{
	static const struct field *const forms[] = { head_fields, probe_fields, outcome_fields,
		policy_row_fields, policy_fields, phase_fields, tag_fields, target_fields,
		window_fields };
	uint64_t hash = question_hash();

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		hash = row_hash(hash, forms[i]);
	snprintf(name, OUTLINE_NAME_MAX, "postwatch %s %016llx", PW_VERSION,
	    (unsigned long long)hash);
}

/* --- writing --- */

static int
compare_places(const void *left, const void *right)
{
	const void *const *a = left, *const *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* What many share, each once, in the order of their places in memory. */
struct shared {
	const void **items; /* NULL: no memory */
	uint32_t count;
};

static struct shared
each_once(const void **items, uint32_t count)
{
	uint32_t kept = 0;

	if (items != NULL && count > 0)
		qsort(items, count, sizeof *items, compare_places);
	for (uint32_t i = 0; items != NULL && i < count; i++)
		if (kept == 0 || items[i] != items[kept - 1])
			items[kept++] = items[i];
	assert(kept <= count);
	return (struct shared){ items, kept };
}

/* CONFIG_NONE: it is not among them. */
static uint32_t
place_of(const struct shared *shared, const void *item)
{
	const void **place = shared->count == 0 ? NULL : bsearch(
	    &item, shared->items, shared->count, sizeof *shared->items, compare_places);

	return place == NULL ? CONFIG_NONE : (uint32_t)(place - shared->items);
}

static bool
put(struct buffer *into, const struct field *fields, const void *record)
{
	return row_put(into, OUTLINE_MAX, fields, record);
}

static bool
put_policy(struct buffer *into, const struct policy *policy, const struct shared *probes)
{
	bool good = put(into, policy_row_fields,
	                &(struct policy_row){ place_of(probes, policy->probe) })
	    && put(into, policy_fields, policy) && put(into, phase_fields, &policy->leg);

	for (uint32_t i = 0; good && i < policy->phase_count; i++)
		good = put(into, phase_fields, &policy->phases[i]);
	for (uint32_t i = 0; good && i < policy->tag_count; i++)
		good = put(into, tag_fields, &(struct tag_row){ policy->tags[i] });
	return good;
}

bool
outline_write(struct buffer *into, const struct config *config, int64_t behind)
{
	const void **listed = calloc(config->target_count + 1, sizeof *listed), **used;
	struct shared policies, probes;
	struct head head = { .behind = behind, .state = config->state, .timezone = config->timezone,
		.targets = config->target_count, .windows = config->window_count };
	char name[OUTLINE_NAME_MAX];
	bool good;

	for (uint32_t i = 0; listed != NULL && i < config->target_count; i++)
		listed[i] = config->targets[i].policy;
	policies = each_once(listed, config->target_count);
	used = calloc(policies.count + 1, sizeof *used);
	for (uint32_t i = 0; used != NULL && i < policies.count; i++)
		used[i] = ((const struct policy *)policies.items[i])->probe;
	probes = each_once(used, policies.count);
	head.policies = policies.count;
	head.probes = probes.count;
	outline_name(name);
	good = listed != NULL && used != NULL && buffer_add(into, name, strlen(name), OUTLINE_MAX)
	    && buffer_add(into, "\n", 1, OUTLINE_MAX) && put(into, head_fields, &head);
	for (uint32_t i = 0; good && i < probes.count; i++) {
		const struct plugin *plugin = probes.items[i];
		const struct pw_outcome *outcomes = plugin_probe(plugin)->outcomes;
		struct probe_row row = { plugin->descriptor->name, 0 };

		while (outcomes != NULL && outcomes[row.outcomes].name != NULL)
			row.outcomes++;
		good = put(into, probe_fields, &row);
		for (uint32_t j = 0; good && j < row.outcomes; j++)
			good = put(into, outcome_fields, &outcomes[j]);
	}
	for (uint32_t i = 0; good && i < policies.count; i++)
		good = put_policy(into, policies.items[i], &probes);
	for (uint32_t i = 0; good && i < config->target_count; i++) {
		const struct target *target = &config->targets[i];

		good = put(into, target_fields, &(struct target_row){ target->name, target->parent,
		    target->hash, place_of(&policies, target->policy) });
	}
	for (uint32_t i = 0; good && i < config->window_count; i++) {
		const struct config_window *window = &config->windows[i];

		good = put(into, window_fields, &(struct window_row){ .timezone = window->timezone, .why = window->why,
		    .ranges = { (const char *)window->when.ranges, window->when.count * sizeof *window->when.ranges },
		    .targets = { (const char *)window->targets, window->target_count * sizeof *window->targets } });
	}
	free(listed);
	free(used);
	return good;
}

/* --- reading --- */

/* Room for records that follow, which have these fields at least; `size`: of each in memory. NULL: so
 * many cannot follow. Memory is thus a few times the bytes, whatever count they claim. */
static void *
room_for(struct arena *arena, const struct pw_bytes *from, uint32_t count,
    const struct field *fields, size_t size)
{
	return count > from->size / row_least(fields)
	    ? NULL : arena_array(arena, (size_t)count + 1, size);
}

/* Longer than any that may be configured, and short enough to be added up. */
static bool
is_span(int64_t span, int64_t least)
{
	return span >= least && span <= 1000 * 86400 * (int64_t)SECOND;
}

static bool
is_plan(const struct phase_plan *plan)
{
	return is_span(plan->routine, 0) && is_span(plan->patient, 0) && is_span(plan->slow, 0);
}

static bool
get_probe(struct pw_bytes *from, struct arena *arena, struct plugin *plugin)
{
	struct pw_plugin *descriptor = arena_alloc(arena, sizeof *descriptor);
	struct pw_probe_ops *ops = arena_alloc(arena, sizeof *ops);
	struct pw_outcome *outcomes;
	struct probe_row row;
	bool good = row_get(from, probe_fields, &row);

	/* Behind the last there is one without a name. */
	if (!good || (outcomes = room_for(arena, from, row.outcomes, outcome_fields,
	    sizeof *outcomes)) == NULL)
		return false;
	for (uint32_t i = 0; good && i < row.outcomes; i++)
		good = row_get(from, outcome_fields, &outcomes[i]);
	*ops = (struct pw_probe_ops){ .size = sizeof *ops, .outcomes = outcomes };
	*descriptor = (struct pw_plugin){ .name = row.name, .ops = ops };
	plugin->descriptor = descriptor;
	return good;
}

static const struct plugin *
get_probes(struct pw_bytes *from, struct arena *arena, uint32_t count)
{
	struct plugin *plugins = room_for(arena, from, count, probe_fields, sizeof *plugins);
	bool good = plugins != NULL;

	for (uint32_t i = 0; good && i < count; i++)
		good = get_probe(from, arena, &plugins[i]);
	return good ? plugins : NULL;
}

static bool
get_policy(struct pw_bytes *from, struct arena *arena, struct policy *policy)
{
	struct phase_plan *phases;
	const char **tags;
	bool good = row_get(from, policy_fields, policy)
	    && row_get(from, phase_fields, &policy->leg) && is_plan(&policy->leg)
	    && is_span(policy->interval, SECOND) && is_span(policy->retry_interval, 1)
	    && is_span(policy->stale_after, 0)
	    && policy->phase_count <= PHASES_MAX;

	if (!good || (phases = room_for(arena, from, policy->phase_count, phase_fields,
	    sizeof *phases)) == NULL)
		return false;
	for (uint32_t i = 0; good && i < policy->phase_count; i++)
		good = row_get(from, phase_fields, &phases[i]) && is_plan(&phases[i]);
	if (!good || (tags = room_for(arena, from, policy->tag_count, tag_fields,
	    sizeof *tags)) == NULL)
		return false;
	for (uint32_t i = 0; good && i < policy->tag_count; i++)
		good = row_get(from, tag_fields, &tags[i]);
	policy->phases = phases;
	policy->tags = tags;
	return good;
}

/* Whoever follows parents comes to an end. */
static bool
has_parents(const struct target *targets, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t parent = targets[i].parent, depth = 0;

		for (; parent != CONFIG_NONE; parent = targets[parent].parent)
			if (parent >= count || ++depth > CONFIG_PARENTS_MAX)
				return false;
	}
	return true;
}

static const struct policy *
get_policies(struct pw_bytes *from, struct arena *arena, const struct head *head,
    const struct plugin *probes)
{
	struct policy *policies = room_for(arena, from, head->policies, policy_fields,
	    sizeof *policies);
	bool good = policies != NULL;

	for (uint32_t i = 0; good && i < head->policies; i++) {
		struct policy_row row;

		good = row_get(from, policy_row_fields, &row) && row.probe < head->probes
		    && get_policy(from, arena, &policies[i]);
		if (good)
			policies[i].probe = &probes[row.probe];
	}
	return good ? policies : NULL;
}

static const struct target *
get_targets(struct pw_bytes *from, struct arena *arena, const struct head *head,
    const struct policy *policies)
{
	struct target *targets = room_for(arena, from, head->targets, target_fields,
	    sizeof *targets);

	for (uint32_t i = 0; targets != NULL && i < head->targets; i++) {
		struct target_row row;

		if (!row_get(from, target_fields, &row) || row.policy >= head->policies)
			return NULL;
		targets[i] = (struct target){ .name = row.name, .parent = row.parent,
			.hash = row.hash, .policy = &policies[row.policy] };
	}
	return targets != NULL && has_parents(targets, head->targets) ? targets : NULL;
}

/* The records whose bytes these are. NULL: the last of them is not whole. */
static const void *
copy_array(struct arena *arena, struct pw_bytes bytes, size_t size, uint32_t *count)
{
	void *copy = arena_alloc(arena, bytes.size + 1);

	memcpy(copy, bytes.data, bytes.size);
	*count = (uint32_t)(bytes.size / size);
	return bytes.size % size == 0 ? copy : NULL;
}

static bool
get_window(struct pw_bytes *from, struct arena *arena, struct config_window *window)
{
	struct window_row row;

	if (!row_get(from, window_fields, &row))
		return false;
	*window = (struct config_window){ .why = row.why,
		.timezone = row.timezone[0] == '\0' ? NULL : row.timezone };
	window->when.ranges = copy_array(
	    arena, row.ranges, sizeof *window->when.ranges, &window->when.count);
	window->targets = copy_array(
	    arena, row.targets, sizeof *window->targets, &window->target_count);
	if (window->when.ranges == NULL || window->targets == NULL
	    || window->when.count > CALENDAR_RANGES_MAX)
		return false;
	for (uint32_t i = 0; i < window->when.count; i++) {
		const struct calendar_range *range = &window->when.ranges[i];

		if (range->days > 0x7f || range->from >= range->to || range->to > 2 * 1440)
			return false;
	}
	return true;
}

const struct config *
outline_read(struct pw_bytes from, struct arena *arena, int64_t *behind)
{
	struct config *config = arena_alloc(arena, sizeof *config);
	const struct plugin *probes;
	const struct policy *policies;
	struct config_window *windows;
	struct head head;
	bool good = row_get(&from, head_fields, &head);

	if (!good || (probes = get_probes(&from, arena, head.probes)) == NULL
	    || (policies = get_policies(&from, arena, &head, probes)) == NULL)
		return NULL;
	*config = (struct config){ .state = head.state, .target_count = head.targets,
		.window_count = head.windows,
		.timezone = head.timezone[0] == '\0' ? NULL : head.timezone };
	if ((config->targets = get_targets(&from, arena, &head, policies)) == NULL
	    || (windows = room_for(arena, &from, head.windows, window_fields, sizeof *windows))
	        == NULL)
		return NULL;
	for (uint32_t i = 0; good && i < head.windows; i++)
		good = get_window(&from, arena, &windows[i]);
	config->windows = windows;
	*behind = head.behind;
	return good && from.size == 0 ? config : NULL;
}
