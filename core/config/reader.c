/*
 * For the modules that read a configuration: steps that several of them take. Each tells the fault
 * that it finds in the words that a user knows it by, whichever module it was found for.
 */
#include "config/reader.h"

#include <assert.h>
#include <string.h>

#include "base/zone.h"

struct place
reader_command_line(struct reader *reader)
{
	return (struct place){ .file = diagnostics_file(&reader->diagnostics, "command line") };
}

struct place
reader_main_file(struct reader *reader)
{
	const char *path = reader->source->path;

	return (struct place){ .file = diagnostics_file(
		                   &reader->diagnostics, path != NULL ? path : "command line") };
}

bool
reader_take(struct reader *reader, const struct pw_setting *row, const struct node *node,
    struct pw_value *value)
{
	char key[SETTING_KEY_MAX];

	return value_of_node(
	    &reader->values, &reader->diagnostics, row, value_key(row, key), node, value);
}

/* The default is there also after a fault, so that whoever goes on need not ask. */
bool
reader_take_row(struct reader *reader, const struct node *group, const struct pw_setting *row,
    struct pw_value *value)
{
	const struct node *node = node_member(group, row->key);

	value_default(&reader->values, row, value, NULL);
	if (node != NULL)
		return reader_take(reader, row, node, value);
	if (row->flags & PW_REQUIRED)
		FAULT(reader, group->place, "%s is missing: %s", row->key, row->help);
	return !(row->flags & PW_REQUIRED);
}

bool
reader_take_table(struct reader *reader, const struct node *group, const char *prefix,
    const struct pw_setting *rows, struct pw_value *values)
{
	bool good = true;

	for (int i = 0; rows[i].key != NULL; i++) {
		const struct node *node = group == NULL ? NULL : node_member(group, rows[i].key);
		struct text label = TEXT_OVER((char[2 * SETTING_KEY_MAX]){ 0 });

		value_default(&reader->values, &rows[i], &values[i], NULL);
		text_format(&label, "%s%s", prefix, rows[i].key);
		if (node != NULL)
			good &= value_of_node(&reader->values, &reader->diagnostics, &rows[i],
			    label.bytes, node, &values[i]);
	}
	return good;
}

bool
reader_check_zone(
    struct reader *reader, const struct node *node, const char *label, const char *name)
{
	struct reason why;
	struct zone *zone = zone_open(name, &why);
	bool good = zone != NULL;

	if (!good)
		FAULT(reader, node->place, "%s: %s", label, why.text);
	zone_close(&zone);
	return good;
}

/* A URL is what people copy from elsewhere, and its "://" would be told as a port that is none. */
bool
reader_parse_host_port(struct reader *reader, struct pw_bytes text, struct place place,
    const char *label, struct host_port *result)
{
	struct endpoint endpoint;
	struct reason why;

	*result = (struct host_port){ .port = 0 };
	if (memmem(text.data, text.size, "://", 3) != NULL)
		return FAULT(reader, place, "%s%s is a URL, and a host name or an address is wanted",
		    label, diagnostics_quote_bytes(&reader->diagnostics, text.data, text.size));
	if (!endpoint_parse(text.data, text.size, &endpoint, &why))
		return FAULT(reader, place, "%s%s", label, why.text);
	result->port = endpoint.port;
	if (host_parse(reader->arena, endpoint.host, endpoint.host_size, &result->host, &why))
		return true;
	return FAULT(reader, place, "%s%s %s", label,
	    diagnostics_quote_bytes(&reader->diagnostics, endpoint.host, endpoint.host_size),
	    why.text);
}

void
reader_try_settings(
    struct reader *reader, struct nearest *near, const struct pw_setting *rows)
{
	char key[SETTING_KEY_MAX];

	for (; rows != NULL && rows->key != NULL; rows++)
		nearest_try(near, arena_intern(reader->scratch, value_key(rows, key)));
}

void
reader_report_unknown(
    struct reader *reader, const struct node *node, const char *label, const char *near)
{
	FAULT(reader, node->place, "%sunknown setting %s%s", label, QUOTE(reader, node->key),
	    diagnostics_suggest(&reader->diagnostics, near));
}

bool
reader_report_bare_secret(
    struct reader *reader, const struct node *node, const struct pw_setting *rows)
{
	for (; rows != NULL && rows->key != NULL; rows++) {
		if (rows->type != PW_SECRET || strcmp(rows->key, node->key) != 0)
			continue;
		FAULT(reader, node->place,
		    "%s is a secret: write it into a file of its own and say %s_file = \"...\"",
		    node->key, node->key);
		return true;
	}
	return false;
}

void
reader_check_keys(struct reader *reader, const struct node *group, const char *label,
    const struct pw_setting *hosts, const struct pw_setting *plugins)
{
	for (uint32_t i = 0; i < group->count; i++) {
		const struct node *node = &group->children[i];
		struct nearest near = nearest_to(node->key);

		if (settings_find(hosts, node->key) >= 0 || settings_find(plugins, node->key) >= 0
		    || reader_report_bare_secret(reader, node, plugins))
			continue;
		reader_try_settings(reader, &near, hosts);
		reader_try_settings(reader, &near, plugins);
		reader_report_unknown(reader, node, label, near.best);
	}
}

uint32_t
reader_find_notifier(const struct reader *reader, const char *name)
{
	for (uint32_t i = 0; i < reader->notifier_count; i++)
		if (strcmp(reader->notifiers[i].name, name) == 0)
			return i;
	return CONFIG_NONE;
}

/* A notifier may stand in the file that could not be read: then nothing is told. */
uint32_t
reader_require_notifier(
    struct reader *reader, struct place place, const char *label, const char *name)
{
	uint32_t index = reader_find_notifier(reader, name);
	struct nearest near = nearest_to(name);

	assert(index == CONFIG_NONE || index < reader->notifier_count);
	if (index != CONFIG_NONE || reader->is_torn)
		return index;
	for (uint32_t i = 0; i < reader->notifier_count; i++)
		nearest_try(&near, reader->notifiers[i].name);
	FAULT(reader, place, "%s: there is no notifier %s%s", label, QUOTE(reader, name),
	    diagnostics_suggest(&reader->diagnostics,
	    near.best == NULL ? NULL : QUOTE(reader, near.best)));
	return CONFIG_NONE;
}

int
reader_phase_number(const struct reader *reader, const char *name)
{
	for (uint32_t i = 0; i < reader->phase_name_count; i++)
		if (strcmp(reader->phase_names[i], name) == 0)
			return (int)i;
	return -1;
}
