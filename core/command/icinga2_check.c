/*
 * For `postwatch import`: translates the custom variables of Icinga's commands smtp and ssmtp into
 * a command line of check_smtp, as the Icinga Template Library does.
 */
#include "command/icinga2_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "command/command.h"

static const struct {
	const char *variable, *option;
	bool is_flag;
} variables[] = {
	{ "smtp_address", "-H", false },
	{ "smtp_port", "-p", false },
	{ "smtp_mail_from", "-f", false },
	{ "smtp_expect", "-e", false },
	{ "smtp_command", "-C", false },
	{ "smtp_response", "-R", false },
	{ "smtp_helo_fqdn", "-F", false },
	{ "smtp_certificate_age", "-D", false },
	{ "smtp_starttls", "-S", true },
	{ "smtp_ssl", "-s", true },
	{ "smtp_sni", "--sni", true },
	{ "smtp_authtype", "-A", false },
	{ "smtp_authuser", "-U", false },
	{ "smtp_authpass", "-P", false },
	{ "smtp_ignore_quit", "-q", true },
	{ "smtp_warning", "-w", false },
	{ "smtp_critical", "-c", false },
	{ "smtp_timeout", "-t", false },
	{ "smtp_lmtp", "-L", true },
	{ "smtp_proxy", "-r", true },
	{ "smtp_ipv4", "-4", true },
	{ "smtp_ipv6", "-6", true },
	{ "ssmtp_address", "-H", false },
	{ "ssmtp_port", "-p", false },
	{ "ssmtp_expect", "-e", false },
	{ "ssmtp_certificate", "-D", false },
	{ "ssmtp_warning", "-w", false },
	{ "ssmtp_critical", "-c", false },
	{ "ssmtp_timeout", "-t", false },
	{ "ssmtp_ipv4", "-4", true },
	{ "ssmtp_ipv6", "-6", true },
};

/* "host.vars.x", "x": a variable or an attribute of the service, else of its host. */
static const struct icinga_value *
find_macro(const struct icinga_object *service, const char *name)
{
	const struct icinga_object *of[] = { service, service->host };
	bool is_host = strncmp(name, "host.", 5) == 0,
	     is_service = strncmp(name, "service.", 8) == 0;
	const struct icinga_value *value;

	name += is_host ? 5 : is_service ? 8 : 0;
	name += strncmp(name, "vars.", 5) == 0 ? 5 : 0;
	for (int i = is_host ? 1 : 0; i < (is_service ? 1 : 2); i++) {
		value = icinga_get(icinga_get(of[i]->attributes, "vars"), name);
		if (value->type == ICINGA_EMPTY)
			value = icinga_get(of[i]->attributes, name);
		if (value->type != ICINGA_EMPTY)
			return value;
	}
	if (strcmp(name, "check_address") != 0)
		return NULL;
	value = icinga_get(service->host->attributes, "address");
	return icinga_truth(value) == 1 ? value : icinga_get(service->host->attributes, "address6");
}

/* A text with its "$macros$" in place, in the arena; NULL: one is not known. */
static const char *
expand(struct arena *arena, const struct icinga_object *service, const char *text)
{
	struct text whole = TEXT_ROOM(1000);

	while (*text != '\0') {
		const char *dollar = strchr(text, '$'), *end, *value;
		const struct icinga_value *found;

		text_add_bytes(
		    &whole, text, dollar == NULL ? strlen(text) : (size_t)(dollar - text));
		if (dollar == NULL)
			break;
		end = strchr(dollar + 1, '$');
		if (end == NULL)
			return NULL;
		text = end + 1;
		if (end == dollar + 1) {
			text_add(&whole, "$");
			continue;
		}
		found = find_macro(service,
		    arena_bytes(arena, dollar + 1, (size_t)(end - dollar - 1)));
		value = found == NULL ? NULL : icinga_text(arena, found);
		if (value == NULL || strchr(value, '$') != NULL)
			return NULL;
		text_add(&whole, value);
	}
	return whole.cut ? NULL : arena_strdup(arena, whole.bytes);
}

/* An option with its argument in quotes. */
static void
put_option(FILE *line, const char *option, const char *argument)
{
	fprintf(line, " %s", option);
	for (const char *c = argument; c != NULL && *c != '\0'; c++) {
		fputs(c == argument ? " \"" : "", line);
		fprintf(line, strchr("\"\\", *c) != NULL ? "\\%c" : "%c", *c);
		fputs(c[1] == '\0' ? "\"" : "", line);
	}
}

/* A variable as an option. */
static void
take_variable(struct icinga_objects *objects, const struct icinga_object *service,
    const struct icinga_member *item, FILE *line, struct draft_entry *entry)
{
	const char *text = icinga_text(objects->arena, item->value), *argument;
	const struct icinga_node *where = item->where != NULL ? item->where : service->node;
	size_t i = 0;

	while (i < sizeof variables / sizeof variables[0]
	    && strcmp(variables[i].variable, item->key) != 0)
		i++;
	if (i == sizeof variables / sizeof variables[0]) {
		icinga_tell(objects, entry, where, item->key, "no counterpart");
		return;
	}
	if (item->value->type == ICINGA_EMPTY)
		return;
	argument = text == NULL ? NULL : expand(objects->arena, service, text);
	if (argument == NULL)
		icinga_tell(objects, entry, where, item->key, "this value is not known here");
	else if (!variables[i].is_flag && argument[0] != '\0')
		put_option(line, variables[i].option, argument);
	else if (variables[i].is_flag && argument[0] != '\0' && strcmp(argument, "false") != 0
	    && strcmp(argument, "0") != 0)
		put_option(line, variables[i].option, NULL);
}

bool
icinga_check_read(struct icinga_objects *objects, const struct icinga_object *service,
    struct draft_entry *entry, struct check_smtp *check)
{
	const char *command = icinga_text(
	    objects->arena, icinga_get(service->attributes, "check_command"));
	const struct icinga_object *of[] = { service->host, service };
	char *bytes = NULL, prefix[8];
	size_t size;
	FILE *line;
	bool good;

	if (command == NULL || (strcmp(command, "smtp") != 0 && strcmp(command, "ssmtp") != 0))
		return false;
	snprintf(prefix, sizeof prefix, "%s_", command);
	line = must(open_memstream(&bytes, &size));
	fprintf(line, "check_%s", command);
	/* Of the host first: the service's own count more, and stand behind. */
	for (int i = 0; i < 2; i++)
		ICINGA_EACH(item, icinga_get(of[i]->attributes, "vars"), ICINGA_TABLE)
			if (strncmp(item->key, prefix, strlen(prefix)) == 0
			    && (i == 1
				|| icinga_member(icinga_get(service->attributes, "vars"), item->key)
				    == NULL))
				take_variable(objects, service, item, line, entry);
	fclose(line);
	good = check_smtp_read(objects->arena, bytes, check);
	free(bytes);
	return good;
}
