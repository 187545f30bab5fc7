/*
 * `postwatch import nagios FILE…`: the checks of check_smtp as targets, and who is told of them, as
 * a configuration on standard output. What has no counterpart is a comment where it was found, so
 * that nothing is lost unseen.
 */
#include "command/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "command/check_smtp.h"
#include "command/layout.h"
#include "command/nagios_objects.h"

enum { ARGUMENTS_MAX = 32 };

struct import {
	struct nagios_objects objects;
	FILE *notifiers;             /* those of contacts that are in use */
	const char *told;            /* names of these contacts, each with commas around it */
	uint32_t targets, left_out;
};

/* A service of a host. */
struct checked {
	const struct nagios_object *host, *service;
};

static const char *
value(const struct import *import, const struct nagios_object *object, const char *key)
{
	return object == NULL ? NULL : nagios_value(&import->objects, object, key);
}

/* The value of a macro of a check; NULL: not known. Custom variables are case-insensitive. */
static const char *
find_macro(const struct import *import, const struct checked *checked,
    const char *const arguments[ARGUMENTS_MAX + 1], const char *name)
{
	const struct nagios_object *host = checked->host, *of = checked->service;
	const char *address = value(import, host, "address");
	bool is_of_host = strncmp(name, "_HOST", 5) == 0;
	const char *variable = name + (is_of_host ? 5 : 8);
	char key[128];

	if (strncmp(name, "ARG", 3) == 0) {
		long number = strtol(name + 3, NULL, 10);

		return number < 1 || number > ARGUMENTS_MAX ? NULL
		    : arguments[number] == NULL             ? "" : arguments[number];
	}
	if (strcmp(name, "HOSTNAME") == 0)
		return value(import, host, "host_name");
	if (strcmp(name, "HOSTADDRESS") == 0)
		return address != NULL ? address : value(import, host, "host_name");
	if (strncmp(name, "USER", 4) == 0)
		return "";
	if (!is_of_host && strncmp(name, "_SERVICE", 8) != 0)
		return NULL;
	of = is_of_host ? host : of;
	for (const struct nagios_attribute *item = of->attributes; item != NULL; item = item->next)
		if (item->key[0] == '_' && strcasecmp(item->key + 1, variable) == 0)
			return item->value;
	snprintf(key, sizeof key, "_%s", variable);
	return value(import, of, key);
}

/* The command line of a check with its macros in place; a macro that is not known stays. */
static const char *
expand(struct import *import, const struct checked *checked, const char *command)
{
	const char *arguments[ARGUMENTS_MAX + 1] = { NULL };
	char *bytes = NULL, *at = arena_strdup(import->objects.arena, command);
	const struct nagios_object *object;
	const char *line, *dollar;
	size_t size;
	FILE *file;

	for (int i = 0; at != NULL && i <= ARGUMENTS_MAX; i++) {
		arguments[i] = at;
		at = strchr(at, '!');
		if (at != NULL)
			*at++ = '\0';
	}
	object = nagios_find(&import->objects, "command", "command_name", arguments[0]);
	line = value(import, object, "command_line");
	if (line == NULL)
		return NULL;
	file = must(open_memstream(&bytes, &size));
	for (; *line != '\0'; line++) {
		char name[128];
		const char *found = NULL;

		dollar = *line == '$' ? strchr(line + 1, '$') : NULL;
		if (dollar != NULL && dollar - line < 100) {
			snprintf(name, sizeof name, "%.*s", (int)(dollar - line - 1), line + 1);
			found = name[0] == '\0' ? "$"
			                        : find_macro(import, checked, arguments, name);
		}
		if (found == NULL)
			fputc(*line, file);
		else {
			fputs(found, file);
			line = dollar;
		}
	}
	fclose(file);
	line = arena_strdup(import->objects.arena, bytes);
	free(bytes);
	return line;
}

static void
leave_out(struct import *import, const struct nagios_object *object, const char *what,
    const char *why)
{
	char shown[600];
	struct text text = TEXT_OVER(shown);

	text_escape(&text, text_view(what));
	printf("\t# %s:%u: %s: %s\n", object->file, object->line, shown, why);
	import->left_out++;
}

/* A setting from minutes, which the attribute has by one of two names: interval_length is 60 s
 * unless nagios.cfg says otherwise. */
static void
put_minutes(const struct import *import, const struct nagios_object *object,
    const char *const keys[2], const char *setting)
{
	const char *text = value(import, object, keys[0]);
	double minutes;

	text = text != NULL ? text : value(import, object, keys[1]);
	minutes = text == NULL ? 0 : strtod(text, NULL);
	if (minutes > 0 && minutes < 7 * 24 * 60)
		printf(" %s = \"%.0fs\";", setting, minutes * 60);
}

/* A tag has no blanks. */
static void
put_tag(struct import *import, const char *word, const char **separator)
{
	char *tag = arena_strdup(import->objects.arena, word);

	for (char *c = tag; *c != '\0'; c++)
		*c = *c == ' ' || *c == '\t' ? '-' : *c;
	fputs(*separator, stdout);
	import_quote(stdout, tag);
	*separator = ", ";
}

/* Groups of hosts that name the host, those that it names, and groups of the service. */
static void
put_tags(struct import *import, const struct checked *checked)
{
	const char *name = value(import, checked->host, "host_name"), *separator = " tags = [ ";
	const char *lists[] = { value(import, checked->host, "hostgroups"),
		value(import, checked->service, "servicegroups") };
	const struct nagios_object *group = import->objects.first;

	for (; group != NULL; group = group->next) {
		bool is_group = strcmp(group->type, "hostgroup") == 0;
		const char *members = is_group ? value(import, group, "members") : NULL;
		const char *group_name = value(import, group, "hostgroup_name");

		if (group_name != NULL && nagios_lists(members, name)
		    && !nagios_lists(lists[0], group_name))
			put_tag(import, group_name, &separator);
	}
	for (int i = 0; i < 2; i++)
		for (const char *word; (word = nagios_next(&import->objects, &lists[i])) != NULL;)
			put_tag(import, word, &separator);
	if (strcmp(separator, ", ") == 0)
		fputs(" ];", stdout);
}

/* The notifier of a contact, which is written once. Returns false if it has no address of mail. */
static bool
use_contact(struct import *import, const char *name)
{
	const struct nagios_object *contact = nagios_find(
	    &import->objects, "contact", "contact_name", name);
	const char *email = value(import, contact, "email");
	size_t size = strlen(import->told) + strlen(name) + 3;
	char *told;

	if (email == NULL || strchr(email, '@') == NULL)
		return false;
	if (nagios_lists(import->told, name))
		return true;
	fputs(import->told[0] == '\0' ? "\t  { name = " : "\t, { name = ", import->notifiers);
	import_quote(import->notifiers, name);
	fputs("; plugin = \"email\"; relay = \"127.0.0.1:25\"; tls = \"none\";\n"
	      "\t    from = \"postwatch@localhost.localdomain\"; to = [ ", import->notifiers);
	import_quote(import->notifiers, email);
	fputs(" ]; }\n", import->notifiers);
	told = arena_alloc(import->objects.arena, size);
	snprintf(told, size, "%s,%s", import->told, name);
	import->told = told;
	return true;
}

/* Names of contacts of a list, as strings of a configuration, behind those that are there. */
static void
add_contacts(struct import *import, const struct nagios_object *service, const char *list,
    FILE *names)
{
	for (const char *word; (word = nagios_next(&import->objects, &list)) != NULL;) {
		if (!use_contact(import, word)) {
			leave_out(import, service, word, "this contact has no address of mail");
			continue;
		}
		fputs(ftell(names) > 0 ? ", " : "", names);
		import_quote(names, word);
	}
}

/* Whom a service tells, those of its host where it names none itself; in memory of the arena. */
static const char *
find_contacts(struct import *import, const struct checked *checked)
{
	const struct nagios_object *service = checked->service;
	const char *contacts = value(import, service, "contacts");
	const char *groups = value(import, service, "contact_groups");
	const char *enabled = value(import, service, "notifications_enabled");
	bool is_told = enabled == NULL || strcmp(enabled, "0") != 0;
	char *bytes = NULL;
	size_t size;
	FILE *names = must(open_memstream(&bytes, &size));

	if (contacts == NULL && groups == NULL) {
		contacts = value(import, checked->host, "contacts");
		groups = value(import, checked->host, "contact_groups");
	}
	if (is_told)
		add_contacts(import, service, contacts, names);
	groups = is_told ? groups : NULL;
	for (const char *word; (word = nagios_next(&import->objects, &groups)) != NULL;) {
		const struct nagios_object *group = nagios_find(
		    &import->objects, "contactgroup", "contactgroup_name", word);

		add_contacts(import, service, value(import, group, "members"), names);
	}
	fclose(names);
	contacts = arena_strdup(import->objects.arena, bytes);
	free(bytes);
	return contacts;
}

/* What a service has that has no counterpart. */
static void
tell_rest(struct import *import, const struct nagios_object *service)
{
	static const char *const rest[][2] = {
		{ "check_period", "it is always looked at" },
		{ "notification_period", "hours without notices are `quiet` of a notifier" },
		{ "notification_interval", "reminders are `remind` of a notifier" },
		{ "first_notification_delay", "a delay is `after` of a notifier" },
		{ "notification_options", "kinds of notices are `kinds` of a notifier" },
		{ "event_handler", "no program is started" },
		{ "flap_detection_enabled", "flapping is always found" },
	};

	for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
		const char *is = value(import, service, rest[i][0]);
		char what[300];

		if (is == NULL || (i < 2 && strcmp(is, "24x7") == 0))
			continue;
		snprintf(what, sizeof what, "%s %s", rest[i][0], is);
		leave_out(import, service, what, rest[i][1]);
	}
}

/* A target behind the comments on it. */
static void
put_target(struct import *import, const struct checked *checked, const char *name,
    const struct check_smtp *check)
{
	static const char *const interval[] = { "check_interval", "normal_check_interval" };
	static const char *const retry[] = { "retry_interval", "retry_check_interval" };
	const struct nagios_object *host = checked->host, *service = checked->service;
	const char *parents = value(import, host, "parents"), *contacts;
	const char *tries = value(import, service, "max_check_attempts");
	const char *address = check->host;

	if (address == NULL || address[0] == '\0')
		address = value(import, host, "address");
	if (check->left_out[0] != '\0')
		leave_out(import, service, name, check->left_out);
	if (parents != NULL)
		leave_out(import, host, parents, "a parent is a target that is watched: `parent`");
	tell_rest(import, service);
	contacts = find_contacts(import, checked);
	printf("\t%s{ name = ", import->targets++ == 0 ? "  " : ", ");
	import_quote(stdout, name);
	fputs("; host = ", stdout);
	import_quote(stdout, address != NULL ? address : value(import, host, "host_name"));
	printf(";%s", check->settings);
	put_minutes(import, service, interval, "interval");
	put_minutes(import, service, retry, "retry_interval");
	if (tries != NULL)
		printf(" tries = %ld;", strtol(tries, NULL, 10));
	put_tags(import, checked);
	printf(" notify = [ %s ]; }\n", contacts);
}

/* Other checks are a comment each. */
static void
take_checked(struct import *import, const struct checked *checked)
{
	const char *command = value(import, checked->service, "check_command");
	const char *line = command == NULL ? NULL : expand(import, checked, command);
	const char *active = value(import, checked->service, "active_checks_enabled");
	const char *description = value(import, checked->service, "service_description");
	struct check_smtp check;
	struct text name = TEXT_ROOM(300);

	text_format(&name, "%s %s", value(import, checked->host, "host_name"),
	    description == NULL ? "?" : description);
	if (line == NULL || !check_smtp_read(import->objects.arena, line, &check)) {
		text_format(&name, ", %s", command == NULL ? "no command" : command);
		leave_out(import, checked->service, name.bytes,
		    line == NULL ? "this command is not defined" : "no check of SMTP");
	} else if (active != NULL && strcmp(active, "0") == 0)
		leave_out(import, checked->service, name.bytes, "it is not looked at actively");
	else
		put_target(import, checked, name.bytes, &check);
}

/* Whether a service is of the host: by name, by "*", by a group of it; "!NAME" takes it out. */
static bool
is_checked(const struct import *import, const struct checked *checked)
{
	const char *names = value(import, checked->service, "host_name");
	const char *groups = value(import, checked->service, "hostgroup_name");
	const char *name = value(import, checked->host, "host_name");
	const char *of = value(import, checked->host, "hostgroups");
	struct text no = TEXT_ROOM(300);

	text_format(&no, "!%s", name);
	if (nagios_lists(names, no.bytes))
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

static void
put_configuration(struct import *import)
{
	const struct nagios_object *first = import->objects.first;
	struct checked each;
	char *notifiers = NULL;
	size_t size;

	import->notifiers = must(open_memstream(&notifiers, &size));
	puts("# Made by `postwatch import nagios`. What has no counterpart is a comment, with its\n"
	     "# place. `postwatch check -c FILE` tells what is to be looked at; postwatch.conf(5)\n"
	     "# has all settings.\n\ntargets = (");
	for (each.service = next_of(first, "service"); each.service != NULL;
	     each.service = next_of(each.service->next, "service"))
		for (each.host = next_of(first, "host"); each.host != NULL;
		     each.host = next_of(each.host->next, "host"))
			if (value(import, each.host, "host_name") != NULL
			    && is_checked(import, &each))
				take_checked(import, &each);
	puts(");");
	fclose(import->notifiers);
	if (notifiers[0] != '\0')
		printf("\n# Who was told by mail. The relay and the sender are to be set.\n"
		    "notifiers = (\n%s);\n", notifiers);
	free(notifiers);
}

static int
import_it(const struct command *command, int argc, char **argv)
{
	struct import import = { .told = "" };
	struct reason why;
	char *argument;
	int at = 0, status = 0;

	while (command_next_option(command, argc, argv, &at, &argument) != NULL)
		continue;
	if (argc - at < 2 || strcmp(argv[at], "nagios") != 0)
		return command_misused(command, "`import` takes `nagios` and files of objects");
	layout_be_plain();
	import.objects.arena = arena_create();
	for (int i = at + 1; status == 0 && i < argc; i++)
		if (!nagios_objects_read(&import.objects, argv[i], &why))
			status = command_fail(EXIT_CONFIG, "%s", why.text);
	if (status == 0)
		put_configuration(&import);
	if (status == 0)
		fprintf(stderr, "postwatch: %u target%s; %u thing%s without a counterpart, each a "
		    "comment\n", import.targets, plural(import.targets), import.left_out,
		    plural(import.left_out));
	arena_destroy(&import.objects.arena);
	return status;
}

static const struct option_row options[] = { { NULL, 0, NULL, NULL } };
static const char *const words[] = { "nagios", NULL };

const struct command command_import = {
	.name = "import", .arguments = "nagios FILE…",
	.summary = "checks of SMTP of a Nagios as a configuration",
	.help = "Reads FILEs of objects of Nagios (and of Icinga 1, Naemon, Shinken) and prints a "
	    "configuration: a target for each host and service that check_smtp or check_ssmtp "
	    "looks at, with its options, intervals and groups, and a notifier for each contact "
	    "that has an address of mail. What has no counterpart is a comment, with its file and "
	    "line.\n\n"
	    "Exit status: 0; 64 wrong command line; 78 a file cannot be read, or is none of "
	    "Nagios.",
	.options = options, .words = words, .run = import_it, .as_it_is = true,
};
