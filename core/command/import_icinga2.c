/*
 * For `postwatch import`: reads the configuration of Icinga 2. Services with the check commands
 * smtp and ssmtp become targets, one for each host that they are applied to, and users of their
 * notifications become notifiers.
 */
#include "command/import_sources.h"

#include <string.h>

#include "base/text.h"
#include "command/icinga2_check.h"
#include "command/nagios_hours.h"

struct checked {
	struct checked *next;
	const struct icinga_object *service;
	struct draft_entry *entry;
	bool is_target;
	struct check_smtp check;
};

struct notifier {
	struct notifier *next;
	const struct icinga_object *user;
	const char *name; /* NULL: left out */
};

struct import {
	struct draft *draft;
	struct icinga_objects *objects;
	struct checked *first, **end;
	struct notifier *notifiers;
	struct nagios_objects hours; /* time periods in the form of Nagios */
};

static const char *
text_of(const struct import *import, const struct icinga_object *object, const char *key)
{
	return icinga_text(import->objects->arena, icinga_get(object->attributes, key));
}

/* Whether an attribute is set to false. */
static bool
is_off(const struct icinga_object *object, const char *key)
{
	return icinga_member(object->attributes, key) != NULL
	    && icinga_truth(icinga_get(object->attributes, key)) == 0;
}

static struct draft_place
place_of(const struct icinga_object *object)
{
	return (struct draft_place){ object->node->file, object->node->line, NULL };
}

/* All attributes but those that are known are a comment each; what is not evaluated, too. */
static void
tell_rest(struct import *import, const struct icinga_object *object, struct draft_entry *entry,
    const char *const *known)
{
	static const char *const reasons[][2] = {
		{ "check_command", "a host is not looked at by itself" },
		{ "command_endpoint", "all is looked at from here" },
		{ "zone", "all is looked at from here" },
		{ "check_period", "it is always looked at" },
		{ "event_command", "no program is started" },
		{ "enable_flapping", "flapping is always found" },
		{ "interval", "reminders are `remind` of a notifier" },
		{ "times", "a delay is `after` of a notifier" },
		{ "period", "hours without notices are `quiet` of a notifier" },
		{ "types", "kinds of notices are `kinds` of a notifier" },
		{ "states", "kinds of notices are `kinds` of a notifier" },
		{ "statement", "this is not evaluated" },
		{ "if", "this is not evaluated" },
	};

	ICINGA_EACH(item, object->attributes, ICINGA_TABLE) {
		bool is_known = draft_knows(known, item->key);
		const char *is = icinga_text(import->objects->arena, item->value);
		const char *why = is_known ? "this is not evaluated" : "no counterpart";

		if (item->where == NULL || (is_known && item->value->type != ICINGA_UNKNOWN))
			continue;
		for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
			if (strcmp(reasons[i][0], item->key) == 0)
				why = reasons[i][1];
		icinga_tell(import->objects, entry, item->where,
		    FORMAT(300, "%s%s%s", item->key, is == NULL ? "" : " ", is == NULL ? "" : is),
		    why);
	}
}

/* Kinds of what a user wants to hear: `types` of notifications, and `states` of services. */
static void
set_kinds(const struct icinga_object *user, struct draft_entry *entry)
{
	static const struct {
		const char *list, *word;
		char what;
	} rows[] = { { "states", "Critical", 'c' }, { "states", "Warning", 'w' },
		{ "states", "Unknown", 'u' }, { "types", "Recovery", 'r' },
		{ "types", "FlappingStart", 'f' } };

	if (icinga_member(user->attributes, "states") == NULL
	    && icinga_member(user->attributes, "types") == NULL)
		return;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct icinga_value *list = icinga_get(user->attributes, rows[i].list);

		if (list->type != ICINGA_VECTOR || icinga_lists(list, rows[i].word))
			draft_kinds(entry, rows[i].what);
	}
}

static void
add_hours(struct import *import, struct nagios_object *object, const char *key, const char *value)
{
	struct nagios_attribute *attribute = arena_alloc(import->hours.arena, sizeof *attribute);

	*attribute = (struct nagios_attribute){ object->attributes, key, value };
	object->attributes = attribute;
}

/* A TimePeriod in the form of Nagios. */
static void
make_hours(struct import *import, const struct icinga_object *period)
{
	static const char *const others[] = { "excludes", "includes" };
	struct nagios_object *object = arena_alloc(import->hours.arena, sizeof *object);
	const struct icinga_value *ranges = icinga_get(period->attributes, "ranges");

	*object = (struct nagios_object){ .type = "timeperiod", .file = period->node->file,
		.line = period->node->line };
	add_hours(import, object, "timeperiod_name", period->name);
	ICINGA_EACH(item, ranges, ICINGA_TABLE) {
		const char *text = icinga_text(import->hours.arena, item->value);

		add_hours(import, object, item->key, text == NULL ? "?" : text);
	}
	for (int i = 0; i < 2; i++)
		if (icinga_truth(icinga_get(period->attributes, others[i])) == 1)
			add_hours(import, object, others[i], "of other periods");
	*import->hours.end = object;
	import->hours.end = &object->next;
}

static const char *
make_notifier(struct import *import, const struct icinga_object *user)
{
	static const char *const known[] = { "name", "display_name", "email", "groups", "period",
		"types", "states", "enable_notifications", "vars", NULL };
	const char *email = text_of(import, user, "email"),
		   *period = text_of(import, user, "period");
	struct draft_entry *entry = draft_begin(import->draft, DRAFT_NOTIFIER, place_of(user));
	const char *why = email == NULL || !draft_is_mailbox(email)
	    ? "this user has no address of mail"
	    : is_off(user, "enable_notifications") ? "this user is told nothing"
						   : NULL;
	const char *name = NULL;

	if (why != NULL) {
		draft_reject(entry, user->name, why);
		return NULL;
	}
	name = draft_name(entry, user->name);
	draft_email(entry, email);
	set_kinds(user, entry);
	if (period != NULL)
		nagios_hours_quiet(&import->hours, period, entry);
	tell_rest(import, user, entry, known);
	draft_end(entry);
	return name;
}

static void
tell_user(struct import *import, struct checked *target, const struct icinga_object *user)
{
	struct notifier *notifier = import->notifiers;

	while (notifier != NULL && notifier->user != user)
		notifier = notifier->next;
	if (notifier == NULL) {
		notifier = arena_alloc(import->objects->arena, sizeof *notifier);
		*notifier =
		    (struct notifier){ import->notifiers, user, make_notifier(import, user) };
		import->notifiers = notifier;
	}
	if (notifier->name != NULL)
		draft_word(target->entry, "notify", notifier->name);
}

/* Those of a notification: users by name, and users that are of a group. */
static void
take_notification(struct import *import, struct checked *target,
    const struct icinga_object *notification)
{
	static const char *const known[] = { "name", "host_name", "service_name", "command",
		"users", "user_groups", "vars", NULL };
	static const char *const lists[] = { "users", "user_groups" };

	tell_rest(import, notification, target->entry, known);
	for (int i = 0; i < 2; i++) {
		ICINGA_EACH(item, icinga_get(notification->attributes, lists[i]), ICINGA_VECTOR) {
			const char *name = icinga_text(import->objects->arena, item->value);
			bool is_found = false;

			for (const struct icinga_object *user = import->objects->first;
			     user != NULL && name != NULL; user = user->next) {
				bool is_meant = i == 0 ? strcmp(user->name, name) == 0
				    : icinga_lists(icinga_get(user->attributes, "groups"), name);

				if (!is_meant || strcmp(user->type, "User") != 0)
					continue;
				is_found = true;
				tell_user(import, target, user);
			}
			if (!is_found)
				icinga_tell(import->objects, target->entry, notification->node,
				    name == NULL ? lists[i] : name,
				    "there is no such user, or none in that group");
		}
	}
}

static void
set_notify(struct import *import, struct checked *target)
{
	draft_word(target->entry, "notify", NULL);
	if (is_off(target->service, "enable_notifications"))
		return;
	for (const struct icinga_object *each = import->objects->first; each != NULL;
	     each = each->next) {
		bool is_notification = strcmp(each->type, "Notification") == 0;

		if (is_notification && each->service == target->service)
			take_notification(import, target, each);
		else if (is_notification && each->service == NULL)
			icinga_tell(import->objects, import->objects->notes, each->node, each->name,
			    "a host is not looked at by itself: only notifications of services "
			    "count");
	}
}

/* The target of a host, by the name of its service; NULL: its first. */
static const struct checked *
find_target(const struct import *import, const char *host, const char *service)
{
	const struct checked *target = import->first;

	while (target != NULL
	    && (!target->is_target || strcmp(target->service->host->name, host) != 0
		|| (service != NULL && strcmp(target->service->name, service) != 0)))
		target = target->next;
	return target;
}

static void
set_parent(struct import *import, struct checked *target)
{
	for (const struct icinga_object *each = import->objects->first; each != NULL;
	     each = each->next) {
		const char *host = text_of(import, each, "parent_host_name");
		const char *service = text_of(import, each, "parent_service_name");
		const struct checked *parent;
		const char *what;

		if (strcmp(each->type, "Dependency") != 0 || each->host != target->service->host
		    || (each->service != NULL && each->service != target->service))
			continue;
		host = host == NULL ? target->service->host->name : host;
		what = FORMAT(300, "%s: %s%s%s", each->name, host, service == NULL ? "" : " ",
		    service == NULL ? "" : service);
		parent = find_target(import, host, service);
		if (parent == target)
			continue;
		if (is_off(each, "disable_notifications"))
			icinga_tell(import->objects, target->entry, each->node, what,
			    "it holds back no notices");
		else if (parent == NULL)
			icinga_tell(import->objects, target->entry, each->node, what,
			    "a parent is a target that is watched: `parent`");
		else
			draft_parent(target->entry, parent->entry, place_of(each), what);
	}
}

static void
put_target(struct import *import, struct checked *target)
{
	static const char *const known[] = { "name", "display_name", "host_name", "check_command",
		"vars", "check_interval", "retry_interval", "max_check_attempts", "groups",
		"enable_notifications", "enable_active_checks", NULL };
	static const char *const known_host[] = { "name", "display_name", "address", "address6",
		"vars", "groups", "check_interval", "retry_interval", "max_check_attempts", NULL };
	const struct icinga_object *of[] = { target->service->host, target->service };
	const struct icinga_value *attributes = target->service->attributes;
	struct draft_entry *entry = target->entry;

	if (target->check.left_out[0] != '\0')
		draft_leave_out(entry, target->service->name, target->check.left_out);
	tell_rest(import, target->service, entry, known);
	tell_rest(import, target->service->host, entry, known_host);
	draft_settings(entry, target->check.settings);
	if (target->check.family != NULL)
		draft_family(entry, target->check.family);
	draft_seconds(
	    entry, "interval", icinga_number(icinga_get(attributes, "check_interval"), 300));
	draft_seconds(entry, "retry_interval",
	    icinga_number(icinga_get(attributes, "retry_interval"), 60));
	draft_number(
	    entry, "tries", icinga_number(icinga_get(attributes, "max_check_attempts"), 3));
	for (int i = 0; i < 2; i++)
		ICINGA_EACH(item, icinga_get(of[i]->attributes, "groups"), ICINGA_VECTOR)
			if (icinga_text(import->objects->arena, item->value) != NULL)
				draft_word(entry, "tags",
				    icinga_text(import->objects->arena, item->value));
	set_notify(import, target);
}

/* The address that is asked for, else that of the host, else its name. */
static const char *
find_address(const struct import *import, const struct checked *target)
{
	const char *address = target->check.host;

	if (address == NULL || address[0] == '\0')
		address = text_of(import, target->service->host, "address");
	if (address == NULL || address[0] == '\0')
		address = text_of(import, target->service->host, "address6");
	return address == NULL || address[0] == '\0' ? target->service->host->name : address;
}

static void
add_target(struct import *import, const struct icinga_object *service)
{
	struct checked *target = arena_alloc(import->objects->arena, sizeof *target);
	const char *command = text_of(import, service, "check_command");
	const char *name = FORMAT(300, "%s %s", service->host->name, service->name);
	const char *what = FORMAT(
	    600, "%s, %s", name, command == NULL ? "no check_command" : command);

	*target = (struct checked){ .service = service,
		.entry = draft_begin(import->draft, DRAFT_TARGET, place_of(service)) };
	*import->end = target;
	import->end = &target->next;
	if (!icinga_check_read(import->objects, service, target->entry, &target->check))
		icinga_tell(
		    import->objects, target->entry, service->node, what, "no check of SMTP");
	else if (is_off(service, "enable_active_checks"))
		icinga_tell(import->objects, target->entry, service->node, what,
		    "it is not looked at actively");
	else if (draft_host(target->entry, find_address(import, target))) {
		target->is_target = true;
		draft_name(target->entry, name);
	}
}

static bool
is_smtp(const char *command)
{
	return command != NULL && (strcmp(command, "smtp") == 0 || strcmp(command, "ssmtp") == 0);
}

bool
import_icinga2(struct draft *draft, char *const *paths, int count, struct reason *why)
{
	struct draft_entry *notes = draft_begin(
	    draft, DRAFT_TARGET, (struct draft_place){ paths[0], 0, NULL });
	struct import import = { .draft = draft,
		.objects = icinga_objects_create(draft_arena(draft), notes),
		.hours = { .arena = draft_arena(draft) } };
	bool good = true;

	import.end = &import.first;
	import.hours.end = &import.hours.first;
	for (int i = 0; good && i < count; i++)
		good = icinga_objects_read(import.objects, paths[i], why);
	if (good)
		icinga_objects_make(import.objects);
	for (const struct icinga_object *each = import.objects->first; each != NULL;
	     each = each->next)
		if (strcmp(each->type, "TimePeriod") == 0)
			make_hours(&import, each);
		else if (strcmp(each->type, "Service") == 0 && each->host != NULL)
			add_target(&import, each);
		else if (strcmp(each->type, "Host") == 0 && is_smtp(text_of(&import, each, "check_command")))
			icinga_tell(import.objects, notes, each->node, each->name,
			    "a host is not looked at by itself: only its services are");
		else if (strcmp(each->type, "Service") == 0)
			icinga_tell(import.objects, notes, each->node, each->name,
			    "its host is not defined");
	for (struct checked *each = import.first; each != NULL; each = each->next)
		if (each->is_target)
			set_parent(&import, each);
	for (struct checked *each = import.first; each != NULL; each = each->next) {
		if (each->is_target)
			put_target(&import, each);
		each->is_target ? draft_end(each->entry) : draft_drop(each->entry);
	}
	draft_drop(notes);
	return good;
}
