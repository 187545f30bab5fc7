/* Describes settings (kind, range, default) in words, for the terminal and the manual page. */
#include "config/reference.h"

#include <string.h>

#include "base/outcome.h"
#include "base/units.h"
#include "config/tables.h"
#include "config/value.h"

static const struct reference_table tables[] = {
	{ "top", "Top level", global_settings },
	{ "log", "The log", log_settings },
	{ "target", "Targets and defaults", target_settings },
	{ "tls", "TLS", tls_settings_rows },
	{ "notifier", "Notifiers", notifier_settings },
	{ "window", "Windows", window_settings },
	{ "heartbeat", "The heartbeat", heartbeat_settings },
	{ NULL, NULL, NULL },
};

const struct reference_table *
reference_tables(void)
{
	return tables;
}

void
reference_add_key(struct text *text, const struct pw_setting *row)
{
	char key[SETTING_KEY_MAX];

	text_add(text, value_key(row, key));
}

static void
add_range(struct text *text, const struct pw_setting *row)
{
	if (row->min == 0 && row->max == 0)
		return;
	text_add(text, ", ");
	value_add_number(text, row, row->min);
	text_add(text, " to ");
	value_add_number(text, row, row->max);
}

static void
add_choices(struct text *text, const struct pw_setting *row)
{
	for (int i = 0; row->choices[i] != NULL; i++)
		text_format(text, "%s\"%s\"", i == 0 ? "" : row->choices[i + 1] == NULL ? " or " : ", ", row->choices[i]);
}

static void
add_count(struct text *text, const struct pw_setting *row)
{
	if (row->min > 0 && row->max > 0)
		text_format(text, ", %lld to %lld entries", (long long)row->min, (long long)row->max);
	else if (row->max > 0)
		text_format(text, ", up to %lld entries", (long long)row->max);
	if (row->flags & PW_RECIPIENTS)
		text_add(text, ", each told apart");
}

void
reference_add_kind(struct text *text, const struct pw_setting *row)
{
	static const char *const names[] = {
		[PW_STRING] = "string", [PW_INT] = "whole number", [PW_BOOL] = "true or false", [PW_DURATION] = "duration",
		[PW_SIZE] = "size", [PW_LIST] = "list of strings", [PW_SECRET] = "path of a file with the secret",
		[PW_REGEX] = "regular expression", [PW_PATH] = "path",
	};

	if (row->type == PW_ENUM)
		add_choices(text, row);
	else
		text_add(text, names[row->type]);
	if (row->type == PW_LIST)
		add_count(text, row);
	else
		add_range(text, row);
}

static void
add_words(struct text *text, const char *words)
{
	text_add(text, "[");
	for (size_t size; *(words += strspn(words, " ")) != '\0'; words += size) {
		size = strcspn(words, " ");
		text_add(text, text->bytes[text->size - 1] == '[' ? " \"" : ", \"");
		text_add_bytes(text, words, size);
		text_add(text, "\"");
	}
	text_add(text, " ]");
}

void
reference_add_default(struct text *text, const struct pw_setting *row)
{
	if (row->fallback == NULL)
		return;
	if (row->type == PW_LIST) {
		add_words(text, row->fallback);
	} else {
		bool is_bare = row->type == PW_INT || row->type == PW_BOOL;

		text_format(text, is_bare ? "%s" : "\"%s\"", row->fallback);
	}
}

void
reference_add_settings(struct text *text, const struct pw_setting *rows)
{
	for (; rows != NULL && rows->key != NULL; rows++) {
		text_add(text, "  ");
		reference_add_key(text, rows);
		text_add(text, "   ");
		reference_add_kind(text, rows);
		if (rows->flags & PW_REQUIRED)
			text_add(text, "; has to be set");
		if (rows->fallback != NULL) {
			text_add(text, "; default ");
			reference_add_default(text, rows);
		}
		text_format(text, "\n      %s\n", rows->help);
	}
}

static void
add_limit(struct text *text, uint64_t limit)
{
	text_add(text, " ");
	units_add_duration(text, (int64_t)limit);
}

static void
add_phases(struct text *text, const struct pw_probe_ops *ops)
{
	text_add(text, "\nPhases: limit, patient limit, slow above (besides resolve, connect");
	text_add(text, ops->farewell != NULL ? " and quit)\n" : ")\n");
	for (const struct pw_phase *phase = ops->phases; phase != NULL && phase->name != NULL; phase++) {
		const struct pw_phase *limits = phase->limit != 0 ? phase : phase_standard(phase->name);

		text_format(text, "  %-12s", phase->name);
		add_limit(text, limits->limit);
		add_limit(text, limits->patient != 0 ? limits->patient : limits->limit);
		if (limits->slow != 0)
			add_limit(text, limits->slow);
		text_add(text, phase->flags & PW_PHASE_TLS ? "  (with TLS)\n" : "\n");
	}
}

static void
add_outcomes(struct text *text, const struct pw_probe_ops *ops)
{
	if (ops->outcomes != NULL && ops->outcomes->name != NULL)
		text_add(text, "\nIts own outcomes and warnings\n");
	for (const struct pw_outcome *outcome = ops->outcomes; outcome != NULL && outcome->name != NULL; outcome++) {
		text_format(text, "  %s   %s\n      %s\n", outcome->name, verdict_name((enum pw_verdict)outcome->severity), outcome->text);
		if (outcome->hint != NULL && outcome->hint[0] != '\0')
			text_format(text, "      %s\n", outcome->hint);
	}
	if (ops->facts != NULL && ops->facts->name != NULL)
		text_add(text, "\nIts own facts\n");
	for (const struct pw_fact_kind *fact = ops->facts; fact != NULL && fact->name != NULL; fact++)
		text_format(text, "  %s%s\n      %s\n", fact->name, fact->flags & PW_STEADY ? "   (a change of it is told)" : "",
		    fact->help == NULL ? "" : fact->help);
}

void
reference_add_plugin(struct text *text, const struct plugin *plugin)
{
	const struct pw_plugin *descriptor = plugin->descriptor;
	bool is_probe = descriptor->kind == PW_PROBE;

	text_format(text, "%s %s, %s: %s\n", descriptor->name, descriptor->version, is_probe ? "a probe" : "a notifier",
	    descriptor->summary);
	if (is_probe && plugin_probe(plugin)->default_port != 0)
		text_format(text, "port %u by default\n", plugin_probe(plugin)->default_port);
	if (descriptor->settings != NULL && descriptor->settings->key != NULL)
		text_add(text, "\nIts own settings\n");
	reference_add_settings(text, descriptor->settings);
	if (descriptor->flags & PW_USES_TLS) {
		text_add(text, descriptor->flags & PW_REQUIRES_TLS ? "\nTLS settings (tls is at least \"require\")\n" : "\nTLS settings\n");
		reference_add_settings(text, tls_settings_rows);
	}
	if (!is_probe)
		return;
	add_phases(text, plugin_probe(plugin));
	add_outcomes(text, plugin_probe(plugin));
}
