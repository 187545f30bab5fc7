/*
 * For `postwatch import`: reads a backup of Uptime Kuma.
 *
 * A backup of Uptime Kuma is JSON: monitorList, and notificationList, in which `config` is JSON
 * within a string. JSON is read as YAML, which it is but for two things: a tab between values, and
 * a character beyond U+FFFF that is written as two escapes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "command/import_sources.h"
#include "command/kuma_notifier.h"
#include "command/yaml.h"
#include "config/input.h"

struct notifier {
	struct notifier *next;
	const char *id, *name; /* name NULL: left out */
};

struct import {
	struct draft *draft;
	struct arena *arena;
	const char *file;
	const struct yaml_node *monitors;
	struct notifier *notifiers;
};

static struct draft_place
place_of(
    const struct import *import, const char *list, unsigned index, const struct yaml_node *node)
{
	return (struct draft_place){ import->file, node->line,
		arena_strdup(import->arena, FORMAT(40, "%s[%u]", list, index)) };
}

/* What a monitor has that has no counterpart. */
static const struct kuma_rest rest[] = {
	{ "description", "there are no descriptions", "0", false },
	{ "resendInterval", "reminders are `remind` of a notifier", "0", false },
	{ "proxyId", "no proxy is used", "0", false },
	{ .key = NULL },
};

/* Each tag with its value; the group that a monitor is in as well. */
static void
set_tags(const struct import *import, const struct yaml_node *monitor, struct draft_entry *target)
{
	const char *parent = yaml_text(monitor, "parent");

	YAML_EACH(item, yaml_get(monitor, "tags"), YAML_LIST) {
		const char *name = yaml_text(item->value, "name"),
			   *is = yaml_text(item->value, "value");
		const char *tag = FORMAT(300, "%s%s%s", name == NULL ? "" : name,
		    is == NULL || is[0] == '\0' ? "" : "=", is == NULL ? "" : is);

		if (tag[0] != '\0')
			draft_word(target, "tags", tag);
	}
	YAML_EACH(item, import->monitors, YAML_LIST) {
		const char *id = yaml_text(item->value, "id"),
			   *name = yaml_text(item->value, "name");

		if (id != NULL && parent != NULL && strcmp(id, parent) == 0 && name != NULL
		    && name[0] != '\0')
			draft_word(target, "tags", name);
	}
}

static void
set_notify(const struct import *import, const struct yaml_node *monitor, struct draft_entry *target)
{
	const struct yaml_node *list = yaml_get(monitor, "notificationIDList");

	draft_word(target, "notify", NULL);
	YAML_EACH(item, list, YAML_MAP) {
		const struct notifier *notifier = import->notifiers;

		if (!yaml_is_true(list, item->key))
			continue;
		while (notifier != NULL && strcmp(notifier->id, item->key) != 0)
			notifier = notifier->next;
		if (notifier != NULL && notifier->name != NULL)
			draft_word(target, "notify", notifier->name);
		else
			draft_leave_out(target, FORMAT(100, "notification %s", item->key),
			    notifier == NULL ? "there is no such notification"
			                     : "this notification is left out");
	}
}

/* nodemailer checks certificates wherever there is TLS. */
static void
set_dialogue(
    const struct yaml_node *monitor, const char *type, long port, struct draft_entry *target)
{
	const char *security = yaml_text(monitor, "smtpSecurity");
	const char *verify = yaml_is_true(monitor, "ignoreTls") ? "none" : "full";

	if (strcmp(type, "port") == 0 && security == NULL) {
		draft_leave_out(
		    target, "type port", "it only connects; here the greeting is looked at, too");
		draft_settings(target, port == 465 ? " tls = \"implicit\"; verify = \"none\";"
		    : " probe = \"banner\";");
		return;
	}
	if (security != NULL && strcmp(security, "nostarttls") == 0) {
		draft_settings(target, " tls = \"none\";");
		return;
	}
	if (security != NULL && strcmp(security, "secure") == 0)
		draft_settings(target, " tls = \"implicit\";");
	else if (security != NULL && strcmp(security, "starttls") == 0)
		draft_settings(target, " probe = \"starttls\";");
	else {
		draft_settings(target, " tls = \"opportunistic\";");
		if (security != NULL && security[0] != '\0')
			draft_leave_out(target, security, "no smtpSecurity that is known");
	}
	draft_string(target, "verify", verify);
}

/* Why a monitor is no target; NULL: it is one. */
static const char *
find_obstacle(const struct yaml_node *monitor, const char *type, long port)
{
	bool is_port = strcmp(type, "port") == 0;

	if (!is_port && strcmp(type, "smtp") != 0)
		return "no check of SMTP";
	if (is_port && port != 25 && port != 465 && port != 587)
		return "this port is none of SMTP";
	if (yaml_get(monitor, "active") != NULL && !yaml_is_true(monitor, "active"))
		return "it is paused";
	if (yaml_is_true(monitor, "upsideDown"))
		return "nothing is up when a server is down (upsideDown)";
	return yaml_text(monitor, "hostname") == NULL ? "it has no hostname" : NULL;
}

static void
take_monitor(const struct import *import, const struct yaml_node *monitor, unsigned index)
{
	const char *type = yaml_text(monitor, "type"), *name = yaml_text(monitor, "name"), *why;
	double port = yaml_number(monitor, "port", 25),
	       timeout = yaml_number(monitor, "timeout", 0);
	double interval = yaml_number(monitor, "interval", 60);
	double retry = yaml_number(monitor, "retryInterval", interval);
	struct draft_entry *target = draft_begin(import->draft, DRAFT_TARGET,
	    place_of(import, "monitorList", index, monitor));

	type = type == NULL ? "?" : type;
	name = name == NULL ? "?" : name;
	why = find_obstacle(monitor, type, (long)port);
	if (why != NULL)
		draft_leave_out(target, FORMAT(400, "%s, type %s", name, type), why);
	if (why != NULL || !draft_host(target, yaml_text(monitor, "hostname"))) {
		draft_drop(target);
		return;
	}
	draft_name(target, name);
	draft_number(target, "port", port);
	set_dialogue(monitor, type, (long)port, target);
	draft_seconds(target, "interval", interval);
	draft_seconds(target, "retry_interval", retry > 0 ? retry : interval);
	draft_number(target, "tries", yaml_number(monitor, "maxretries", 0) + 1);
	if (timeout > 0)
		draft_leg(target, "limits", timeout);
	kuma_tell_rest(monitor, target, rest);
	set_tags(import, monitor, target);
	set_notify(import, monitor, target);
	draft_end(target);
}

/* Four hexadecimal digits behind "\u"; 0: none. */
static unsigned
read_escape(const char *at, const char *end)
{
	char digits[5] = "";

	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return 0;
	memcpy(digits, at + 2, 4);
	return strspn(digits, "0123456789abcdefABCDEF") == 4 ? (unsigned)strtoul(digits, NULL, 16)
							     : 0;
}

/* Makes YAML of JSON and reads it; NULL with a reason. */
static const struct yaml_node *
parse(struct arena *arena, const char *name, const char *json, size_t size, struct reason *why)
{
	char *bytes = arena_bytes(arena, json, size), *out = bytes;
	const char *end = bytes + size;

	for (const char *at = bytes; at < end;) {
		unsigned high = read_escape(at, end), low = read_escape(at + 6, end);
		unsigned code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);

		if (high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
			*out++ = (char)(0xf0 | code >> 18);
			*out++ = (char)(0x80 | (code >> 12 & 0x3f));
			*out++ = (char)(0x80 | (code >> 6 & 0x3f));
			*out++ = (char)(0x80 | (code & 0x3f));
			at += 12;
		} else if (at[0] == '\\' && at + 1 < end) {
			*out++ = *at++;
			*out++ = *at++;
		} else {
			*out++ = *at == '\t' ? ' ' : *at;
			at++;
		}
	}
	return yaml_parse(arena, name, bytes, (size_t)(out - bytes), why);
}

/* What a notification is called, and its settings. */
static bool
take_notification(struct import *import, const struct yaml_node *node, unsigned index,
    struct reason *why)
{
	struct notifier *notifier = arena_alloc(import->arena, sizeof *notifier);
	const char *text = yaml_text(node, "config"), *id = yaml_text(node, "id");
	const char *name = yaml_text(node, "name");
	const struct yaml_node *config = yaml_get(node, "config");
	struct draft_place place = place_of(import, "notificationList", index, node);

	if (text != NULL)
		config = parse(import->arena,
		    FORMAT(300, "%s:%u: %s: config", import->file, node->line, place.path), text,
		    strlen(text), why);
	if (text != NULL && config == NULL)
		return false;
	*notifier = (struct notifier){ import->notifiers, id == NULL ? "" : id,
		kuma_notifier(import->draft, place, name == NULL ? "?" : name, config,
		    yaml_get(node, "active") == NULL || yaml_is_true(node, "active")) };
	import->notifiers = notifier;
	return true;
}

bool
import_kuma(struct draft *draft, char *const *paths, int count, struct reason *why)
{
	struct import import = { .draft = draft, .arena = draft_arena(draft) };

	for (int i = 0; i < count; i++) {
		const struct yaml_node *root;
		struct input input;
		struct reason own;
		unsigned index = 0;

		import.file = paths[i];
		import.notifiers = NULL;
		if (!input_read(paths[i], &input, &own)) {
			reason_set(why, "%s: %s", paths[i], own.text);
			return false;
		}
		root = parse(import.arena, paths[i], input.bytes, input.size, why);
		input_free(&input);
		import.monitors = yaml_get(root, "monitorList");
		if (yaml_first(import.monitors, YAML_LIST) == NULL) {
			if (root != NULL)
				reason_set(why,
				    "%s:%u: no `monitorList` with monitors: is it a backup of "
				    "Uptime Kuma?", paths[i], root->line);
			return false;
		}
		YAML_EACH(item, yaml_get(root, "notificationList"), YAML_LIST)
			if (!take_notification(&import, item->value, index++, why))
				return false;
		index = 0;
		YAML_EACH(item, import.monitors, YAML_LIST)
			take_monitor(&import, item->value, index++);
	}
	return true;
}
