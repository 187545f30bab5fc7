/*
 * For `postwatch import`: reads the configuration of the blackbox_exporter and of Prometheus.
 *
 * blackbox.yml says how is probed, prometheus.yml what, how often, and by which module; a target is
 * what relabelling makes of the labels of a scrape.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "command/blackbox_module.h"
#include "command/import_sources.h"
#include "command/relabel.h"
#include "command/yaml.h"
#include "config/input.h"

struct module {
	struct module *next;
	const char *name, *file;
	const struct yaml_node *node;
	bool is_told; /* what it has that has no counterpart */
};

struct import {
	struct draft *draft;
	struct arena *arena;
	struct module *modules, **modules_end;
};

/* A job of scrape_configs. */
struct job {
	const char *file, *name;
	const struct yaml_node *node, *global;
	struct draft_entry *notes; /* comments on it, which stand before its targets */
};

static void
leave_out(const struct job *job, unsigned line, const char *what, const char *why)
{
	draft_leave_out_at(
	    job->notes, (struct draft_place){ job->file, line, job->name }, what, why);
}

/* All keys of a map but those that are known are a comment each. */
static void
tell_rest(const struct job *job, const struct yaml_node *map, const char *const *known)
{
	YAML_EACH(item, map, YAML_MAP) {
		size_t size = strlen(item->key);

		if (!draft_knows(known, item->key))
			leave_out(job, item->value->line, item->key,
			    size > 11 && strcmp(item->key + size - 11, "_sd_configs") == 0
			        ? "targets are those of static_configs and file_sd_configs"
			        : "no counterpart");
	}
}

/* Seconds of a duration of a job, or of `global`; 0: neither has it. */
static double
find_seconds(const struct job *job, const struct labels *labels, const char *label, const char *key)
{
	const char *text = labels_get(labels, label);
	int64_t duration;

	if (text[0] == '\0')
		text = yaml_text(job->node, key);
	if (text == NULL)
		text = yaml_text(job->global, key);
	return text != NULL && units_parse_duration(text, &duration, NULL)
	    ? (double)duration / SECOND : 0;
}

/* "HOST:PORT", with or without brackets. Returns false, after a comment, if it is none. */
static bool
set_address(struct draft_entry *target, const char *address, long *port)
{
	const char *colon = strrchr(address, ':');
	char *end, host[300];

	*port = colon == NULL ? 0 : strtol(colon + 1, &end, 10);
	if (colon == NULL || *end != '\0' || *port < 1 || *port > 65535
	    || (size_t)(colon - address) >= sizeof host) {
		draft_leave_out(target, address, "a target is HOST:PORT");
		return false;
	}
	snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
	if (!draft_host(target, host))
		return false;
	draft_number(target, "port", (double)*port);
	return true;
}

/* A scrape whose labels are complete. */
static void
put_target(struct import *import, const struct job *job, const struct labels *labels, unsigned line)
{
	const char *address = labels_get(labels, "__param_target"), *why;
	const char *wanted = labels_get(labels, "__param_module");
	const char *instance = labels_get(labels, "instance");
	struct draft_entry *target, *notes;
	struct module *module = import->modules;
	double interval = find_seconds(job, labels, "__scrape_interval__", "scrape_interval");
	double timeout = find_seconds(job, labels, "__scrape_timeout__", "scrape_timeout");
	const char *what = FORMAT(400, "%s, module %s", address, wanted);
	long port;

	while (module != NULL && strcmp(module->name, wanted) != 0)
		module = module->next;
	target =
	    draft_begin(import->draft, DRAFT_TARGET, (struct draft_place){ job->file, line, NULL });
	if (module == NULL || !set_address(target, address, &port)) {
		if (module == NULL)
			draft_leave_out(target, what, "there is no such module in these files");
		draft_drop(target);
		return;
	}
	notes = draft_begin(import->draft, DRAFT_TARGET,
	    (struct draft_place){ module->file, module->node->line, NULL });
	why = blackbox_module_set(
	    target, module->is_told ? NULL : notes, module->file, module->node, port);
	module->is_told |= why == NULL;
	draft_drop(notes);
	if (why != NULL) {
		draft_reject(target, what, why);
		return;
	}
	draft_name(target, instance[0] != '\0' ? instance : address);
	draft_seconds(target, "interval", interval > 0 ? interval : 60);
	if (timeout > 0 && yaml_get(module->node, "timeout") == NULL)
		draft_leg(target, "limits", timeout);
	/* Labels that are people's own become tags. */
	for (const struct label *each = labels->first; each != NULL; each = each->next)
		if (strncmp(each->name, "__", 2) != 0 && strcmp(each->name, "instance") != 0
		    && each->value[0] != '\0')
			draft_word(target, "tags", FORMAT(300, "%s=%s", each->name, each->value));
	draft_end(target);
}

/* One address of a group of targets: its labels, then the rules. */
static void
take_address(struct import *import, const struct job *job, const struct yaml_node *group,
    const struct yaml_node *address)
{
	struct labels labels = { import->arena, NULL };

	labels_set(&labels, "job", job->name);
	labels_set(&labels, "__address__", address->text);
	YAML_EACH(item, yaml_get(job->node, "params"), YAML_MAP) {
		const struct yaml_item *first = yaml_first(item->value, YAML_LIST);

		if (first != NULL && first->value->kind == YAML_TEXT)
			labels_set(&labels, FORMAT(200, "__param_%s", item->key),
			    first->value->text);
	}
	YAML_EACH(item, yaml_get(group, "labels"), YAML_MAP)
		if (item->value->kind == YAML_TEXT)
			labels_set(&labels, item->key, item->value->text);
	YAML_EACH(rule, yaml_get(job->node, "relabel_configs"), YAML_LIST)
		if (!relabel_apply(&labels, rule->value))
			return;
	if (labels_get(&labels, "__param_target")[0] == '\0')
		leave_out(
		    job, address->line, address->text, "the blackbox_exporter is not asked for it");
	else
		put_target(import, job, &labels, address->line);
}

/* A list of groups of targets. */
static void
take_groups(struct import *import, const struct job *job, const struct yaml_node *groups)
{
	YAML_EACH(group, groups, YAML_LIST)
		YAML_EACH(item, yaml_get(group->value, "targets"), YAML_LIST)
			if (item->value->kind == YAML_TEXT)
				take_address(import, job, group->value, item->value);
}

/* Files of file_sd_configs. */
static bool
take_files(struct import *import, const struct job *job, const struct yaml_node *node,
    struct reason *why)
{
	struct job within = *job;
	bool good = true;
	glob_t found;

	if (node->kind != YAML_TEXT)
		return true;
	if (glob(path_beside(import->arena, job->file, node->text), 0, NULL, &found) != 0) {
		leave_out(job, node->line, node->text, "there is no such file of targets");
		return true;
	}
	for (size_t i = 0; good && i < found.gl_pathc; i++) {
		const struct yaml_node *root = yaml_read(import->arena, found.gl_pathv[i], why);

		good = root != NULL;
		within.file = found.gl_pathv[i];
		take_groups(import, &within, root);
	}
	globfree(&found);
	return good;
}

static bool
take_job(struct import *import, const char *file, const struct yaml_node *global,
    const struct yaml_node *node, struct reason *why)
{
	static const char *const known[] = { "job_name", "params", "scrape_interval",
		"scrape_timeout", "metrics_path", "static_configs", "file_sd_configs",
		"relabel_configs", "scheme", NULL };
	const char *path = yaml_text(node, "metrics_path"), *name = yaml_text(node, "job_name");
	struct job job = { file, name == NULL ? "?" : name, node, global, NULL };
	const char *unable;
	bool good = true;

	job.notes = draft_begin(
	    import->draft, DRAFT_TARGET, (struct draft_place){ file, node->line, NULL });
	if (path == NULL || strcmp(path, "/probe") != 0)
		leave_out(&job, node->line, path == NULL ? "/metrics" : path,
		    "this job does not ask the blackbox_exporter (/probe)");
	else {
		tell_rest(&job, node, known);
		YAML_EACH(rule, yaml_get(node, "relabel_configs"), YAML_LIST)
			if ((unable = relabel_check(rule->value)) != NULL)
				leave_out(&job, rule->value->line, "relabel_configs", unable);
		take_groups(import, &job, yaml_get(node, "static_configs"));
		YAML_EACH(item, yaml_get(node, "file_sd_configs"), YAML_LIST)
			YAML_EACH(each, yaml_get(item->value, "files"), YAML_LIST)
				good = good && take_files(import, &job, each->value, why);
	}
	draft_drop(job.notes);
	return good;
}

/* An Alertmanager is told by us as well. */
static void
take_alertmanager(struct import *import, const char *file, const struct yaml_node *manager,
    const struct yaml_node *address)
{
	const char *scheme = yaml_text(manager, "scheme");
	const char *prefix = yaml_text(manager, "path_prefix");
	struct draft_entry *entry;
	struct text url = TEXT_ROOM(600);

	if (address->kind != YAML_TEXT)
		return;
	entry = draft_begin(import->draft, DRAFT_NOTIFIER,
	    (struct draft_place){ file, address->line, NULL });
	text_format(&url, "%s://%s%s/api/v2/alerts", scheme == NULL ? "http" : scheme,
	    address->text, prefix == NULL || strcmp(prefix, "/") == 0 ? "" : prefix);
	if (url.cut || !draft_is_url(url.bytes)) {
		draft_reject(entry, url.bytes, "the URL of this Alertmanager is none");
		return;
	}
	draft_name(entry, "alertmanager");
	draft_settings(entry, " plugin = \"webhook\"; format = \"alertmanager\";");
	draft_string(entry, "url", url.bytes);
	draft_end(entry);
}

static bool
take_scrapes(struct import *import, const char *path, const struct yaml_node *root,
    struct reason *why)
{
	static const char *const known[] = { "global", "scrape_configs", "alerting", NULL };
	const struct yaml_node *managers =
	    yaml_get(yaml_get(root, "alerting"), "alertmanagers");
	struct job all = { path, NULL, root, NULL,
		draft_begin(import->draft, DRAFT_TARGET, (struct draft_place){ path, 1, NULL }) };

	tell_rest(&all, root, known);
	draft_drop(all.notes);
	YAML_EACH(manager, managers, YAML_LIST)
		YAML_EACH(group, yaml_get(manager->value, "static_configs"), YAML_LIST)
			YAML_EACH(item, yaml_get(group->value, "targets"), YAML_LIST)
				take_alertmanager(import, path, manager->value, item->value);
	YAML_EACH(item, yaml_get(root, "scrape_configs"), YAML_LIST)
		if (!take_job(import, path, yaml_get(root, "global"), item->value, why))
			return false;
	return true;
}

/* A file of either kind, by what it has; scrapes are left to be read when all modules are known.
 * Returns NULL with a reason if it is neither. */
static const struct yaml_node *
take_file(struct import *import, const char *path, struct reason *why)
{
	const struct yaml_node *root = yaml_read(import->arena, path, why);

	YAML_EACH(item, yaml_get(root, "modules"), YAML_MAP) {
		struct module *module = arena_alloc(import->arena, sizeof *module);

		*module = (struct module){ NULL, item->key, path, item->value, false };
		*import->modules_end = module;
		import->modules_end = &module->next;
	}
	if (root == NULL || yaml_get(root, "modules") != NULL
	    || yaml_get(root, "scrape_configs") != NULL)
		return root;
	reason_set(why, "%s:%u: neither `modules` of blackbox.yml nor `scrape_configs` of "
	    "prometheus.yml", path, root->line);
	return NULL;
}

bool
import_blackbox(struct draft *draft, char *const *paths, int count, struct reason *why)
{
	struct import import = { .draft = draft, .arena = draft_arena(draft) };

	const struct yaml_node **roots = arena_array(import.arena, (size_t)count, sizeof *roots);

	import.modules_end = &import.modules;
	for (int i = 0; i < count; i++)
		if ((roots[i] = take_file(&import, paths[i], why)) == NULL)
			return false;
	for (int i = 0; i < count; i++)
		if (yaml_get(roots[i], "modules") == NULL
		    && !take_scrapes(&import, paths[i], roots[i], why))
			return false;
	for (const struct module *module = import.modules; module != NULL; module = module->next) {
		if (!module->is_told)
			draft_reject(draft_begin(draft, DRAFT_TARGET,
			    (struct draft_place){ module->file, module->node->line, NULL }),
			    module->name, "no target of SMTP is looked at by this module");
	}
	return true;
}
