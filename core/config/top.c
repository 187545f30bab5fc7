/*
 * For the reading of a configuration: reads its files and the settings at their top, and fills in
 * from this host what they leave open: name, state folder, number of processes.
 */
#include "config/top.h"

#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>
#include <unistd.h>

#include "base/identity.h"
#include "base/vec.h"
#include "config/snapshot.h"
#include "config/input.h"
#include "config/reader.h"

enum { TARGETS_A_PROBER = 5000 };

/* In the order of top_groups. */
enum { TOP_LOG, TOP_DEFAULTS, TOP_TARGETS, TOP_NOTIFIERS, TOP_WINDOWS, TOP_REPORTS, TOP_HEARTBEAT, TOP_WEB };

/*
 * A key that only one of all files may set, else it would depend on the order of their names which
 * holds.
 */
static void
set_once(struct reader *reader, const struct node **slot, const struct node *node)
{
	if (*slot == NULL)
		*slot = node;
	else
		FAULT(reader, node->place, "%s is set twice, here and in %s", node->key,
		    diagnostics_place(&reader->diagnostics, (*slot)->place));
}

static void
set_group(struct reader *reader, const struct node **slot, const struct node *node)
{
	if (node->kind == NODE_GROUP)
		set_once(reader, slot, node);
	else if (node->kind != NODE_BAD)
		FAULT(reader, node->place, "%s: is %s; write a group: %s = { ... };", node->key,
		    node_kind_name(node->kind), node->key);
}

/*
 * Lists of all files are joined. An entry that is no group is told here once for all kinds of
 * lists, with an example of what it has to have.
 */
static void
add_groups(
    struct reader *reader, struct groups *groups, const struct node *list, const char *example)
{
	if (list->kind != NODE_LIST && list->kind != NODE_BAD)
		FAULT(reader, list->place,
		    "%s: is %s; write a list of groups: %s = ( { ... }, { ... } );", list->key,
		    node_kind_name(list->kind), list->key);
	for (uint32_t i = 0; list->kind == NODE_LIST && i < list->count; i++) {
		const struct node *node = &list->children[i];

		if (node->kind == NODE_GROUP) {
			VEC_REQUIRE(groups->items, groups->count, groups->room);
			groups->items[groups->count++] = node;
		} else if (node->kind != NODE_BAD) {
			FAULT(reader, node->place, "%s: %s where a group { %s } should be",
			    list->key, node_kind_name(node->kind), example);
		}
	}
}

/* Suggested is what may stand at the top, and what a user may have thought may. */
static void
report_unknown(struct reader *reader, const struct node *node)
{
	struct nearest near = nearest_to(node->key);

	if (settings_are_taken(node->key, PW_PROBE)) {
		FAULT(reader, node->place,
		    "%s is a setting of targets: to set it for all, write defaults = { %s = ...; "
		    "};", node->key, node->key);
		return;
	}
	reader_try_settings(reader, &near, global_settings);
	for (int i = 0; top_groups[i].key != NULL; i++)
		nearest_try(&near, top_groups[i].key);
	reader_try_settings(reader, &near, target_settings);
	if (near.best != NULL && settings_find(target_settings, near.best) >= 0)
		FAULT(reader, node->place,
		    "unknown setting %s: did you mean %s, which stands in targets or defaults?",
		    QUOTE(reader, node->key), near.best);
	else
		reader_report_unknown(reader, node, "", near.best);
}

static void
take_setting(struct reader *reader, const struct node *node)
{
	int row = settings_find(global_settings, node->key), group = 0;

	if (row >= 0) {
		set_once(reader, &reader->globals[row], node);
		return;
	}
	while (top_groups[group].key != NULL && strcmp(top_groups[group].key, node->key) != 0)
		group++;
	switch (group) {
	case TOP_LOG: set_group(reader, &reader->log, node); break;
	case TOP_DEFAULTS: set_group(reader, &reader->defaults, node); break;
	case TOP_TARGETS:
		add_groups(reader, &reader->target_groups, node, "host = \"...\";");
		break;
	case TOP_NOTIFIERS:
		add_groups(
		    reader, &reader->notifier_groups, node, "name = \"...\"; plugin = \"...\";");
		break;
	case TOP_WINDOWS:
		add_groups(reader, &reader->window_groups, node,
		    "targets = [ \"...\" ]; when = \"...\"; why = \"...\";");
		break;
	case TOP_REPORTS:
		add_groups(reader, &reader->report_groups, node, "notifier = \"...\";");
		break;
	case TOP_HEARTBEAT: set_group(reader, &reader->heartbeat, node); break;
	case TOP_WEB: set_group(reader, &reader->web, node); break;
	default: report_unknown(reader, node);
	}
}

static void
read_file(struct reader *reader, const char *path)
{
	bool torn;
	const struct node *root = node_read_file(&reader->diagnostics, reader->scratch, path,
	    &torn);

	reader->is_torn = reader->is_torn || torn;
	for (uint32_t i = 0; root != NULL && i < root->count; i++)
		take_setting(reader, &root->children[i]);
}

/*
 * The main file, and conf.d/ beside it in the order of bytes: the locale of whoever starts us has
 * no say. That there is no such folder is no fault. What is read again after a reload is what was
 * checked: its list of files, too, for a part may have come or gone meanwhile.
 */
void
top_read_files(struct reader *reader)
{
	struct snapshot *snapshot = reader->diagnostics.snapshot;
	struct dirent **entries;
	const char *folder, *part;
	int count;

	if (reader->source->path == NULL)
		return;
	read_file(reader, reader->source->path);
	if (snapshot_is_saved(snapshot)) {
		for (size_t i = 0; (part = snapshot_next_part(snapshot, i)) != NULL; i++)
			read_file(reader, part);
		return;
	}
	folder = path_beside(reader->scratch, reader->source->path, "conf.d/");
	count = folder_read(folder, ".conf", &entries);
	if (count < 0 && (errno == ENOENT || errno == ENOTDIR))
		return;
	if (count < 0) {
		FAULT(reader,
		    (struct place){ .file = diagnostics_file(&reader->diagnostics, folder) },
		    "cannot be read: %s", strerror(errno));
		reader->is_torn = true;
		return;
	}
	for (int i = 0; i < count; i++) {
		part = path_beside(reader->scratch, folder, entries[i]->d_name);
		snapshot_part(snapshot, part);
		read_file(reader, part);
		free(entries[i]);
	}
	free(entries);
}

static void
take_references(struct reader *reader, const struct pw_strings *list)
{
	struct config_reference *references = arena_array(
	    reader->arena, list->count, sizeof *references);
	struct place place = reader->globals[GLOBAL_REFERENCES]->place;

	for (uint32_t i = 0; i < list->count; i++) {
		const char *text = list->items[i];
		struct host_port where;

		if (!reader_parse_host_port(reader, (struct pw_bytes){ text, strlen(text) }, place,
		        "references: ", &where))
			continue;
		if (where.port == 0)
			FAULT(reader, place, "references: %s has no port: write HOST:PORT",
			    QUOTE(reader, text));
		references[i] = (struct config_reference){ text, where.host.ascii, where.port };
	}
	reader->config->references = references;
	reader->config->reference_count = list->count;
}

void
top_take_globals(struct reader *reader)
{
	struct config *config = reader->config;
	struct pw_value *values = reader->global;
	const char *helo, *zone;
	const struct pw_strings *list;
	struct address *resolvers;
	struct identity identity;
	struct reason why;

	for (int i = 0; i < GLOBAL_ROWS; i++) {
		value_default(&reader->values, &global_settings[i], &values[i], NULL);
		if (reader->globals[i] != NULL)
			reader_take(reader, &global_settings[i], reader->globals[i], &values[i]);
	}
	config->user = values[GLOBAL_USER].string;
	/* One that does not exist is told later (service_files_check). */
	if (identity_find(&identity, config->user, top_find_state(reader), &why))
		reader->values.owner = reader->passing.owner = identity.uid;
	config->pid_file = values[GLOBAL_PID_FILE].string;
	config->per_address = (uint32_t)values[GLOBAL_PER_ADDRESS].number;
	config->max_runs = (uint32_t)values[GLOBAL_MAX_RUNS].number;
	config->keep_incidents = values[GLOBAL_KEEP_INCIDENTS].number;
	config->shadow = values[GLOBAL_SHADOW].number != 0;
	/* RFC 5321, section 4.1.1.1: the name is a full one. */
	helo = values[GLOBAL_HELO].string;
	if (helo != NULL && !helo_parse(reader->arena, helo, &config->helo, &why))
		FAULT(reader, reader->globals[GLOBAL_HELO]->place, "helo: %s %s",
		    QUOTE(reader, helo), why.text);
	else if (helo != NULL && strchr(helo, '.') == NULL && helo[0] != '[')
		WARN(reader, reader->globals[GLOBAL_HELO]->place,
		    "helo: %s has no domain: many servers refuse it", QUOTE(reader, helo));
	zone = values[GLOBAL_TIMEZONE].string;
	if (zone != NULL
	    && reader_check_zone(reader, reader->globals[GLOBAL_TIMEZONE], "timezone", zone))
		config->timezone = zone;
	list = values[GLOBAL_RESOLVERS].list;
	config->resolver_count = list == NULL ? 0 : list->count;
	config->resolvers = resolvers = arena_array(
	    reader->arena, config->resolver_count, sizeof *resolvers);
	for (uint32_t i = 0; i < config->resolver_count; i++)
		if (!address_parse_port(list->items[i], 53, &resolvers[i])
		    || address_class(&resolvers[i]) == ADDRESS_MULTICAST)
			FAULT(reader, reader->globals[GLOBAL_RESOLVERS]->place,
			    "resolvers: %s is not ADDRESS or ADDRESS:PORT, such as 127.0.0.1:5311 "
			    "or [::1]:53", QUOTE(reader, list->items[i]));
	if (values[GLOBAL_REFERENCES].list != NULL)
		take_references(reader, values[GLOBAL_REFERENCES].list);
}

void
top_take_log(struct reader *reader)
{
	/* in the order of the words in the table */
	static const int facilities[] = { LOG_DAEMON, LOG_MAIL, LOG_USER, LOG_LOCAL0, LOG_LOCAL1,
		LOG_LOCAL2, LOG_LOCAL3, LOG_LOCAL4, LOG_LOCAL5, LOG_LOCAL6, LOG_LOCAL7 };
	static const int levels[] = { LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };
	struct pw_value values[LOG_ROWS];

	reader_take_table(reader, reader->log, "log.", log_settings, values);
	if (reader->log != NULL)
		reader_check_keys(reader, reader->log, "log: ", log_settings, NULL);
	reader->config->log_to = (enum log_to)values[LOG_TO].number;
	reader->config->log_facility = facilities[values[LOG_FACILITY].number];
	reader->config->log_level = levels[values[LOG_LEVEL].number];
}

/*
 * The name of this host, if it has a full one. Our own resolver is asked, with little patience: at
 * boot it may not be there yet, and an address literal in EHLO does as well.
 */
static const char *
own_name(struct reader *reader)
{
	static const struct addrinfo hints = { .ai_flags = AI_CANONNAME,
		.ai_socktype = SOCK_STREAM };
	char name[256] = "";
	struct addrinfo *found = NULL;
	const char *helo = NULL;
	bool is_patient = getenv("RES_OPTIONS") != NULL;

	if (gethostname(name, sizeof name - 1) < 0 || name[0] == '\0')
		return NULL;
	if (strchr(name, '.') == NULL) {
		if (!is_patient)
			setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
		if (getaddrinfo(name, NULL, &hints, &found) == 0 && found->ai_canonname != NULL)
			snprintf(name, sizeof name, "%s", found->ai_canonname);
		if (found != NULL)
			freeaddrinfo(found);
		if (!is_patient)
			unsetenv("RES_OPTIONS");
	}
	if (strchr(name, '.') == NULL || strncasecmp(name, "localhost", 9) == 0
	    || !helo_parse(reader->arena, name, &helo, NULL))
		return NULL;
	return helo;
}

/*
 * systemd names the folder of StateDirectory= in the environment, several of them with ':' between
 * (systemd.exec(5)).
 */
const char *
top_find_state(struct reader *reader)
{
	const char *given = getenv("STATE_DIRECTORY");
	size_t size;

	if (reader->source->state != NULL)
		return path_absolute(reader->arena, "", reader->source->state);
	if (reader->global[GLOBAL_STATE].string != NULL)
		return reader->global[GLOBAL_STATE].string;
	if (given == NULL || given[0] != '/')
		return "/var/lib/postwatch";
	size = strcspn(given, ":");
	return arena_bytes(reader->arena, given, size);
}

/* One process looks after 5,000 targets easily; more processes than cores help nothing. */
void
top_take_host(struct reader *reader)
{
	struct config *config = reader->config;
	uint32_t wanted = (config->target_count + TARGETS_A_PROBER - 1) / TARGETS_A_PROBER,
	         cores = 1;
	struct reason why;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) == 0)
		cores = (uint32_t)CPU_COUNT(&set);
	config->probers = (uint32_t)reader->global[GLOBAL_PROBERS].number;
	if (config->probers == 0)
		config->probers = wanted > cores ? cores : wanted;
	if (config->probers == 0)
		config->probers = 1;
	config->state = top_find_state(reader);
	if (!text_is_clean(config->state, &why))
		FAULT(reader, reader_main_file(reader),
		    "the state folder %s %s: name another one",
		    QUOTE(reader, config->state), why.text);
	if (reader->global[GLOBAL_HELO].string == NULL && !reader->source->no_dialogue
	    && (config->target_count > 0 || reader->source->own_name))
		config->helo = own_name(reader);
}
