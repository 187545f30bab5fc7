/*
 * For `postwatch plugins` and the manual pages: describes settings (kind, range, default) in words,
 * for the terminal and in mdoc(7), from the tables that the checks go by: what is written there
 * cannot differ from what holds.
 */
#include "config/reference.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "base/outcome.h"
#include "base/units.h"
#include "config/tables.h"
#include "config/value.h"

enum { COLUMNS = 78 };

static const struct reference_table tables[] = {
	{ "top", "Top level", global_settings },
	{ "log", "The log", log_settings },
	{ "target", "Targets and defaults", target_settings },
	{ "tls", "TLS", tls_settings_rows },
	{ "notifier", "Notifiers", notifier_settings },
	{ "window", "Windows", window_settings },
	{ "report", "Reports", report_settings },
	{ "heartbeat", "The heartbeat", heartbeat_settings },
	{ "web", "The page", web_settings },
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

/* "duration, 1s to 7d", "one of \"any\" \"all\"": what can be written. */
static void
add_kind(struct text *text, const struct pw_setting *row)
{
	static const char *const names[] = {
		[PW_STRING] = "string", [PW_INT] = "whole number", [PW_BOOL] = "true or false",
		[PW_DURATION] = "duration", [PW_SIZE] = "size", [PW_LIST] = "list of strings",
		[PW_SECRET] = "path of a file with the secret", [PW_REGEX] = "regular expression",
		[PW_PATH] = "path", [PW_ENUM] = "",
	};
	long long min = row->min, max = row->max;

	assert((size_t)row->type < sizeof names / sizeof *names);
	text_add(text, names[row->type]);
	for (int i = 0; row->type == PW_ENUM && row->choices[i] != NULL; i++) {
		const char *between = row->choices[i + 1] == NULL ? " or " : ", ";

		text_format(text, "%s\"%s\"", i == 0 ? "" : between, row->choices[i]);
	}
	/* A range of zeroes is none. Of a list it counts entries. */
	if (row->type == PW_LIST) {
		if (min > 0 && max > 0)
			text_format(text, ", %lld to %lld entries", min, max);
		else if (max > 0)
			text_format(text, ", up to %lld entries", max);
		if (row->flags & PW_RECIPIENTS)
			text_add(text, ", each told apart");
	} else if (min != 0 || max != 0) {
		text_add(text, ", ");
		value_add_number(text, row, min);
		text_add(text, " to ");
		value_add_number(text, row, max);
	}
}

/* The default as it would be written in a file: 3, "60s", [ "a", "b" ]; nothing where there is
 * none. */
static void
add_default(struct text *text, const struct pw_setting *row)
{
	bool is_bare = row->type == PW_INT || row->type == PW_BOOL;
	const char *words = row->fallback;

	if (words == NULL)
		return;
	if (row->type != PW_LIST) {
		text_format(text, is_bare ? "%s" : "\"%s\"", words);
		return;
	}
	text_add(text, "[");
	for (size_t size; *(words += strspn(words, " ")) != '\0'; words += size) {
		size = strcspn(words, " ");
		text_add(text, text->bytes[text->size - 1] == '[' ? " \"" : ", \"");
		text_add_bytes(text, words, size);
		text_add(text, "\"");
	}
	text_add(text, " ]");
}

/* For a terminal: some lines a setting. */
static void
add_settings(struct text *text, const struct pw_setting *rows)
{
	for (; rows != NULL && rows->key != NULL; rows++) {
		text_add(text, "  ");
		reference_add_key(text, rows);
		text_add(text, "   ");
		add_kind(text, rows);
		if (rows->flags & PW_REQUIRED)
			text_add(text, "; has to be set");
		if (rows->fallback != NULL) {
			text_add(text, "; default ");
			add_default(text, rows);
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

/* A plugin's phase without limits of its own has the standard ones of that name. */
static void
add_phases(struct text *text, const struct pw_probe_ops *ops)
{
	text_add(text, "\nPhases: limit, patient limit, slow above (besides resolve, connect");
	text_add(text, ops->farewell != NULL ? " and quit)\n" : ")\n");
	for (const struct pw_phase *phase = ops->phases; phase != NULL && phase->name != NULL;
	     phase++) {
		const struct pw_phase *limits = phase->limit != 0 ? phase
		                                                  : phase_standard(phase->name);

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
	for (const struct pw_outcome *outcome = ops->outcomes;
	     outcome != NULL && outcome->name != NULL; outcome++) {
		text_format(text, "  %s   %s\n      %s\n", outcome->name,
		    verdict_name((enum pw_verdict)outcome->severity), outcome->text);
		if (outcome->hint != NULL && outcome->hint[0] != '\0')
			text_format(text, "      %s\n", outcome->hint);
	}
	if (ops->facts != NULL && ops->facts->name != NULL)
		text_add(text, "\nIts own facts\n");
	for (const struct pw_fact_kind *fact = ops->facts; fact != NULL && fact->name != NULL;
	     fact++)
		text_format(text, "  %s%s\n      %s\n", fact->name,
		    fact->flags & PW_STEADY ? "   (a change of it is told)" : "",
		    fact->help == NULL ? "" : fact->help);
}

void
reference_add_plugin(struct text *text, const struct plugin *plugin)
{
	const struct pw_plugin *descriptor = plugin->descriptor;
	bool is_probe = descriptor->kind == PW_PROBE;

	text_format(text, "%s %s, %s: %s\n", descriptor->name, descriptor->version,
	    is_probe ? "a probe" : "a notifier", descriptor->summary);
	if (is_probe && plugin_probe(plugin)->default_port != 0)
		text_format(text, "port %u by default\n", plugin_probe(plugin)->default_port);
	if (descriptor->settings != NULL && descriptor->settings->key != NULL)
		text_add(text, "\nIts own settings\n");
	add_settings(text, descriptor->settings);
	if (descriptor->flags & PW_USES_TLS) {
		text_add(text,
		    descriptor->flags & PW_REQUIRES_TLS
		        ? "\nTLS settings (tls is at least \"require\")\n"
		        : "\nTLS settings\n");
		add_settings(text, tls_settings_rows);
	}
	if (!is_probe)
		return;
	add_phases(text, plugin_probe(plugin));
	add_outcomes(text, plugin_probe(plugin));
}

/* One word for mdoc: quotes and backslashes have names there. */
static void
add_roff(struct text *text, const char *word, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (word[i] == '\\')
			text_add(text, "\\e");
		else if (word[i] == '"')
			text_add(text, "\\(dq");
		else
			text_add_bytes(text, &word[i], 1);
	}
}

/* A sentence: the words with a capital and a full stop, in lines of their own, none of which begins
 * like a macro. */
static void
add_sentence(struct text *text, const char *words)
{
	size_t column = 0;

	for (size_t size; *(words += strspn(words, " ")) != '\0'; words += size) {
		char first = column == 0 ? (char)toupper((unsigned char)*words) : *words;
		struct text word = TEXT_ROOM(1024);

		size = strcspn(words, " ");
		add_roff(&word, &first, 1);
		add_roff(&word, words + 1, size - 1);
		if (column > 0) {
			bool fits = column + 1 + word.size <= COLUMNS;

			text_add(text, fits ? " " : "\n");
			column = fits ? column + 1 : 0;
		}
		if (column == 0 && (first == '.' || first == '\''))
			text_add(text, "\\&");
		text_add_bytes(text, word.bytes, word.size);
		column += word.size;
	}
	text_add(text, ".\n");
}

void
reference_add_mdoc(struct text *text, const struct pw_setting *rows)
{
	text_add(text, ".Bl -tag -width Ds\n");
	for (; rows->key != NULL; rows++) {
		struct text kind = TEXT_ROOM(300), words = TEXT_ROOM(300);

		text_add(text, ".It Ic ");
		reference_add_key(text, rows);
		text_add(text, "\n");
		add_sentence(text, rows->help);
		add_kind(&kind, rows);
		add_sentence(text, kind.bytes);
		if (rows->flags & PW_REQUIRED)
			text_add(text, "It has to be set.\n");
		if (rows->fallback == NULL)
			continue;
		text_add(&words, "by default ");
		add_default(&words, rows);
		add_sentence(text, words.bytes);
	}
	text_add(text, ".El\n");
}

void
reference_add_mdoc_limits(struct text *text)
{
	text_add(text,
	    ".Bl -column handshake limits patient_limits slow\n.It Em phase Ta Em limits Ta Em "
	    "patient_limits Ta Em slow\n");
	for (int i = 0; limit_settings[LIMIT_ROUTINE][i].key != NULL; i++) {
		text_format(text, ".It Ic %s", limit_settings[LIMIT_ROUTINE][i].key);
		for (int kind = 0; kind < LIMIT_KINDS; kind++)
			text_format(text, " Ta %s", limit_settings[kind][i].fallback);
		text_add(text, "\n");
	}
	text_add(text, ".El\n.Bl -tag -width Ds\n");
	for (int i = 0; limit_settings[LIMIT_ROUTINE][i].key != NULL; i++) {
		text_format(text, ".It Ic %s\n", limit_settings[LIMIT_ROUTINE][i].key);
		add_sentence(text, limit_settings[LIMIT_ROUTINE][i].help);
	}
	text_add(text, ".El\n");
}
