/*
 * For `postwatch import`: makes the objects (Host, Service, User ...) that Icinga 2 would make of
 * its files.
 *
 * Templates and constants count wherever they stand, so all files are read before any object is
 * made: hosts and what else is defined by itself, then groups, then what is applied to hosts, then
 * what is applied to services.
 */
#include "command/icinga2_objects.h"

#include <glob.h>
#include <string.h>

#include "base/text.h"
#include "config/input.h"

/* Types of which nothing can be taken over. */
static const struct {
	const char *type, *why;
} others[] = {
	{ "NotificationCommand", "no program is started; notices are told by plugins" },
	{ "EventCommand", "no program is started" },
	{ "CheckCommand", "only `smtp` and `ssmtp` are taken over" },
	{ "ScheduledDowntime", "hours in which nobody is told are `windows`" },
};

void
icinga_tell(struct icinga_objects *objects, struct draft_entry *entry,
    const struct icinga_node *node, const char *what, const char *why)
{
	struct icinga_told *told = objects->told;

	while (told != NULL && (told->node != node || told->why != why))
		told = told->next;
	if (told != NULL)
		return;
	told = arena_alloc(objects->arena, sizeof *told);
	*told = (struct icinga_told){ objects->told, node, why };
	objects->told = told;
	draft_leave_out_at(entry, (struct draft_place){ node->file, node->line, NULL }, what, why);
}

struct icinga_objects *
icinga_objects_create(struct arena *arena, struct draft_entry *notes)
{
	struct icinga_objects *objects = arena_alloc(arena, sizeof *objects);

	*objects = (struct icinga_objects){ .arena = arena, .notes = notes,
		.globals = icinga_table(arena) };
	objects->end = &objects->first;
	objects->defines_end = &objects->defines;
	return objects;
}

static struct icinga_scope
scope_of(struct icinga_objects *objects, const char *type, struct icinga_value *self)
{
	return (struct icinga_scope){ .arena = objects->arena, .globals = objects->globals,
		.templates = objects->templates, .type = type, .self = self,
		.locals = self == NULL ? NULL : icinga_table(objects->arena) };
}

static const char *
name_of(struct icinga_objects *objects, const struct icinga_node *node)
{
	struct icinga_scope scope = scope_of(objects, NULL, NULL);

	return node->left == NULL
	    ? ""
	    : icinga_text(objects->arena, icinga_evaluate(&scope, node->left));
}

/* Defines and what else stands in a file by itself. */
static bool take_statements(struct icinga_objects *, struct icinga_node *, struct reason *why);

static bool
read_file(void *objects, const char *path, struct reason *why)
{
	return icinga_objects_read(objects, path, why);
}

static bool
take_include(struct icinga_objects *objects, const struct icinga_node *node, struct reason *why)
{
	const char *named = name_of(objects, node), *path;
	bool good = true;
	glob_t found;

	path = named == NULL ? NULL : path_beside(objects->arena, node->file, named);
	if (path == NULL || glob(path, 0, NULL, &found) != 0) {
		icinga_tell(objects, objects->notes, node, named == NULL ? "include" : named,
		    "there is no such file to include");
		return true;
	}
	for (size_t i = 0; good && i < found.gl_pathc; i++)
		good = node->text[0] != '\0'
		    ? import_files_read(found.gl_pathv[i], ".conf", read_file, objects, why)
		    : icinga_objects_read(objects, found.gl_pathv[i], why);
	globfree(&found);
	return good;
}

static void
take_define(struct icinga_objects *objects, struct icinga_node *node)
{
	struct icinga_template *template;

	if (strcmp(node->text, "template") != 0) {
		*objects->defines_end = node;
		objects->defines_end = &node->next;
		return;
	}
	template = arena_alloc(objects->arena, sizeof *template);
	*template = (struct icinga_template){ objects->templates, name_of(objects, node), node };
	if (template->name == NULL)
		icinga_tell(objects, objects->notes, node, "template", "its name is not known");
	else
		objects->templates = template;
}

static bool
take_statements(struct icinga_objects *objects, struct icinga_node *node, struct reason *why)
{
	struct icinga_scope scope = scope_of(objects, NULL, NULL);
	struct icinga_node *next;
	bool good = true;

	for (; good && node != NULL; node = next) {
		int truth = -1;

		next = node->next;
		node->next = NULL;
		if (node->kind == ICINGA_DEFINE)
			take_define(objects, node);
		else if (node->kind == ICINGA_INCLUDE)
			good = take_include(objects, node, why);
		else if (node->kind == ICINGA_IF)
			truth = icinga_truth(icinga_evaluate(&scope, node->left));
		else if (node->kind == ICINGA_SET || node->kind == ICINGA_CONST)
			icinga_run(&scope, node);
		if (node->kind == ICINGA_IF && truth >= 0)
			good = take_statements(objects, truth ? node->list : node->other, why);
		else if (node->kind == ICINGA_OTHER || node->kind == ICINGA_IF)
			icinga_tell(objects, objects->notes, node,
			    node->kind == ICINGA_IF     ? "if"
				: node->text[0] != '\0' ? node->text
							: "statement",
			    "this is not evaluated");
	}
	return good;
}

bool
icinga_objects_read(struct icinga_objects *objects, const char *path, struct reason *why)
{
	struct icinga_node *statements;

	return !import_files_is_new(&objects->files, objects->arena, path)
	    || (icinga_parse(objects->arena, path, &statements, why)
	    && take_statements(objects, statements, why));
}

const struct icinga_object *
icinga_find(const struct icinga_objects *objects, const char *type, const char *name)
{
	const struct icinga_object *object = objects->first;

	while (
	    object != NULL && (strcmp(object->type, type) != 0 || strcmp(object->name, name) != 0))
		object = object->next;
	return object;
}

/* Whether `assign where` says yes, and no `ignore where`; -1: not known. */
static int
is_assigned(struct icinga_scope *scope, const struct icinga_node *define)
{
	int yes = define->right != NULL ? 1 : 0, no = 0;
	bool has_assign = false;

	for (const struct icinga_node *node = define->list; node != NULL; node = node->next) {
		int truth = node->kind == ICINGA_ASSIGN || node->kind == ICINGA_IGNORE
		    ? icinga_truth(icinga_evaluate(scope, node->left)) : 0;

		if (node->kind == ICINGA_ASSIGN) {
			yes = !has_assign ? truth : truth == 1 || yes == 1 ? 1 : truth | yes;
			has_assign = true;
		} else if (node->kind == ICINGA_IGNORE)
			no = truth == 1 || no == 1 ? 1 : truth | no;
	}
	return yes == 0 || no == 1 ? 0 : yes < 0 || no < 0 ? -1 : 1;
}

/* Runs the body, behind the templates that all of the type import. */
static void
add_object(struct icinga_objects *objects, struct icinga_scope *scope,
    const struct icinga_node *node, const char *name, const struct icinga_object *host,
    const struct icinga_object *service)
{
	struct icinga_object *object = arena_alloc(objects->arena, sizeof *object);

	*object = (struct icinga_object){ NULL, node->type, arena_strdup(objects->arena, name),
		scope->self, node, host, service };
	icinga_set(objects->arena, scope->self, "name", icinga_chars(objects->arena, name), NULL);
	if (host != NULL)
		icinga_set(objects->arena, scope->self, "host_name",
		    icinga_chars(objects->arena, host->name), NULL);
	if (service != NULL)
		icinga_set(objects->arena, scope->self, "service_name",
		    icinga_chars(objects->arena, service->name), NULL);
	for (const struct icinga_template *each = objects->templates; each != NULL;
	     each = each->next)
		if (each->node->is_default && strcmp(each->node->type, node->type) == 0)
			icinga_run(scope, each->node->list);
	icinga_run(scope, node->list);
	if (scope->missing != NULL)
		icinga_tell(objects, objects->notes, node, scope->missing,
		    "no template that is imported is called so");
	*objects->end = object;
	objects->end = &object->next;
}

static void
make_object(struct icinga_objects *objects, const struct icinga_node *node)
{
	struct icinga_scope scope = scope_of(objects, node->type, icinga_table(objects->arena));
	const char *name = name_of(objects, node);

	if (name == NULL)
		icinga_tell(objects, objects->notes, node, node->type,
		    "its name is not known here, such as that of NodeName: `const` sets it");
	else
		add_object(objects, &scope, node, name, NULL, NULL);
}

/* One rule for one host or service, once or for each of a list. */
static void
apply_to(struct icinga_objects *objects, const struct icinga_node *node,
    const struct icinga_object *host, const struct icinga_object *service)
{
	struct icinga_scope scope = scope_of(objects, node->type, icinga_table(objects->arena));
	const struct icinga_value *list;
	const struct icinga_member *item;
	const char *base = name_of(objects, node), *name;
	struct icinga_member once = { NULL, NULL, NULL, NULL };

	scope.host = host->attributes;
	scope.service = service == NULL ? NULL : service->attributes;
	list = node->right == NULL ? NULL : icinga_evaluate(&scope, node->right);
	if (base == NULL || (list != NULL && list->type == ICINGA_UNKNOWN)) {
		icinga_tell(
		    objects, objects->notes, node, node->type, "its name or its list is not known");
		return;
	}
	for (item = list == NULL ? &once : list->members; item != NULL; item = item->next) {
		const char *full;
		int is;

		scope.self = icinga_table(objects->arena);
		scope.locals = icinga_table(objects->arena);
		scope.missing = NULL;
		scope.steps = 0;
		name = item->key != NULL || item->value == NULL ? item->key
		    : icinga_text(objects->arena, item->value);
		full = FORMAT(300, "%s%s", base, name == NULL ? "" : name);
		if (item != &once && node->value != NULL)
			icinga_set(objects->arena, scope.locals, node->value, item->value, NULL);
		if (item != &once && node->key != NULL && name != NULL)
			icinga_set(objects->arena, scope.locals, node->key,
			    icinga_chars(objects->arena, name), NULL);
		is = is_assigned(&scope, node);
		if (is < 0)
			draft_leave_out_at(objects->notes,
			    (struct draft_place){ node->file, node->line, NULL },
			    FORMAT(600, "%s, %s%s%s", full, host->name, service == NULL ? "" : " ",
			        service == NULL ? "" : service->name),
			    "`assign where` cannot be evaluated for it, so this is not applied");
		else if (is == 1)
			add_object(objects, &scope, node, full, host, service);
	}
}

/* Groups whose rules a host or service meets are groups of it. */
static void
join_groups(struct icinga_objects *objects, const char *group_type, const struct icinga_object *of)
{
	for (const struct icinga_object *group = objects->first; group != NULL;
	     group = group->next) {
		struct icinga_scope scope;
		struct icinga_value *list;
		int is;

		if (strcmp(group->type, group_type) != 0)
			continue;
		scope = scope_of(objects, group_type, icinga_table(objects->arena));
		scope.host = of->host != NULL ? of->host->attributes : of->attributes;
		scope.service = of->host != NULL ? of->attributes : NULL;
		is = is_assigned(&scope, group->node);
		if (is < 0)
			draft_leave_out_at(objects->notes,
			    (struct draft_place){ group->node->file, group->node->line, NULL },
			    of->name,
			    "`assign where` cannot be evaluated for it, so it is not in this "
			    "group");
		if (is != 1)
			continue;
		list = icinga_table(objects->arena);
		list->type = ICINGA_VECTOR;
		icinga_set(
		    objects->arena, list, NULL, icinga_chars(objects->arena, group->name), NULL);
		icinga_set(objects->arena, of->attributes, "groups", icinga_add(objects->arena,
		    icinga_get(of->attributes, "groups"), list), group->node);
	}
}

/* Applies rules of a type to all hosts, or to all services. */
static void
apply_all(struct icinga_objects *objects, bool is_service, bool to_services)
{
	for (const struct icinga_node *node = objects->defines; node != NULL; node = node->next) {
		bool of_services = node->to != NULL && strcmp(node->to, "Service") == 0;

		if (strcmp(node->text, "apply") != 0 || of_services != to_services
		    || (strcmp(node->type, "Service") == 0) != is_service)
			continue;
		for (struct icinga_object *each = objects->first; each != NULL; each = each->next)
			if (to_services && strcmp(each->type, "Service") == 0 && each->host != NULL)
				apply_to(objects, node, each->host, each);
			else if (!to_services && strcmp(each->type, "Host") == 0)
				apply_to(objects, node, each, NULL);
	}
}

/* Whether a type is one of those that are made; what is not is a comment. */
static bool
is_made(struct icinga_objects *objects, const struct icinga_node *node)
{
	static const char *const made[] = { "Host", "HostGroup", "Service", "ServiceGroup", "User",
		"UserGroup", "Notification", "TimePeriod", "Dependency", NULL };
	const char *why = "no counterpart", *name = name_of(objects, node);

	if (draft_knows(made, node->type))
		return true;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strcmp(node->type, others[i].type) == 0)
			why = others[i].why;
	icinga_tell(objects, objects->notes, node,
	    FORMAT(300, "%s %s", node->type, name == NULL ? "?" : name), why);
	return false;
}

void
icinga_objects_make(struct icinga_objects *objects)
{
	for (const struct icinga_node *node = objects->defines; node != NULL; node = node->next)
		if (is_made(objects, node) && strcmp(node->text, "object") == 0)
			make_object(objects, node);
	for (struct icinga_object *each = objects->first; each != NULL; each = each->next) {
		const char *host =
		    icinga_text(objects->arena, icinga_get(each->attributes, "host_name"));
		const char *service = icinga_text(
		    objects->arena, icinga_get(each->attributes, "service_name"));

		each->host = host == NULL ? NULL : icinga_find(objects, "Host", host);
		for (const struct icinga_object *other = objects->first;
		     other != NULL && service != NULL && each->service == NULL; other = other->next)
			if (strcmp(other->type, "Service") == 0 && strcmp(other->name, service) == 0
			    && other->host == each->host)
				each->service = other;
		if (strcmp(each->type, "Host") == 0)
			join_groups(objects, "HostGroup", each);
	}
	apply_all(objects, true, false);
	for (struct icinga_object *each = objects->first; each != NULL; each = each->next)
		if (strcmp(each->type, "Service") == 0 && each->host != NULL)
			join_groups(objects, "ServiceGroup", each);
	apply_all(objects, false, false);
	apply_all(objects, false, true);
}
