/* Applies groups of target settings (defaults, list, target) over each other. */
#include "config/plain.h"
#include "config/reader.h"

#include <string.h>
#include <unistd.h>

enum { CANDIDATES_MAX = 256, KEY_SHOWN_MAX = 160 };

void
layer_init(struct reader *reader, struct layer *layer)
{
	struct reason why;

	memset(layer, 0, sizeof *layer);
	for (int i = 0; i < TARGET_ROWS; i++)
		value_default(&reader->values, &target_settings[i], &layer->target[i], &why);
	for (int i = 0; i < TLS_ROWS; i++)
		value_default(&reader->values, &tls_settings_rows[i], &layer->tls[i], &why);
	for (int kind = 0; kind < LIMIT_KINDS; kind++)
		for (int i = 0; i < PHASE_NAMES_MAX; i++)
			layer->limits[kind][i] = LIMIT_NOT_GIVEN;
}

/* The keys that may stand in a group, for the one nearest to what does not. */
struct candidates {
	const char *keys[CANDIDATES_MAX + 1]; /* ends with NULL */
	size_t count;
	char secrets[PLUGIN_SETTINGS_MAX][SETTING_KEY_MAX];
};

static const char *
next_candidate(void *arg, size_t index)
{
	const struct candidates *candidates = arg;

	return candidates->keys[index];
}

static void
add_candidate(struct candidates *candidates, const char *key)
{
	if (candidates->count < CANDIDATES_MAX)
		candidates->keys[candidates->count++] = key;
}

static bool
may_stand(const struct pw_setting *row, enum scope scope)
{
	switch (scope) {
	case SCOPE_DEFAULTS: return row->flags & SETTING_IN_DEFAULTS;
	case SCOPE_PROBE_DEFAULTS: return (row->flags & (SETTING_IN_DEFAULTS | SETTING_IDENTITY)) == SETTING_IN_DEFAULTS;
	case SCOPE_LIST: return row->flags & SETTING_IN_LIST;
	case SCOPE_TARGET: return !(row->flags & SETTING_ONLY_LIST);
	}
	return false;
}

static bool
uses_tls(const struct probe *probe)
{
	return probe == NULL || probe->plugin->descriptor->flags & PW_USES_TLS;
}

static void
gather(const struct reader *reader, const struct probe *probe, enum scope scope, struct candidates *candidates)
{
	for (int i = 0; i < TARGET_ROWS; i++)
		if (may_stand(&target_settings[i], scope))
			add_candidate(candidates, target_settings[i].key);
	for (int i = 0; uses_tls(probe) && i < TLS_ROWS; i++)
		add_candidate(candidates, tls_settings_rows[i].key);
	for (int i = 0; i < LIMIT_KINDS; i++)
		add_candidate(candidates, limit_groups[i].key);
	for (uint32_t i = 0; probe != NULL && i < probe->own_count; i++)
		add_candidate(candidates, value_key(&probe->plugin->descriptor->settings[i], candidates->secrets[i]));
	for (uint32_t i = 0; scope == SCOPE_DEFAULTS && i < reader->probe_count; i++)
		add_candidate(candidates, reader->probes[i].plugin->descriptor->name);
}

/* A setting that exists, and not here. NULL: it does not exist. */
static const char *
why_not_here(const struct reader *reader, const struct probe *probe, const char *key, enum scope scope, char *words,
    size_t room)
{
	struct text text = text_over(words, room);

	if (settings_find(target_settings, key) >= 0) {
		if (scope == SCOPE_LIST)
			return "cannot stand beside file: it belongs to a single target";
		return strcmp(key, "file") == 0 ? "stands only in the list of targets" : "belongs to a single target";
	}
	if (tls_settings_find(key) >= 0) {
		text_format(&text, "has no meaning for the probe %s, which uses no TLS", probe->plugin->descriptor->name);
		return words;
	}
	if (settings_find(global_settings, key) >= 0)
		return "belongs to the top of the configuration";
	for (uint32_t i = 0; i < reader->probe_count; i++) {
		const struct pw_plugin *other = reader->probes[i].plugin->descriptor;

		if (settings_find(other->settings, key) < 0)
			continue;
		if (probe == NULL)
			text_format(&text, "is the probe %s's own: write defaults = { %s = { %s = ... }; };", other->name, other->name, key);
		else
			text_format(&text, "is a setting of the probe %s, and this one is %s", other->name,
			    probe->plugin->descriptor->name);
		return words;
	}
	return NULL;
}

/* A plugin's secret that was written into the configuration itself. */
static bool
is_bare_secret(const struct probe *probe, const char *key)
{
	for (uint32_t i = 0; probe != NULL && i < probe->own_count; i++) {
		const struct pw_setting *row = &probe->plugin->descriptor->settings[i];

		if (row->type == PW_SECRET && strcmp(row->key, key) == 0)
			return true;
	}
	return false;
}

static void
blame_unknown(struct reader *reader, const struct probe *probe, const struct node *node, enum scope scope)
{
	struct candidates candidates = { .count = 0 };
	char words[KEY_SHOWN_MAX];
	const char *here = why_not_here(reader, probe, node->key, scope, words, sizeof words), *near;

	if (is_bare_secret(probe, node->key)) {
		faults_add(&reader->faults, node->place, "%s is a secret: write it into a file of its own and say %s_file = \"...\"",
		    node->key, node->key);
		return;
	}
	if (here != NULL) {
		faults_add(&reader->faults, node->place, "%s %s", QUOTE(reader, node->key), here);
		return;
	}
	gather(reader, probe, scope, &candidates);
	near = text_nearest(node->key, next_candidate, &candidates);
	faults_add(&reader->faults, node->place, "unknown setting %s%s%s%s", QUOTE(reader, node->key),
	    near == NULL ? "" : ": did you mean ", near == NULL ? "" : near, near == NULL ? "" : "?");
}

static bool
probe_has_phase(const struct probe *probe, int number)
{
	for (uint32_t i = 0; i < probe->phase_count; i++)
		if (probe->phase_numbers[i] == number)
			return true;
	return false;
}

static void
blame_phase(struct reader *reader, const struct probe *probe, const struct node *node, const char *group)
{
	struct candidates candidates = { .count = 0 };
	const char *near;

	for (uint32_t i = 0; i < reader->phase_name_count; i++)
		if (probe == NULL || probe_has_phase(probe, (int)i) || strcmp(reader->phase_names[i], "leg") == 0)
			add_candidate(&candidates, reader->phase_names[i]);
	near = text_nearest(node->key, next_candidate, &candidates);
	faults_add(&reader->faults, node->place, "%s: %s is no phase of %s%s%s%s%s", group, QUOTE(reader, node->key),
	    probe == NULL ? "any probe" : "the probe ", probe == NULL ? "" : probe->plugin->descriptor->name,
	    near == NULL ? "" : ": did you mean ", near == NULL ? "" : near, near == NULL ? "" : "?");
}

static void
take_limit(struct reader *reader, struct layer *layer, const struct probe *probe, enum limit_kind kind,
    const struct node *node)
{
	const struct pw_setting *usual = limit_settings[kind]; /* the range is the same for all phases */
	const struct pw_setting row = { .key = node->key, .type = PW_DURATION, .min = usual->min, .max = usual->max };
	int number = reader_phase_number(reader, node->key);
	char label[KEY_SHOWN_MAX];
	struct text text = TEXT_OVER(label);
	struct pw_value value;

	if (number < 0 || (probe != NULL && !probe_has_phase(probe, number) && strcmp(node->key, "leg") != 0)) {
		blame_phase(reader, probe, node, limit_groups[kind].key);
		return;
	}
	text_format(&text, "%s.%s", limit_groups[kind].key, node->key);
	if (value_of_node(&reader->values, &reader->faults, &row, label, node, &value))
		layer->limits[kind][number] = value.number;
}

static bool
take_limits(struct reader *reader, struct layer *layer, const struct probe *probe, const struct node *node)
{
	for (int kind = 0; kind < LIMIT_KINDS; kind++) {
		if (strcmp(node->key, limit_groups[kind].key) != 0)
			continue;
		if (node->kind != NODE_GROUP && node->kind != NODE_BAD)
			faults_add(&reader->faults, node->place, "%s: is %s; write a group, such as { banner = \"60s\"; }", node->key,
			    node_kind_name(node->kind));
		else if (node->kind == NODE_GROUP)
			for (uint32_t i = 0; i < node->count; i++)
				take_limit(reader, layer, probe, (enum limit_kind)kind, &node->children[i]);
		return true;
	}
	return false;
}

/* What a probe with TLS cannot do without is not to be taken away where it is named; from `defaults` it is let pass. */
static void
check_mode(struct reader *reader, const struct probe *probe, const struct node *node, const struct pw_value *value)
{
	if (probe != NULL && probe->plugin->descriptor->flags & PW_REQUIRES_TLS && value->number < PW_TLS_REQUIRE)
		faults_add(&reader->faults, node->place, "tls: the probe %s cannot do without TLS: \"require\" or \"implicit\"",
		    probe->plugin->descriptor->name);
}

static bool
take_row(struct reader *reader, const struct pw_setting *row, const struct node *node, struct pw_value *into)
{
	char label[SETTING_KEY_MAX];
	struct pw_value value;

	if (!value_of_node(&reader->values, &reader->faults, row, value_key(row, label), node, &value)
	    || !layer_check(reader, row, node, &value))
		return false;
	*into = value;
	return true;
}

static void
take_tls(struct reader *reader, struct layer *layer, const struct probe *probe, const struct node *node, int row)
{
	struct pw_value *into = &layer->tls[row];

	if (strcmp(node->key, tls_settings_rows[row].key) != 0)
		cert_warn_of_days(reader, node, into);
	else if (take_row(reader, &tls_settings_rows[row], node, into) && row == TLS_MODE)
		check_mode(reader, probe, node, into);
}

static void
take_member(struct reader *reader, struct layer *layer, const struct probe *probe, const struct node *node,
    enum scope scope)
{
	int row = settings_find(target_settings, node->key);

	if (node->key[0] == PLAIN_NO_KEY) /* a fault that has been told */
		return;
	if (row >= 0 && may_stand(&target_settings[row], scope)) {
		if (!(target_settings[row].flags & SETTING_IDENTITY))
			take_row(reader, &target_settings[row], node, &layer->target[row]);
	} else if (uses_tls(probe) && (row = tls_settings_find(node->key)) >= 0) {
		take_tls(reader, layer, probe, node, row);
	} else if (take_limits(reader, layer, probe, node)) {
		return;
	} else if (probe != NULL && (row = settings_find(probe->plugin->descriptor->settings, node->key)) >= 0) {
		take_row(reader, &probe->plugin->descriptor->settings[row], node, &layer->own[row]);
	} else {
		blame_unknown(reader, probe, node, scope);
	}
}

void
layer_take(struct reader *reader, struct layer *layer, const struct probe *probe, const struct node *group,
    enum scope scope)
{
	for (uint32_t i = 0; i < group->count; i++) {
		const struct node *node = &group->children[i];

		if (scope == SCOPE_DEFAULTS && node->kind == NODE_GROUP && plugins_find(&reader->plugins, node->key, PW_PROBE) != NULL)
			continue;
		take_member(reader, layer, probe, node, scope);
	}
}
