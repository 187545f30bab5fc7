/*
 * For the reading of a configuration: loads the plugins, and makes for each probe plugin the
 * settings that its targets begin with. Phases are numbered over all probes, so that limits in
 * `defaults` hold for a phase of whatever probe has one of that name.
 */
#include "config/probes.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* Adds a phase to the dialogue of a probe. Returns false if there are too many names. */
static bool
add_phase(struct reader *reader, struct probe *probe, const char *name)
{
	int number = add_phase_name(reader, name);

	assert(probe->phase_count < PHASES_MAX);
	probe->phase_numbers[probe->phase_count++] = (unsigned char)number;
	return number >= 0;
}

/* The order of a dialogue: the host's beginning, the probe's own phases, the farewell. */
static void
add_probe(struct reader *reader, const struct plugin *plugin)
{
	struct probe *probe = &reader->probes[reader->probe_count];
	const struct pw_probe_ops *ops = plugin_probe(plugin);
	const struct pw_setting *rows = plugin->descriptor->settings;
	const uint32_t file = diagnostics_file(&reader->diagnostics, plugin->path);
	const struct pw_phase *phase = ops->phases;
	bool good;

	*probe = (struct probe){ .plugin = plugin };
	while (rows != NULL && rows[probe->own_count].key != NULL)
		probe->own_count++;
	good = add_phase(reader, probe, "resolve") && add_phase(reader, probe, "connect");
	for (; good && phase != NULL && phase->name != NULL; phase++)
		good = add_phase(reader, probe, phase->name);
	if (good && ops->farewell != NULL)
		good = add_phase(reader, probe, "quit");
	if (good)
		reader->probe_count++;
	else
		FAULT(reader, (struct place){ .file = file },
		    "all plugins together have more than %d names of phases", PHASE_NAMES_MAX);
}

static void
load_named(struct reader *reader, const char *folder, const char *name)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof path, "%s/%s.so", folder, name) < sizeof path
	    && strchr(name, '/') == NULL && access(path, F_OK) == 0)
		plugins_load(&reader->plugins, path);
}

/* Those of the probes that are named, and of the one that targets have which name none. A plugin of
 * another file name is not found, which is a fault for who names it. */
static void
load_named_probes(struct reader *reader, const char *folder)
{
	const struct pw_setting *row = &target_settings[TARGET_PROBE];

	load_named(reader, folder, row->fallback);
	if (reader->wanted_probe != NULL)
		load_named(reader, folder, reader->wanted_probe);
	for (uint32_t i = 0; reader->defaults != NULL && i < reader->defaults->count; i++)
		if (reader->defaults->children[i].kind == NODE_GROUP)
			load_named(reader, folder, reader->defaults->children[i].key);
	for (uint32_t i = 0; i <= reader->target_groups.count; i++) {
		const struct node *group = i == 0 ? reader->defaults
		                                  : reader->target_groups.items[i - 1];
		const struct node *probe = group == NULL ? NULL : node_member(group, row->key);

		if (probe != NULL && probe->kind == NODE_STRING)
			load_named(reader, folder, probe->text);
	}
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
	    : diagnostics_file_name(&reader->diagnostics, node->place.file);

	if (folder == NULL)
		folder = plugins_standard_folder(reader->scratch);
	plugins_init(plugins, &reader->values);
	if (reader->source->probes_alone)
		load_named_probes(reader, folder);
	else
		plugins_load(plugins, folder);
	for (uint32_t i = 0; more != NULL && i < more->count; i++)
		plugins_load(plugins, path_absolute(reader->scratch, from, more->items[i]));
	for (uint32_t i = 0; i < plugins->broken_count; i++) {
		const struct broken_plugin *broken = &plugins->broken[i];
		const struct place place = { .file =
		    diagnostics_file(&reader->diagnostics, broken->path) };

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
	reader->probes = arena_array(reader->scratch, plugins->count + 1, sizeof *reader->probes);
	for (uint32_t i = 0; i < plugins->count; i++)
		if (kept[i].descriptor->kind == PW_PROBE)
			add_probe(reader, &kept[i]);
}

/*
 * A group in `defaults` that is called like a probe whose plugin was refused: that the probe is
 * wanted shows there, and "unknown setting" would send the user astray.
 */
void
probes_take_defaults(struct reader *reader)
{
	layer_init(reader, &reader->defaults_layer);
	if (reader->defaults != NULL)
		layer_take(reader, &reader->defaults_layer, NULL, reader->defaults, SCOPE_DEFAULTS);
	for (uint32_t i = 0; reader->defaults != NULL && i < reader->defaults->count; i++) {
		const struct node *node = &reader->defaults->children[i];
		bool is_known = settings_find(target_settings, node->key) >= 0
		    || limit_group_find(node->key) >= 0;

		if (node->kind == NODE_GROUP && !is_known
		    && plugins_find_broken(&reader->plugins, node->key) != NULL)
			probes_find_plugin(reader, node->key, PW_PROBE, node->place);
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
const struct plugin *
probes_find_plugin(struct reader *reader, const char *name, enum pw_kind kind, struct place place)
{
	const struct config *config = reader->config;
	const struct broken_plugin *broken = plugins_find_broken(&reader->plugins, name);
	struct nearest near = nearest_to(name);
	struct text all = TEXT_OVER((char[200]){ 0 });
	const struct plugin *found = plugins_find(&reader->plugins, name, kind);

	if (found != NULL)
		return &config->plugins[found - reader->plugins.items];
	for (uint32_t i = 0; i < config->plugin_count; i++) {
		const struct pw_plugin *plugin = config->plugins[i].descriptor;

		if (strcmp(plugin->name, name) == 0) {
			FAULT(reader, place, "the plugin %s is %s, and %s is needed", name,
			    plugin_kind_name(plugin->kind), plugin_kind_name(kind));
			return NULL;
		}
		if (plugin->kind != kind)
			continue;
		text_format(&all, "%s%s", all.size == 0 ? "" : ", ", plugin->name);
		nearest_try(&near, plugin->name);
	}
	if (broken != NULL)
		FAULT(reader, place, "the plugin %s cannot be used: %s: %s", QUOTE(reader, name),
		    QUOTE(reader, broken->path), broken->why);
	else if (!reader->is_torn || reader->globals[GLOBAL_PLUGINS] != NULL)
		FAULT(reader, place, "there is no %s plugin %s%s%s%s",
		    kind == PW_PROBE ? "probe" : "notifier", QUOTE(reader, name),
		    diagnostics_suggest(&reader->diagnostics, near.best),
		    near.best != NULL ? " There are " : all.size > 0 ? ": there are " : "", all.bytes);
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
	if (node != NULL && !reader_take(reader, row, node, &value))
		return NULL;
	reader->default_probe = probes_find(
	    reader, value.string, node != NULL ? node->place : reader_main_file(reader));
	return reader->default_probe;
}
