/*
 * Warns of files that the service's user cannot read. `check` is run by root mostly, who reads
 * everything, and the service has a user made for it.
 */
#include "config/reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config/service.h"

/* A file, and where it is named. */
struct named {
	struct place place;
	const char *key, *suffix, *owner, *path; /* "password", "_file", "notifier mail" */
	bool secret;
};

struct files {
	struct named *items;
	size_t count, room;
};

static void
add(struct reader *reader, struct files *files, struct named named)
{
	if (files->count == files->room) {
		size_t room = files->room * 2 + 16;
		struct named *grown = arena_array(reader->scratch, room, sizeof *grown);

		if (files->count > 0)
			memcpy(grown, files->items, files->count * sizeof *grown);
		files->items = grown;
		files->room = room;
	}
	files->items[files->count++] = named;
}

/* Whether a setting leads to a file by the name that systemd loads it under: then systemd reads it. */
static bool
is_credential(const struct node *node)
{
	static const char variable[] = "$CREDENTIALS_DIRECTORY/";

	return (node->kind == NODE_STRING || node->kind == NODE_TEXT)
	    && strncmp(node->text, variable, strlen(variable)) == 0;
}

static void
add_notifier(struct reader *reader, struct files *files, uint32_t index)
{
	const struct config_notifier *notifier = &reader->config->notifiers[index];
	const struct pw_setting *rows = notifier->plugin->descriptor->settings;

	for (uint32_t i = 0; rows != NULL && notifier->values != NULL && rows[i].key != NULL; i++) {
		char key[SETTING_KEY_MAX];
		const char *path = rows[i].type == PW_SECRET || rows[i].type == PW_PATH ? notifier->values->items[i].string : NULL;
		const struct node *node = path == NULL ? NULL : node_member(reader->notifier_groups[index], value_key(&rows[i], key));

		if (node != NULL && (rows[i].type == PW_SECRET ? !is_credential(node) : access(path, F_OK) == 0))
			add(reader, files, (struct named){ node->place, rows[i].key, rows[i].type == PW_SECRET ? "_file" : "",
				notifier->name, path, rows[i].type == PW_SECRET });
	}
}

static void
add_targets(struct reader *reader, struct files *files)
{
	const struct config *config = reader->config;
	const char *last = NULL;

	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct tls_settings *tls = config->targets[i].policy->tls; /* NULL: its probe knows none */
		const char *path = tls == NULL ? NULL : tls->ca_file;

		if (path != NULL && (last == NULL || strcmp(path, last) != 0))
			add(reader, files, (struct named){ reader->targets.origins[i].place, "ca_file", "", config->targets[i].name, path, false });
		last = path;
	}
}

static void
warn(struct reader *reader, const struct service_user *user, const struct named *file, int error)
{
	const char *slash = strrchr(file->path, '/'), *name = slash == NULL ? file->path : slash + 1;
	const char *who = user->name[0] != '\0' ? user->name : user->found ? "a user made for it" : "an unprivileged user";

	if (file->secret)
		faults_warn(&reader->faults, file->place, "%s: the service cannot read %s%s = %s as %s (%s): write "
		    "%s%s = \"$CREDENTIALS_DIRECTORY/%s\", and have systemd load it: `systemctl edit postwatch`, [Service], "
		    "LoadCredential=%s:%s", file->owner, file->key, file->suffix, QUOTE(reader, file->path), who, strerror(error),
		    file->key, file->suffix, name, name, file->path);
	else
		faults_warn(&reader->faults, file->place, "%s: the service cannot read %s = %s as %s (%s): make it, and the folders "
		    "that it lies in, readable for all", file->owner, file->key, QUOTE(reader, file->path), who, strerror(error));
}

/* Only root can try files as another user; any other user tries them as itself. */
static void
try_ourselves(struct reader *reader, const struct files *files)
{
	for (size_t i = 0; i < files->count; i++)
		if (files->items[i].secret && files->items[i].path[0] == '/' && access(files->items[i].path, R_OK) != 0)
			faults_add(&reader->faults, files->items[i].place, "%s: %s%s: %s cannot be read: %s", files->items[i].owner,
			    files->items[i].key, files->items[i].suffix, QUOTE(reader, files->items[i].path), strerror(errno));
}

void
reader_look_at_service(struct reader *reader)
{
	struct files files = { .count = 0 };
	struct service_user user;

	if (!reader->source->advise || reader->faults.into->faults > 0)
		return;
	for (uint32_t i = 0; i < reader->config->notifier_count; i++)
		add_notifier(reader, &files, i);
	add_targets(reader, &files);
	if (files.count == 0)
		return;
	const char **paths = arena_array(reader->scratch, files.count, sizeof *paths);
	int *errors = arena_array(reader->scratch, files.count, sizeof *errors);
	for (size_t i = 0; i < files.count; i++)
		paths[i] = files.items[i].path;
	service_find_user(&user);
	if (geteuid() != 0)
		try_ourselves(reader, &files);
	else if (!user.root && service_try_files(&user, paths, files.count, errors))
		for (size_t i = 0; i < files.count; i++)
			if (errors[i] != 0)
				warn(reader, &user, &files.items[i], errors[i]);
}
