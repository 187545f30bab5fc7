/* Reads the files of a configuration and the settings at its top level. */
#include "config/plain.h"
#include "config/reader.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <sysexits.h>
#include <syslog.h>

#include "base/zone.h"
#include "config/accepted.h"
#include "config/input.h"

enum { TOP_LOG, TOP_DEFAULTS, TOP_TARGETS, TOP_NOTIFIERS, TOP_WINDOWS, TOP_HEARTBEAT };

/* A key that only one file may set. */
static void
set_once(struct reader *reader, const struct node **slot, const struct node *node)
{
	if (*slot == NULL)
		*slot = node;
	else
		faults_add(&reader->faults, node->place, "%s is set twice, here and in %s", node->key,
		    faults_place(&reader->faults, (*slot)->place));
}

static void
set_group(struct reader *reader, const struct node **slot, const struct node *node)
{
	if (node->kind == NODE_GROUP)
		set_once(reader, slot, node);
	else if (node->kind != NODE_BAD)
		faults_add(&reader->faults, node->place, "%s: is %s; write a group: %s = { ... };", node->key,
		    node_kind_name(node->kind), node->key);
}

static void
append(struct reader *reader, const struct node ***lists, uint32_t *count, const struct node *node)
{
	if (node->kind != NODE_LIST) {
		if (node->kind != NODE_BAD)
			faults_add(&reader->faults, node->place, "%s: is %s; write a list of groups: %s = ( { ... }, { ... } );",
			    node->key, node_kind_name(node->kind), node->key);
		return;
	}
	*lists = reallocarray(*lists, *count + 1, sizeof **lists);
	if (*lists == NULL)
		exit(EX_OSERR);
	(*lists)[(*count)++] = node;
}

/* What may stand at the top, and behind it what a user may have thought may. */
static const char *
next_key(void *arg, size_t index)
{
	enum { GROUPS = TOP_HEARTBEAT + 1 };

	(void)arg;
	if (index < GLOBAL_ROWS)
		return global_settings[index].key;
	if (index < GLOBAL_ROWS + GROUPS)
		return top_groups[index - GLOBAL_ROWS].key;
	return target_settings[index - GLOBAL_ROWS - GROUPS].key;
}

static void
blame_unknown(struct reader *reader, const struct node *node)
{
	const char *near = text_nearest(node->key, next_key, NULL), *where = "";
	bool is_targets = settings_find(target_settings, node->key) >= 0 || tls_settings_find(node->key) >= 0;

	for (int i = 0; i < LIMIT_KINDS; i++)
		is_targets |= strcmp(node->key, limit_groups[i].key) == 0;
	if (near != NULL && settings_find(target_settings, near) >= 0)
		where = ", which stands in targets or defaults";
	if (is_targets)
		faults_add(&reader->faults, node->place, "%s is a setting of targets: to set it for all, write defaults = { %s = ...; };",
		    node->key, node->key);
	else if (near != NULL)
		faults_add(&reader->faults, node->place, "unknown setting %s: did you mean %s%s?", QUOTE(reader, node->key), near, where);
	else
		faults_add(&reader->faults, node->place, "unknown setting %s", QUOTE(reader, node->key));
}

static int
find_group(const char *key)
{
	for (int i = 0; top_groups[i].key != NULL; i++)
		if (strcmp(top_groups[i].key, key) == 0)
			return i;
	return -1;
}

static void
take_top(struct reader *reader, const struct node *node)
{
	int row = settings_find(global_settings, node->key);

	if (node->key[0] == PLAIN_NO_KEY) /* a fault that has been told */
		return;
	if (row >= 0) {
		set_once(reader, &reader->globals[row], node);
		return;
	}
	switch (find_group(node->key)) {
	case TOP_LOG:
		set_group(reader, &reader->log, node);
		return;
	case TOP_DEFAULTS:
		set_group(reader, &reader->defaults, node);
		return;
	case TOP_TARGETS:
		append(reader, &reader->target_lists, &reader->target_list_count, node);
		return;
	case TOP_NOTIFIERS:
		append(reader, &reader->notifier_lists, &reader->notifier_list_count, node);
		return;
	case TOP_WINDOWS:
		append(reader, &reader->window_lists, &reader->window_list_count, node);
		return;
	case TOP_HEARTBEAT:
		set_group(reader, &reader->heartbeat, node);
		return;
	}
	blame_unknown(reader, node);
}

static void
read_file(struct reader *reader, const char *path)
{
	bool torn;
	const struct node *root = node_read_file(&reader->faults, reader->scratch, path, &torn);

	reader->is_torn = reader->is_torn || torn;
	for (uint32_t i = 0; root != NULL && i < root->count; i++)
		take_top(reader, &root->children[i]);
}

static int
is_part(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return size > 5 && entry->d_name[0] != '.' && strcmp(entry->d_name + size - 5, ".conf") == 0;
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* conf.d/ beside the main file. */
static void
read_part(struct reader *reader, const char *path)
{
	accepted_part(reader->faults.accepted, path);
	read_file(reader, path);
}

static void
read_parts(struct reader *reader)
{
	const char *folder = path_beside(reader->scratch, reader->source->path, "conf.d/");
	struct dirent **entries;
	int count = scandir(folder, &entries, is_part, by_bytes);

	if (count < 0) {
		if (errno != ENOENT && errno != ENOTDIR) {
			faults_add(&reader->faults, (struct place){ .file = faults_file(&reader->faults, folder) },
			    "cannot be read: %s", strerror(errno));
			reader->is_torn = true;
		}
		return;
	}
	for (int i = 0; i < count; i++) {
		read_part(reader, path_beside(reader->scratch, folder, entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
}

void
reader_read_files(struct reader *reader)
{
	if (reader->source->path != NULL) {
		const struct accepted *accepted = reader->faults.accepted;
		const char *part;

		read_file(reader, reader->source->path);
		if (!accepted_is_kept(accepted))
			read_parts(reader);
		for (size_t i = 0; accepted_is_kept(accepted) && (part = accepted_next_part(accepted, i)) != NULL; i++)
			read_file(reader, part);
	}
	reader_take_sets(reader);
}

static void
take_helo(struct reader *reader, const char *text)
{
	struct reason why;

	if (!helo_parse(reader->arena, text, &reader->config->helo, &why))
		faults_add(&reader->faults, reader->globals[GLOBAL_HELO]->place, "helo: %s %s", QUOTE(reader, text), why.text);
	else if (strchr(text, '.') == NULL && text[0] != '[')
		faults_warn(&reader->faults, reader->globals[GLOBAL_HELO]->place, "helo: %s has no domain: many servers refuse it",
		    QUOTE(reader, text));
}

bool
reader_check_zone(struct reader *reader, const struct node *node, const char *label, const char *name)
{
	struct reason why;
	struct zone *zone = zone_open(name, &why);
	bool good = zone != NULL;

	if (!good)
		faults_add(&reader->faults, node->place, "%s: %s", label, why.text);
	zone_close(&zone);
	return good;
}

bool
reader_take_row(struct reader *reader, const struct node *group, const struct pw_setting *row, struct pw_value *value)
{
	const struct node *node = node_member(group, row->key);
	struct reason why;

	value_default(&reader->values, row, value, &why);
	if (node == NULL && row->flags & PW_REQUIRED)
		faults_add(&reader->faults, group->place, "%s is missing: %s", row->key, row->help);
	if (node == NULL)
		return !(row->flags & PW_REQUIRED);
	return value_of_node(&reader->values, &reader->faults, row, row->key, node, value);
}

static void
take_resolvers(struct reader *reader, const struct pw_strings *list)
{
	struct address *resolvers = arena_array(reader->arena, list->count, sizeof *resolvers);

	for (uint32_t i = 0; i < list->count; i++)
		if (!address_parse_port(list->items[i], 53, &resolvers[i]) || address_class(&resolvers[i]) == ADDRESS_MULTICAST)
			faults_add(&reader->faults, reader->globals[GLOBAL_RESOLVERS]->place,
			    "resolvers: %s is not ADDRESS or ADDRESS:PORT, such as 127.0.0.1:5311 or [::1]:53", QUOTE(reader, list->items[i]));
	reader->config->resolvers = resolvers;
	reader->config->resolver_count = list->count;
}

static void
take_reference(struct reader *reader, const char *text, struct config_reference *reference)
{
	struct place place = reader->globals[GLOBAL_REFERENCES]->place;
	struct host host;
	uint16_t port = 0;

	if (!reader_take_endpoint(reader, "references: ", text, strlen(text), place, &host, &port))
		return;
	if (port == 0)
		faults_add(&reader->faults, place, "references: %s has no port: write HOST:PORT", QUOTE(reader, text));
	*reference = (struct config_reference){ text, host.ascii, port };
}

static void
take_references(struct reader *reader, const struct pw_strings *list)
{
	struct config_reference *references = arena_array(reader->arena, list->count, sizeof *references);

	for (uint32_t i = 0; i < list->count; i++)
		take_reference(reader, list->items[i], &references[i]);
	reader->config->references = references;
	reader->config->reference_count = list->count;
}

void
reader_take_globals(struct reader *reader)
{
	struct pw_value *values = reader->global;
	struct reason why;

	for (int i = 0; i < GLOBAL_ROWS; i++) {
		value_default(&reader->values, &global_settings[i], &values[i], &why);
		if (reader->globals[i] != NULL)
			value_of_node(&reader->values, &reader->faults, &global_settings[i], global_settings[i].key,
			    reader->globals[i], &values[i]);
	}
	reader->config->user = values[GLOBAL_USER].string;
	reader->config->pid_file = values[GLOBAL_PID_FILE].string;
	reader->config->per_address = (uint32_t)values[GLOBAL_PER_ADDRESS].number;
	reader->config->max_runs = (uint32_t)values[GLOBAL_MAX_RUNS].number;
	reader->config->keep_incidents = values[GLOBAL_KEEP_INCIDENTS].number;
	if (values[GLOBAL_HELO].string != NULL)
		take_helo(reader, values[GLOBAL_HELO].string);
	if (values[GLOBAL_TIMEZONE].string != NULL)
		reader->config->timezone = reader_check_zone(reader, reader->globals[GLOBAL_TIMEZONE], "timezone",
		    values[GLOBAL_TIMEZONE].string) ? values[GLOBAL_TIMEZONE].string : NULL;
	if (values[GLOBAL_RESOLVERS].list != NULL)
		take_resolvers(reader, values[GLOBAL_RESOLVERS].list);
	if (values[GLOBAL_REFERENCES].list != NULL)
		take_references(reader, values[GLOBAL_REFERENCES].list);
}

static const char *
next_log_key(void *arg, size_t index)
{
	(void)arg;
	return log_settings[index].key;
}

static void
blame_log(struct reader *reader, const struct node *node)
{
	const char *near = text_nearest(node->key, next_log_key, NULL);

	faults_add(&reader->faults, node->place, "log: unknown setting %s%s%s%s", QUOTE(reader, node->key),
	    near == NULL ? "" : ": did you mean ", near == NULL ? "" : near, near == NULL ? "" : "?");
}

void
reader_take_log(struct reader *reader)
{
	/* in the order of the words in the table */
	static const int facilities[] = { LOG_DAEMON, LOG_MAIL, LOG_USER, LOG_LOCAL0, LOG_LOCAL1, LOG_LOCAL2, LOG_LOCAL3,
		LOG_LOCAL4, LOG_LOCAL5, LOG_LOCAL6, LOG_LOCAL7 };
	static const int levels[] = { LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };
	struct pw_value values[LOG_ROWS];
	char label[SETTING_KEY_MAX + 4];
	struct text text;
	struct reason why;

	for (int i = 0; i < LOG_ROWS; i++)
		value_default(&reader->values, &log_settings[i], &values[i], &why);
	for (uint32_t i = 0; reader->log != NULL && i < reader->log->count; i++) {
		const struct node *node = &reader->log->children[i];
		int row = settings_find(log_settings, node->key);

		text = TEXT_OVER(label);
		text_format(&text, "log.%s", node->key);
		if (row >= 0)
			value_of_node(&reader->values, &reader->faults, &log_settings[row], label, node, &values[row]);
		else if (node->key[0] != PLAIN_NO_KEY)
			blame_log(reader, node);
	}
	reader->config->log_to = (enum log_to)values[LOG_TO].number;
	reader->config->log_facility = facilities[values[LOG_FACILITY].number];
	reader->config->log_level = levels[values[LOG_LEVEL].number];
}
