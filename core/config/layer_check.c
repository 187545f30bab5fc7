/* Checks target settings beyond their types: combinations, ranges, expressions. */
#include "config/reader.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "config/accepted.h"

enum { TAG_SIZE_MAX = 64 };

static bool
check_source(struct reader *reader, const struct node *node, const struct pw_strings *list)
{
	bool has[2] = { false, false };

	for (uint32_t i = 0; i < list->count; i++) {
		struct address address;

		if (!address_parse(list->items[i], 0, &address)) {
			faults_add(&reader->faults, node->place, "source: %s is not an address", QUOTE(reader, list->items[i]));
			return false;
		}
		if (address_is_forbidden(&address)) {
			faults_add(&reader->faults, node->place, "source: %s is %s, not one of ours", QUOTE(reader, list->items[i]),
			    address_class_name(address_class(&address)));
			return false;
		}
		if (has[address_is_ipv4(&address)]) {
			faults_add(&reader->faults, node->place, "source: has two %s addresses: one for each family",
			    address_is_ipv4(&address) ? "IPv4" : "IPv6");
			return false;
		}
		has[address_is_ipv4(&address)] = true;
	}
	return true;
}


static const char *
next_notifier(void *arg, size_t index)
{
	const struct reader *reader = arg;

	return index < reader->notifier_count ? reader->notifiers[index].name : NULL;
}

static bool
check_notify(struct reader *reader, const struct node *node, const struct pw_strings *list)
{
	bool good = true;

	for (uint32_t i = 0; i < list->count; i++) {
		const char *name = list->items[i], *near;

		if (reader_find_notifier(reader, name) != CONFIG_NONE || reader->is_torn)
			continue;
		near = text_nearest(name, next_notifier, reader);
		faults_add(&reader->faults, node->place, "notify: there is no notifier %s%s%s%s", QUOTE(reader, name),
		    near == NULL ? "" : ": did you mean ", near == NULL ? "" : QUOTE(reader, near), near == NULL ? "" : "?");
		good = false;
	}
	return good;
}

static bool
check_tags(struct reader *reader, const struct node *node, const struct pw_strings *list)
{
	for (uint32_t i = 0; i < list->count; i++) {
		size_t size = strlen(list->items[i]);

		if (size == 0 || size > TAG_SIZE_MAX || strpbrk(list->items[i], " \t") != NULL) {
			faults_add(&reader->faults, node->place, "tags: %s is not a word of up to %d bytes",
			    QUOTE(reader, list->items[i]), TAG_SIZE_MAX);
			return false;
		}
	}
	return true;
}

static bool
check_cert_warn(struct reader *reader, const struct node *node, const struct pw_strings *list)
{
	for (uint32_t i = 0; i < list->count; i++) {
		struct cert_limit limit;
		struct reason why;

		if (!cert_limit_parse(list->items[i], &limit, &why)) {
			faults_add(&reader->faults, node->place, "cert_warn: %s %s", QUOTE(reader, list->items[i]), why.text);
			return false;
		}
	}
	return true;
}

/* The daemon goes on by the copy of a file that it could use once; `check` says what it would not begin with elsewhere. */
static bool
check_ca_file(struct reader *reader, const struct node *node, const char *path)
{
	char copy[PATH_MAX];

	if (access(path, R_OK) == 0)
		return true;
	const char *fault = strerror(errno);
	if (!reader->source->advise && accepted_copy_path(copy, reader_find_state(reader), path) && access(copy, R_OK) == 0) {
		faults_warn(&reader->faults, node->place, "ca_file: %s cannot be read: %s: what was in it before stays in force",
		    QUOTE(reader, path), fault);
		return true;
	}
	faults_add(&reader->faults, node->place, "ca_file: %s cannot be read: %s", QUOTE(reader, path), fault);
	return false;
}

static bool
check_sni(struct reader *reader, const struct node *node, const char *name)
{
	struct host host;
	struct reason why;

	if (!host_parse(reader->scratch, name, strlen(name), &host, &why))
		faults_add(&reader->faults, node->place, "sni: %s %s", QUOTE(reader, name), why.text);
	else if (host.is_literal)
		faults_add(&reader->faults, node->place, "sni: %s is an address, and only names can be asked for", QUOTE(reader, name));
	else
		return true;
	return false;
}

bool
layer_check(struct reader *reader, const struct pw_setting *row, const struct node *node, const struct pw_value *value)
{
	if (row == &target_settings[TARGET_SOURCE])
		return check_source(reader, node, value->list);
	if (row == &target_settings[TARGET_NOTIFY])
		return check_notify(reader, node, value->list);
	if (row == &target_settings[TARGET_TAGS])
		return check_tags(reader, node, value->list);
	if (row == &tls_settings_rows[TLS_CERT_WARN])
		return check_cert_warn(reader, node, value->list);
	if (row == &tls_settings_rows[TLS_CA_FILE])
		return check_ca_file(reader, node, value->string);
	if (row == &tls_settings_rows[TLS_SNI])
		return check_sni(reader, node, value->string);
	return true;
}
