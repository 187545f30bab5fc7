/*
 * For `postwatch import`: splits a check_command of Nagios and puts values in place of its macros
 * ($HOSTADDRESS$, $ARG1$). A macro that is not known stays as it is, so that the reader of the
 * import sees it.
 */
#include "command/nagios_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "command/command.h"

enum { ARGUMENTS_MAX = 32 };

static const char *
value(const struct nagios_objects *objects, const struct nagios_object *object, const char *key)
{
	return object == NULL ? NULL : nagios_value(objects, object, key);
}

/* The value of a macro of a check; NULL: not known. Custom variables are case-insensitive. */
static const char *
find_macro(const struct nagios_objects *objects, const struct nagios_object *host,
    const struct nagios_object *service,
    const char *const arguments[ARGUMENTS_MAX + 1], const char *name)
{
	const struct nagios_object *of = service;
	const char *address = value(objects, host, "address");
	bool is_of_host = strncmp(name, "_HOST", 5) == 0;
	const char *variable = name + (is_of_host ? 5 : 8);
	char key[128];

	if (strncmp(name, "ARG", 3) == 0) {
		long number = strtol(name + 3, NULL, 10);

		return number < 1 || number > ARGUMENTS_MAX ? NULL
		    : arguments[number] == NULL             ? "" : arguments[number];
	}
	if (strcmp(name, "HOSTNAME") == 0)
		return value(objects, host, "host_name");
	if (strcmp(name, "HOSTADDRESS") == 0)
		return address != NULL ? address : value(objects, host, "host_name");
	if (strncmp(name, "USER", 4) == 0)
		return "";
	if (!is_of_host && strncmp(name, "_SERVICE", 8) != 0)
		return NULL;
	of = is_of_host ? host : of;
	for (const struct nagios_attribute *item = of->attributes; item != NULL; item = item->next)
		if (item->key[0] == '_' && strcasecmp(item->key + 1, variable) == 0)
			return item->value;
	snprintf(key, sizeof key, "_%s", variable);
	return value(objects, of, key);
}

/* The command line of a check with its macros in place; a macro that is not known stays. */
const char *
nagios_expand(const struct nagios_objects *objects, const struct nagios_object *host,
    const struct nagios_object *service, const char *command)
{
	const char *arguments[ARGUMENTS_MAX + 1] = { NULL };
	char *bytes = NULL, *at = arena_strdup(objects->arena, command);
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
	object = nagios_find(objects, "command", "command_name", arguments[0]);
	line = value(objects, object, "command_line");
	if (line == NULL)
		return NULL;
	file = must(open_memstream(&bytes, &size));
	for (; *line != '\0'; line++) {
		char name[128];
		const char *found = NULL;

		dollar = *line == '$' ? strchr(line + 1, '$') : NULL;
		if (dollar != NULL && dollar - line < 100) {
			snprintf(name, sizeof name, "%.*s", (int)(dollar - line - 1), line + 1);
			found = name[0] == '\0'
			    ? "$"
			    : find_macro(objects, host, service, arguments, name);
		}
		if (found == NULL)
			fputc(*line, file);
		else {
			fputs(found, file);
			line = dollar;
		}
	}
	fclose(file);
	line = arena_strdup(objects->arena, bytes);
	free(bytes);
	return line;
}
