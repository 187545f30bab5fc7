/*
 * Loads the plugins, and makes of each probe plugin what its targets begin with. Phases are
 * numbered over all probes, so that limits in `defaults` hold for a phase of whatever probe has one
 * of that name.
 */
#include "config/probes.h"

#include <assert.h>
#include <string.h>

#include "base/outcome.h"
#include "config/input.h"
#include "config/reader.h"

/* Returns -1 if there are too many names; limits of a layer have one place for each. */
static int
add_phase_name(struct reader *reader, const char *name)
{
	int number = reader_phase_number(reader, name);

	if (number >= 0)
		return number;
	if (reader->phase_name_count == PHASE_NAMES_MAX)
		return -1;
	reader->phase_names[reader->phase_name_count] = name;
	return (int)reader->phase_name_count++;
}

/* The order of a dialogue: the host's beginning, the probe's own phases, the farewell. */
static bool
plan_probe(struct reader *reader, struct probe *probe)
{
	const struct pw_probe_ops *ops = plugin_probe(probe->plugin);
	int number = 0;

	probe->phase_numbers[probe->phase_count++] = (unsigned char)reader_phase_number(
	    reader, "resolve");
	probe->phase_numbers[probe->phase_count++] = (unsigned char)reader_phase_number(
	    reader, "connect");
	for (const struct pw_phase *phase = ops->phases;
	     number >= 0 && phase != NULL && phase->name != NULL; phase++) {
		number = add_phase_name(reader, phase->name);
		probe->phase_numbers[probe->phase_count++] = (unsigned char)number;
	}
	if (ops->farewell != NULL)
		probe->phase_numbers[probe->phase_count++] = (unsigned char)reader_phase_number(
		    reader, "quit");
	assert(probe->phase_count <= PHASES_MAX && reader->phase_name_count <= PHASE_NAMES_MAX);
	return number >= 0;
}

static void
add_probe(struct reader *reader, const struct plugin *plugin)
{
	struct probe *probe = &reader->probes[reader->probe_count];
	const struct pw_setting *rows = plugin->descriptor->settings;
	const uint32_t file = faults_file(&reader->faults, plugin->path);

	*probe = (struct probe){ .plugin = plugin };
	while (rows != NULL && rows[probe->own_count].key != NULL)
		probe->own_count++;
	if (plan_probe(reader, probe))
		reader->probe_count++;
	else
		FAULT(reader, (struct place){ .file = file },
		    "all plugins together have more than %d names of phases", PHASE_NAMES_MAX);
}

void
probes_load_plugins(struct reader *reader)
{
	struct plugins *plugins = &reader->plugins;
	const char *folder = reader->source->plugin_dir;
	const struct pw_strings *more = reader->global[GLOBAL_PLUGINS].list;
	const struct node *node = reader->globals[GLOBAL_PLUGINS];
	struct plugin *kept;
	const char *from = node == NULL || node->kind == NODE_TEXT
	    ? ""
	    : faults_file_name(&reader->faults, node->place.file);

	plugins_init(&reader->plugins, &reader->values);
	plugins_load(
	    &reader->plugins, folder != NULL ? folder : plugins_standard_folder(reader->scratch));
	for (uint32_t i = 0; more != NULL && i < more->count; i++)
		plugins_load(
		    &reader->plugins, path_absolute(reader->scratch, from, more->items[i]));
	for (uint32_t i = 0; i < reader->plugins.broken_count; i++) {
		const struct broken_plugin *broken = &reader->plugins.broken[i];
		const struct place place = { .file = faults_file(&reader->faults, broken->path) };

		WARN(reader, place, "this plugin is not used: %s", broken->why);
	}
	/* The array is done with growing: pointers into it hold from here on. */
	kept = arena_array(reader->arena, plugins->count, sizeof *kept);
	if (plugins->count > 0)
		memcpy(kept, plugins->items, plugins->count * sizeof *kept);
	reader->config->plugins = kept;
	reader->config->plugin_count = plugins->count;
#define PHASE(name_, routine_, patient_, slow_) add_phase_name(reader, #name_);
#include <postwatch/phases.def>
#undef PHASE
	reader->probes = arena_array(
	    reader->scratch, reader->config->plugin_count + 1, sizeof *reader->probes);
	for (uint32_t i = 0; i < reader->config->plugin_count; i++)
		if (reader->config->plugins[i].descriptor->kind == PW_PROBE)
			add_probe(reader, &reader->config->plugins[i]);
}

/*
 * A group in `defaults` that is called like a probe whose plugin was refused: that the probe is
 * wanted shows there, and "unknown setting" would send the user astray.
 */
static void
check_groups(struct reader *reader)
{
	for (uint32_t i = 0; i < reader->defaults->count; i++) {
		const struct node *node = &reader->defaults->children[i];
		bool is_known = settings_find(target_settings, node->key) >= 0;

		for (int kind = 0; kind < LIMIT_KINDS; kind++)
			is_known |= strcmp(node->key, limit_groups[kind].key) == 0;
		if (node->kind == NODE_GROUP && !is_known
		    && plugins_find_broken(&reader->plugins, node->key) != NULL)
			probes_find_plugin(reader, node->key, PW_PROBE, node->place);
	}
}

void
probes_take_defaults(struct reader *reader)
{
	layer_init(reader, &reader->defaults_layer);
	if (reader->defaults != NULL) {
		layer_take(reader, &reader->defaults_layer, NULL, reader->defaults, SCOPE_DEFAULTS);
		check_groups(reader);
	}
	for (uint32_t i = 0; i < reader->probe_count; i++) {
		struct probe *probe = &reader->probes[i];
		const struct node *group = reader->defaults == NULL ? NULL
		    : node_member(reader->defaults, probe->plugin->descriptor->name);

		probe->layer = reader->defaults_layer;
		for (uint32_t row = 0; row < probe->own_count; row++)
			value_default(&reader->values, &probe->plugin->descriptor->settings[row],
			    &probe->layer.own[row], NULL);
		if (group != NULL && group->kind == NODE_GROUP)
			layer_take(reader, &probe->layer, probe, group, SCOPE_PROBE_DEFAULTS);
	}
}

/* Which plugins there are may stand in a file that could not be read: then nothing is told. */
static void
report_missing(struct reader *reader, const char *name, enum pw_kind kind, struct place place)
{
	struct candidates candidates = { .count = 0 };
	const char *near;
	char all[200];
	struct text text = TEXT_OVER(all);

	if (reader->is_torn && reader->globals[GLOBAL_PLUGINS] == NULL)
		return;
	for (uint32_t i = 0; i < reader->config->plugin_count; i++)
		if (reader->config->plugins[i].descriptor->kind == kind)
			candidates_add(&candidates, reader->config->plugins[i].descriptor->name);
	for (size_t i = 0; i < candidates.count; i++)
		text_format(&text, "%s%s", i == 0 ? "" : ", ", candidates.words[i]);
	near = candidates_nearest(&candidates, name);
	FAULT(reader, place, "there is no %s plugin %s%s%s%s",
	    kind == PW_PROBE ? "probe" : "notifier", QUOTE(reader, name),
	    faults_suggest(&reader->faults, near),
	    near != NULL ? " There are " : text.size > 0 ? ": there are " : "", all);
}

const struct plugin *
probes_find_plugin(struct reader *reader, const char *name, enum pw_kind kind, struct place place)
{
	const struct broken_plugin *broken;

	for (uint32_t i = 0; i < reader->config->plugin_count; i++) {
		const struct plugin *plugin = &reader->config->plugins[i];

		if (strcmp(plugin->descriptor->name, name) != 0)
			continue;
		if (plugin->descriptor->kind == kind)
			return plugin;
		FAULT(reader, place, "the plugin %s is %s, and %s is needed", name,
		    plugin_kind_name(plugin->descriptor->kind), plugin_kind_name(kind));
		return NULL;
	}
	broken = plugins_find_broken(&reader->plugins, name);
	if (broken != NULL)
		FAULT(reader, place, "the plugin %s cannot be used: %s: %s", QUOTE(reader, name),
		    QUOTE(reader, broken->path), broken->why);
	else
		report_missing(reader, name, kind, place);
	return NULL;
}

struct probe *
probes_find(struct reader *reader, const char *name, struct place place)
{
	for (uint32_t i = 0; i < reader->probe_count; i++)
		if (strcmp(reader->probes[i].plugin->descriptor->name, name) == 0)
			return &reader->probes[i];
	probes_find_plugin(reader, name, PW_PROBE, place);
	return NULL;
}

/*
 * Looked for once: its fault belongs to `defaults`, and not to each target that has no probe of its
 * own.
 */
struct probe *
probes_find_default(struct reader *reader)
{
	const struct pw_setting *row = &target_settings[TARGET_PROBE];
	const struct node *node = reader->defaults == NULL
	    ? NULL
	    : node_member(reader->defaults, row->key);
	struct pw_value value = { .string = row->fallback };

	if (reader->default_probe_sought)
		return reader->default_probe;
	reader->default_probe_sought = true;
	if (node != NULL
	    && !value_of_node(&reader->values, &reader->faults, row, row->key, node, &value))
		return NULL;
	reader->default_probe = probes_find(
	    reader, value.string, node != NULL ? node->place : reader_main_file(reader));
	return reader->default_probe;
}
