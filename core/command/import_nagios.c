/*
 * For `postwatch import`: reads the object configuration of Nagios. The checks of check_smtp become
 * targets, and the contacts that are told of them notifiers. A service of several hosts is a target
 * for each. Targets are found before any is written, for one may be the parent of another that
 * stands before it.
 */
#include "command/import_sources.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "command/check_smtp.h"
#include "command/command.h"
#include "command/nagios_command.h"
#include "command/nagios_hours.h"
#include "command/nagios_objects.h"

/* A service of a host. */
struct checked {
	struct checked *next;
	const struct nagios_object *host, *service;
	struct draft_entry *entry;
	const char *name; /* NULL: it is left out */
	struct check_smtp check;
};

struct notifier {
	struct notifier *next;
	const struct nagios_object *contact;
	const char *name; /* NULL: left out, for the reason `why` */
	const char *why;
};

/* A time period that is the notification_period of services. */
struct period {
	struct period *next;
	const struct nagios_object *object;
};

struct import {
	struct nagios_objects objects;
	struct draft *draft;
	struct checked *first, **end;
	struct notifier *notifiers;
	struct period *periods;
};

static const char *
value(const struct import *import, const struct nagios_object *object, const char *key)
{
	return object == NULL ? NULL : nagios_value(&import->objects, object, key);
}

static void
leave_out(struct draft_entry *entry, const struct nagios_object *object, const char *what,
    const char *why)
{
	draft_leave_out_at(
	    entry, (struct draft_place){ object->file, object->line, NULL }, what, why);
}

/* A setting from units of interval_length, which the attribute has by one of two names. */
static void
set_interval(const struct import *import, const struct checked *target, const char *key,
    const char *old_key, const char *setting)
{
	const char *text = value(import, target->service, key);

	text = text != NULL ? text : value(import, target->service, old_key);
	if (text != NULL)
		draft_seconds(
		    target->entry, setting, strtod(text, NULL) * import->objects.interval_length);
}

/* Groups of hosts that name the host, those that it names, and groups of the service. */
static void
set_tags(struct import *import, const struct checked *target)
{
	const char *name = value(import, target->host, "host_name");
	const char *lists[] = { value(import, target->host, "hostgroups"),
		value(import, target->service, "servicegroups") };
	const struct nagios_object *group = import->objects.first;

	for (; group != NULL; group = group->next) {
		bool is_group = strcmp(group->type, "hostgroup") == 0;
		const char *members = is_group ? value(import, group, "members") : NULL;
		const char *group_name = value(import, group, "hostgroup_name");

		if (group_name != NULL && nagios_lists(members, name)
		    && !nagios_lists(lists[0], group_name))
			draft_word(target->entry, "tags", group_name);
	}
	for (int i = 0; i < 2; i++)
		for (const char *word; (word = nagios_next(&import->objects, &lists[i])) != NULL;)
			draft_word(target->entry, "tags", word);
}

/* What a contact may want to hear of a service. */
static const char all_options[] = "cwurf";

/* Why nothing is told to a contact; NULL: something may be. */
static const char *
find_deaf(const struct import *import, const struct nagios_object *contact)
{
	const char *email = value(import, contact, "email");
	const char *enabled = value(import, contact, "service_notifications_enabled");
	const char *options = value(import, contact, "service_notification_options");

	if (email == NULL || !draft_is_mailbox(email))
		return "this contact has no address of mail";
	if ((enabled != NULL && strcmp(enabled, "0") == 0)
	    || (options != NULL && strpbrk(options, all_options) == NULL))
		return "this contact is told of no service";
	return NULL;
}

/* The notifier of a contact, which is made once. */
static const struct notifier *
find_notifier(struct import *import, const char *name)
{
	const struct nagios_object *contact = nagios_find(
	    &import->objects, "contact", "contact_name", name);
	const char *period = value(import, contact, "service_notification_period");
	const char *options = value(import, contact, "service_notification_options");
	struct notifier *notifier = import->notifiers;
	struct draft_entry *entry;

	while (notifier != NULL && notifier->contact != contact)
		notifier = notifier->next;
	if (notifier != NULL && contact != NULL)
		return notifier;
	notifier = arena_alloc(import->objects.arena, sizeof *notifier);
	*notifier = (struct notifier){ import->notifiers, contact, NULL,
		contact == NULL ? "there is no such contact" : find_deaf(import, contact) };
	import->notifiers = notifier;
	if (notifier->why != NULL)
		return notifier;
	entry = draft_begin(import->draft, DRAFT_NOTIFIER,
	    (struct draft_place){ contact->file, contact->line, NULL });
	notifier->name = draft_name(entry, name);
	draft_email(entry, value(import, contact, "email"));
	for (const char *each = all_options; options != NULL && *each != '\0'; each++)
		if (strchr(options, *each) != NULL)
			draft_kinds(entry, *each);
	if (period != NULL)
		nagios_hours_quiet(&import->objects, period, entry);
	draft_end(entry);
	return notifier;
}

static void
add_contacts(struct import *import, const struct checked *target, const char *list)
{
	for (const char *word; (word = nagios_next(&import->objects, &list)) != NULL;) {
		const struct notifier *notifier = find_notifier(import, word);

		if (notifier->name == NULL)
			leave_out(target->entry, target->service, word, notifier->why);
		else
			draft_word(target->entry, "notify", notifier->name);
	}
}

/* Whom a service tells, those of its host where it names none itself. */
static void
set_contacts(struct import *import, const struct checked *target)
{
	const char *contacts = value(import, target->service, "contacts");
	const char *groups = value(import, target->service, "contact_groups");
	const char *enabled = value(import, target->service, "notifications_enabled");

	draft_word(target->entry, "notify", NULL);
	if (enabled != NULL && strcmp(enabled, "0") == 0)
		return;
	if (contacts == NULL && groups == NULL) {
		contacts = value(import, target->host, "contacts");
		groups = value(import, target->host, "contact_groups");
	}
	add_contacts(import, target, contacts);
	for (const char *word; (word = nagios_next(&import->objects, &groups)) != NULL;) {
		const struct nagios_object *group = nagios_find(
		    &import->objects, "contactgroup", "contactgroup_name", word);

		add_contacts(import, target, value(import, group, "members"));
	}
}

/* A notification_period of services is a window for all that have the tag. */
static void
set_hours(struct import *import, const struct checked *target)
{
	const char *name = value(import, target->service, "notification_period");
	const struct nagios_object *object = name == NULL ? NULL
	    : nagios_find(&import->objects, "timeperiod", "timeperiod_name", name);
	struct period *period = import->periods;

	if (name == NULL || strcmp(name, "24x7") == 0)
		return;
	if (object == NULL) {
		leave_out(target->entry, target->service, name, "there is no such timeperiod");
		return;
	}
	if (nagios_hours_are_all(&import->objects, object))
		return;
	draft_word(target->entry, "tags", nagios_hours_tag(&import->objects, object));
	while (period != NULL && period->object != object)
		period = period->next;
	if (period != NULL)
		return;
	period = arena_alloc(import->objects.arena, sizeof *period);
	*period = (struct period){ import->periods, object };
	import->periods = period;
}

/* What a service has that has no counterpart. */
static void
tell_rest(struct import *import, const struct checked *target)
{
	static const char *const rest[][2] = {
		{ "check_period", "it is always looked at" },
		{ "notification_interval", "reminders are `remind` of a notifier" },
		{ "first_notification_delay", "a delay is `after` of a notifier" },
		{ "notification_options", "kinds of notices are `kinds` of a notifier" },
		{ "event_handler", "no program is started" },
		{ "flap_detection_enabled", "flapping is always found" },
	};

	for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
		const char *is = value(import, target->service, rest[i][0]);

		if (is != NULL && (i != 0 || strcmp(is, "24x7") != 0))
			leave_out(target->entry, target->service,
			    FORMAT(300, "%s %s", rest[i][0], is), rest[i][1]);
	}
}

/* The target of a host, by the description of its service; NULL: its first. */
static const struct checked *
find_target(const struct import *import, const char *host, const char *description)
{
	const struct checked *target = import->first;

	for (; target != NULL; target = target->next) {
		const char *is = value(import, target->service, "service_description");

		if (target->name != NULL
		    && strcmp(value(import, target->host, "host_name"), host) == 0
		    && (description == NULL || (is != NULL && strcmp(is, description) == 0)))
			break;
	}
	return target;
}

/* One of what a target depends on. */
static void
take_parent(struct import *import, struct checked *target, const struct nagios_object *where,
    const char *host, const char *description)
{
	const struct checked *parent = find_target(import, host, description);
	const char *what = FORMAT(300, "%s%s%s", host, description == NULL ? "" : " ",
	    description == NULL ? "" : description);

	if (parent == NULL)
		leave_out(target->entry, where, what,
		    "a parent is a target that is watched: `parent`");
	else
		draft_parent(target->entry, parent->entry,
		    (struct draft_place){ where->file, where->line, NULL }, what);
}

/* Objects of a type say of which hosts and services others are the dependents. */
static void
take_dependencies(struct import *import, struct checked *target, const char *type)
{
	const struct nagios_object *object = import->objects.first;
	const char *name = value(import, target->host, "host_name");
	const char *description = value(import, target->service, "service_description");
	bool of_service = strcmp(type, "servicedependency") == 0;

	for (; object != NULL; object = object->next) {
		bool is_meant = strcmp(object->type, type) == 0
		    && nagios_lists(value(import, object, "dependent_host_name"), name)
		    && (!of_service || (description != NULL
		    && nagios_lists(value(import, object, "dependent_service_description"),
		    description)));
		const char *hosts = is_meant ? value(import, object, "host_name") : NULL;
		const char *criteria = value(import, object, "notification_failure_criteria");

		if (is_meant && criteria != NULL && strcmp(criteria, "n") == 0) {
			leave_out(target->entry, object, type, "it holds back no notices");
			continue;
		}
		for (const char *host; (host = nagios_next(&import->objects, &hosts)) != NULL;)
			take_parent(import, target, object, host,
			    of_service ? value(import, object, "service_description") : NULL);
	}
}

static void
set_parent(struct import *import, struct checked *target)
{
	const char *parents = value(import, target->host, "parents");

	take_dependencies(import, target, "servicedependency");
	for (const char *host; (host = nagios_next(&import->objects, &parents)) != NULL;)
		take_parent(import, target, target->host, host, NULL);
	take_dependencies(import, target, "hostdependency");
}

static void
put_target(struct import *import, const struct checked *target)
{
	const char *tries = value(import, target->service, "max_check_attempts");
	struct draft_entry *entry = target->entry;

	if (target->check.left_out[0] != '\0')
		draft_leave_out(entry, target->name, target->check.left_out);
	draft_settings(entry, target->check.settings);
	if (target->check.family != NULL)
		draft_family(entry, target->check.family);
	tell_rest(import, target);
	set_interval(import, target, "check_interval", "normal_check_interval", "interval");
	set_interval(import, target, "retry_interval", "retry_check_interval", "retry_interval");
	if (tries != NULL)
		draft_number(entry, "tries", strtod(tries, NULL));
	set_tags(import, target);
	set_hours(import, target);
	set_contacts(import, target);
	draft_end(entry);
}

static const char *
find_address(const struct import *import, const struct checked *target)
{
	const char *address = target->check.host;

	if (address == NULL || address[0] == '\0')
		address = value(import, target->host, "address");
	return address != NULL ? address : value(import, target->host, "host_name");
}

/* Other checks are a comment each. */
static void
add_target(struct import *import, const struct nagios_object *host,
    const struct nagios_object *service)
{
	struct checked *target = arena_alloc(import->objects.arena, sizeof *target);
	const char *command = value(import, service, "check_command"), *line;
	const char *active = value(import, service, "active_checks_enabled");
	const char *description = value(import, service, "service_description");
	struct text name = TEXT_ROOM(300);

	*target = (struct checked){ .host = host, .service = service,
		.entry = draft_begin(import->draft, DRAFT_TARGET,
		    (struct draft_place){ service->file, service->line, NULL }) };
	*import->end = target;
	import->end = &target->next;
	line = command == NULL ? NULL
	    : nagios_expand(&import->objects, host, service, command);
	text_format(&name, "%s %s", value(import, host, "host_name"),
	    description == NULL ? "?" : description);
	if (line == NULL || !check_smtp_read(import->objects.arena, line, &target->check)) {
		text_format(&name, ", %s", command == NULL ? "no command" : command);
		draft_leave_out(target->entry, name.bytes,
		    line == NULL ? "this command is not defined" : "no check of SMTP");
	} else if (active != NULL && strcmp(active, "0") == 0)
		draft_leave_out(target->entry, name.bytes, "it is not looked at actively");
	else if (draft_host(target->entry, find_address(import, target)))
		target->name = draft_name(target->entry, name.bytes);
}

/* Whether a service is of the host: by name, by "*", by a group of it; "!NAME" takes it out. */
static bool
is_checked(const struct import *import, const struct nagios_object *host,
    const struct nagios_object *service)
{
	const char *names = value(import, service, "host_name");
	const char *groups = value(import, service, "hostgroup_name");
	const char *name = value(import, host, "host_name");
	const char *of = value(import, host, "hostgroups");

	if (nagios_lists(names, FORMAT(300, "!%s", name)))
		return false;
	if (nagios_lists(names, name) || nagios_lists(names, "*"))
		return true;
	for (const char *word; (word = nagios_next(&import->objects, &groups)) != NULL;) {
		const struct nagios_object *group = nagios_find(
		    &import->objects, "hostgroup", "hostgroup_name", word);
		const char *members = value(import, group, "members");

		if (nagios_lists(of, word) || nagios_lists(members, name)
		    || nagios_lists(members, "*"))
			return true;
	}
	return false;
}

/* The next object of that type that is registered, from that one on; NULL: there is none. */
static const struct nagios_object *
next_of(const struct nagios_object *object, const char *type)
{
	while (object != NULL
	    && (strcmp(object->type, type) != 0 || !nagios_is_registered(object)))
		object = object->next;
	return object;
}

/* That one which Nagios asks by SMTP whether it is there is none of the targets. */
static void
tell_host(struct import *import, const struct nagios_object *host)
{
	const char *command = value(import, host, "check_command"), *line;
	const char *name = value(import, host, "host_name");
	struct draft_entry *entry;
	struct check_smtp check;

	if (command == NULL || name == NULL
	    || (line = nagios_expand(&import->objects, host, host, command)) == NULL
	    || !check_smtp_read(import->objects.arena, line, &check))
		return;
	entry = draft_begin(import->draft, DRAFT_TARGET,
	    (struct draft_place){ host->file, host->line, NULL });
	draft_leave_out(entry, name, "a host is not looked at by itself: only its services are");
	draft_drop(entry);
}

bool
import_nagios(struct draft *draft, char *const *paths, int count, struct reason *why)
{
	struct import import = { .draft = draft,
		.objects = { .arena = draft_arena(draft), .interval_length = 60 } };
	const struct nagios_object *service, *host;

	import.end = &import.first;
	for (int i = 0; i < count; i++)
		if (!nagios_objects_read(&import.objects, paths[i], why))
			return false;
	for (service = next_of(import.objects.first, "service"); service != NULL;
	     service = next_of(service->next, "service"))
		for (host = next_of(import.objects.first, "host"); host != NULL;
		     host = next_of(host->next, "host"))
			if (value(&import, host, "host_name") != NULL
			    && is_checked(&import, host, service))
				add_target(&import, host, service);
	for (host = next_of(import.objects.first, "host"); host != NULL;
	     host = next_of(host->next, "host"))
		tell_host(&import, host);
	for (struct checked *each = import.first; each != NULL; each = each->next)
		if (each->name != NULL)
			set_parent(&import, each);
	for (struct checked *each = import.first; each != NULL; each = each->next)
		if (each->name != NULL)
			put_target(&import, each);
		else
			draft_drop(each->entry);
	for (const struct period *each = import.periods; each != NULL; each = each->next)
		nagios_hours_windows(&import.objects, each->object, draft);
	return true;
}
