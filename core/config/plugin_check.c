/*
 * For the loading of plugins: checks every table of a plugin's descriptor: what is wrong in one is
 * found when the plugin is loaded, and not when a target is first probed at night.
 */
#include "config/plugin_check.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/outcome.h"
#include "config/config.h"
#include "config/tables.h"

enum { NAME_SIZE_MAX = 31, PHASE_SIZE_MAX = 23, SESSION_MAX = 1 << 20, FAREWELL_MAX = 1000 };

static const int64_t limit_max = 24ll * 3600 * 1000000;

const char *
plugin_kind_name(enum pw_kind kind)
{
	return kind == PW_PROBE ? "a probe" : "a notifier";
}

/* Lower case letters, digits and underscores (a plugin's name: also '-'), beginning with a letter.
 */
static bool
is_name(const char *name, size_t size_max, bool dashes)
{
	static const char bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t size;

	if (name == NULL || name[0] < 'a' || name[0] > 'z')
		return false;
	size = strnlen(name, size_max + 1);
	for (size_t i = 0; i < size; i++)
		if (memchr(bytes, name[i], sizeof bytes - (dashes ? 1 : 2)) == NULL)
			return false;
	return size <= size_max;
}

/*
 * A key that the host or the plugin has already would be found by whoever looks first. The default
 * is parsed here, so that later it cannot fail.
 */
static bool
check_settings(const struct pw_plugin *plugin, struct values *values, struct reason *why)
{
	bool has_recipients = false, notifier = plugin->kind == PW_NOTIFIER;

	for (int i = 0; plugin->settings != NULL && plugin->settings[i].key != NULL; i++) {
		const struct pw_setting *row = &plugin->settings[i];
		char key[SETTING_KEY_MAX];
		struct pw_value value;
		struct reason what;

		if (i == PLUGIN_SETTINGS_MAX)
			return reason_set(why, "it has more than %d settings", PLUGIN_SETTINGS_MAX);
		if (!is_name(row->key, 40, false))
			return reason_set(why, "the key of its setting %d is not of [a-z0-9_]", i + 1);
		if (row->type < PW_STRING || row->type > PW_PATH)
			return reason_set(
			    why, "its setting %s has the unknown type %u", row->key, row->type);
		if (settings_are_taken(value_key(row, key), plugin->kind))
			return reason_set(why, "its setting %s has the name of one of the host's", key);
		if (settings_find(plugin->settings, key) != i)
			return reason_set(why, "it has the setting %s twice", key);
		if (row->min > row->max)
			return reason_set(why, "the range of its setting %s ends before it begins", key);
		if (row->type == PW_ENUM && (row->choices == NULL || row->choices[0] == NULL))
			return reason_set(why, "its setting %s has no choices", key);
		if (row->help == NULL)
			return reason_set(why, "its setting %s has no help", key);
		if (row->flags & ~(uint32_t)(PW_REQUIRED | PW_RECIPIENTS | PW_RELAY))
			return reason_set(
			    why, "its setting %s has unknown flags (0x%x)", key, row->flags);
		if (row->flags & PW_RECIPIENTS
		    && (row->type != PW_LIST || !notifier || has_recipients))
			return reason_set(why,
			    "only one setting can hold the recipients, a notifier's list: not %s",
			    key);
		has_recipients |= (row->flags & PW_RECIPIENTS) != 0;
		if (row->flags & PW_RELAY && (row->type != PW_STRING || !notifier))
			return reason_set(
			    why, "only a string of a notifier can name a relay: not %s", key);
		if (row->type == PW_SECRET && row->fallback != NULL)
			return reason_set(why, "its setting %s is a secret and has a default", key);
		if (!value_default(values, row, &value, &what))
			return reason_set(why, "the default of its setting %s: %s", key, what.text);
	}
	return true;
}

static_assert(offsetof(struct pw_phase, name) == 0 && offsetof(struct pw_outcome, name) == 0
    && offsetof(struct pw_fact_kind, name) == 0, "entries begin with their names");

/* Whether entry `at` of a table has a name that none before it has. Entries are `size` bytes apart,
 * and begin with it. */
static bool
check_name(const void *table, size_t size, int at, size_t size_max, const char *what,
    struct reason *why)
{
	const char *name = *(const char *const *)((const char *)table + (size_t)at * size);

	if (!is_name(name, size_max, false))
		return reason_set(why,
		    "the name of its %s %d is not of [a-z0-9_], up to %zu of them", what, at + 1,
		    size_max);
	for (int i = 0; i < at; i++)
		if (strcmp(name, *(const char *const *)((const char *)table + (size_t)i * size)) == 0)
			return reason_set(why, "it has the %s %s twice", what, name);
	return true;
}

/* Names are what limits and evidence go by; the host's own phases are in every probe. */
static bool
check_phases(const struct pw_probe_ops *ops, struct reason *why)
{
	static const char *const hosts[] = { "resolve", "connect", "quit", "leg" };
	const struct pw_phase *phases = ops->phases;
	int room = PHASES_MAX - 2 - (ops->farewell != NULL);

	for (int i = 0; phases != NULL && phases[i].name != NULL; i++) {
		const struct pw_phase *phase = &phases[i];

		if (i == room)
			return reason_set(why,
			    "it has more phases than there is room for: %d with the host's own",
			    PHASES_MAX);
		if (!check_name(phases, sizeof *phases, i, PHASE_SIZE_MAX, "phase", why))
			return false;
		for (size_t j = 0; j < sizeof hosts / sizeof *hosts; j++)
			if (strcmp(phase->name, hosts[j]) == 0)
				return reason_set(why, "its phase %s is the host's own", phase->name);
		if (phase->limit == 0 && phase_standard(phase->name) == NULL)
			return reason_set(why, "its phase %s has no limit", phase->name);
		if (phase->limit > (uint64_t)limit_max || phase->patient > (uint64_t)limit_max
		    || phase->slow > (uint64_t)limit_max)
			return reason_set(
			    why, "a limit of its phase %s is longer than a day", phase->name);
		if (phase->patient != 0 && phase->patient < phase->limit)
			return reason_set(why,
			    "the patient limit of its phase %s is shorter than the other",
			    phase->name);
		if (phase->flags & ~(uint32_t)PW_PHASE_TLS)
			return reason_set(why, "its phase %s has unknown flags (0x%x)", phase->name,
			    phase->flags);
	}
	return true;
}

static bool
check_outcomes(const struct pw_probe_ops *ops, struct reason *why)
{
	struct outcome found;
	struct reason unclean;

	for (int i = 0; ops->outcomes != NULL && ops->outcomes[i].name != NULL; i++) {
		const struct pw_outcome *outcome = &ops->outcomes[i];

		if (i == PLUGIN_OUTCOMES_MAX)
			return reason_set(why, "it has more than %d outcomes", PLUGIN_OUTCOMES_MAX);
		if (!check_name(ops->outcomes, sizeof *outcome, i, OUTCOME_NAME_MAX - 1, "outcome",
		        why))
			return false;
		if (outcome_find(outcome->name, NULL, &found))
			return reason_set(
			    why, "its outcome %s has the name of one of the host's", outcome->name);
		if (outcome->severity > PW_UNKNOWN)
			return reason_set(why, "its outcome %s has the unknown severity %u",
			    outcome->name, outcome->severity);
		if (outcome->text == NULL)
			return reason_set(why, "its outcome %s has no text", outcome->name);
		if (!text_is_clean(outcome->text, &unclean)
		    || (outcome->hint != NULL && !text_is_clean(outcome->hint, &unclean)))
			return reason_set(why, "the text or the hint of its outcome %s %s",
			    outcome->name, unclean.text);
		if (outcome->phase != NULL && strlen(outcome->phase) > PHASE_SIZE_MAX)
			return reason_set(why, "the phase of its outcome %s is no name of a phase",
			    outcome->name);
	}
	return true;
}

/* Programs came in 3. A probe that runs one has no use for what a dialogue needs. */
static bool
check_probe(const struct pw_plugin *plugin, struct reason *why)
{
	const struct pw_probe_ops *ops = plugin->ops;
	size_t size = plugin->minor < 3 ? offsetof(struct pw_probe_ops, program) : sizeof *ops;
	bool has_program = PLUGIN_HAS(ops, on_exit) && ops->program != NULL;

	if (ops->size < size)
		return reason_set(why, "its table of functions has %u bytes where ABI %u.%u has %zu",
		    ops->size, plugin->major, plugin->minor, size);
	if (plugin->flags & ~(uint32_t)(PW_USES_TLS | PW_REQUIRES_TLS))
		return reason_set(why, "it has unknown flags (0x%x)", plugin->flags);
	if ((plugin->flags & PW_REQUIRES_TLS) && !(plugin->flags & PW_USES_TLS))
		return reason_set(why, "it requires TLS and does not say that it uses it");
	if (ops->framing != PW_REPLIES && ops->framing != PW_LINES)
		return reason_set(why, "its framing is the unknown %u", ops->framing);
	if (PLUGIN_HAS(ops, on_exit) && has_program != (ops->on_exit != NULL))
		return reason_set(why, "it has one of program and on_exit, and not both");
	if (has_program && (ops->phases == NULL || ops->phases[0].name == NULL))
		return reason_set(why, "it runs a program and has no phase for it");
	if (!has_program && (ops->begin == NULL || ops->on_reply == NULL))
		return reason_set(
		    why, "it has no %s function", ops->begin == NULL ? "begin" : "on_reply");
	if (ops->session_size > SESSION_MAX)
		return reason_set(why, "a session of %u bytes is too large: up to %d", ops->session_size,
		    SESSION_MAX);
	if (ops->farewell != NULL && (strnlen(ops->farewell, FAREWELL_MAX + 1) > FAREWELL_MAX
	    || strpbrk(ops->farewell, "\r\n") != NULL))
		return reason_set(why, "its farewell is not one line");
	if (!check_phases(ops, why) || !check_outcomes(ops, why))
		return false;
	for (int i = 0; ops->facts != NULL && ops->facts[i].name != NULL; i++) {
		if (i == PLUGIN_FACTS_MAX)
			return reason_set(why, "it has more than %d facts", PLUGIN_FACTS_MAX);
		if (!check_name(ops->facts, sizeof *ops->facts, i, OUTCOME_NAME_MAX - 1, "fact",
		        why))
			return false;
	}
	return true;
}

/*
 * Tables of a plugin of an earlier minor version end before what was added since then (the ABI
 * grows at the end only): gates in 1, `needs` in 2, programs in 3.
 */
static bool
check_notifier(const struct pw_plugin *plugin, struct reason *why)
{
	const struct pw_notifier_ops *ops = plugin->ops;
	size_t size = plugin->minor < 1 ? offsetof(struct pw_notifier_ops, gate)
	    : plugin->minor < 2         ? offsetof(struct pw_notifier_ops, needs)
	    : plugin->minor < 3         ? offsetof(struct pw_notifier_ops, program)
	                                : sizeof *ops;
	size_t gate_size = plugin->minor < 2 ? offsetof(struct pw_gate_ops, needs)
	                                     : sizeof(struct pw_gate_ops);
	const struct pw_gate_ops *gate = PLUGIN_HAS(ops, gate) ? ops->gate : NULL;

	if (ops->size < size)
		return reason_set(why, "its table of functions has %u bytes where ABI %u.%u has %zu",
		    ops->size, plugin->major, plugin->minor, size);
	if (plugin->flags != 0)
		return reason_set(why, "it has unknown flags (0x%x)", plugin->flags);
	if (ops->deliver == NULL)
		return reason_set(why, "it has no deliver function");
	if (ops->session_size > SESSION_MAX)
		return reason_set(why, "a session of %u bytes is too large: up to %d", ops->session_size,
		    SESSION_MAX);
	if (gate != NULL
	    && (gate->size < gate_size || gate->open == NULL || gate->serve == NULL
	        || gate->close == NULL || ops->join == NULL))
		return reason_set(why, "a function of its gate is missing");
	if (gate != NULL && PLUGIN_HAS(ops, program) && ops->program != NULL)
		return reason_set(why, "it has both a gate and a program");
	if (gate != NULL && gate->memory_size > SESSION_MAX)
		return reason_set(why, "a gate's memory of %u bytes is too large: up to %d",
		    gate->memory_size, SESSION_MAX);
	return true;
}

/* Another version's fields mean other things: nothing behind the first four is read. */
bool
plugin_check(const struct pw_plugin *plugin, struct values *values, struct reason *why)
{
	if (plugin->magic != PW_MAGIC)
		return reason_set(why,
		    "pw_plugin does not begin with the magic number (0x%08x, not 0x%08x)",
		    plugin->magic, PW_MAGIC);
	if (plugin->major != PW_ABI_MAJOR)
		return reason_set(why,
		    "it is made for ABI %u.%u, and this is %d.%d: plugins of another major version "
		    "are refused", plugin->major, plugin->minor, PW_ABI_MAJOR, PW_ABI_MINOR);
	if (plugin->minor > PW_ABI_MINOR)
		return reason_set(why,
		    "it is made for ABI %u.%u, and this is %d.%d: plugins of a newer version are "
		    "refused", plugin->major, plugin->minor, PW_ABI_MAJOR, PW_ABI_MINOR);
	if (plugin->size < sizeof(struct pw_plugin))
		return reason_set(why, "its descriptor has %u bytes where ABI %u.%u has %zu",
		    plugin->size, plugin->major, plugin->minor, sizeof(struct pw_plugin));
	if (plugin->kind != PW_PROBE && plugin->kind != PW_NOTIFIER)
		return reason_set(why, "it is of the unknown kind %u: neither a probe nor a notifier",
		    plugin->kind);
	if (!is_name(plugin->name, NAME_SIZE_MAX, true))
		return reason_set(why, "its name is not of [a-z0-9_-], up to %d of them", NAME_SIZE_MAX);
	if (plugin->version == NULL || plugin->summary == NULL || plugin->ops == NULL)
		return reason_set(why, "it has no %s",
		    plugin->version == NULL       ? "version"
		        : plugin->summary == NULL ? "summary"
		                                  : "ops");
	if (!check_settings(plugin, values, why))
		return false;
	return plugin->kind == PW_PROBE ? check_probe(plugin, why) : check_notifier(plugin, why);
}
