/*
 * Tries every file that the configuration names as the user that the daemon will run as; without
 * root's rights, the secrets alone, as the current user.
 *
 * Finds files that the daemon's user cannot read. `check` is run by root mostly, who reads
 * everything; the service has a user made for it, and a daemon that root starts becomes the user of
 * the configuration.
 */
#include "config/service_files.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/identity.h"
#include "base/vec.h"
#include "config/input.h"
#include "config/reader.h"
#include "config/secret.h"
#include "config/service.h"

/* A file with a secret of a probe's, as some layer of settings names it. */
struct probe_secret {
	struct place place;
	const char *key, *path; /* the setting without "_file" */
};

/* A file, and where it is named. */
struct named_file {
	struct place place;
	const char *key, *suffix, *owner, *path; /* "password", "_file", "notifier mail" */
	bool secret;
	bool loaded; /* a plugin: it is in memory, and read again by a reload alone */
};

struct files {
	struct named_file *items;
	uint32_t count, room;
};

static void
add(struct files *files, struct named_file file)
{
	VEC_REQUIRE(files->items, files->count, files->room);
	files->items[files->count++] = file;
}

static bool
is_credential(const struct node *node)
{
	return (node->kind == NODE_STRING || node->kind == NODE_TEXT)
	    && strncmp(node->text, SECRET_CREDENTIAL, strlen(SECRET_CREDENTIAL)) == 0;
}

void
service_files_note(struct reader *reader, const struct pw_setting *row, const struct node *node,
    const char *path)
{
	if (is_credential(node))
		return;
	VEC_REQUIRE(reader->secrets, reader->secret_count, reader->secret_room);
	reader->secrets[reader->secret_count++] = (struct probe_secret){ node->place, row->key,
		path };
}

static void
add_notifier(const struct reader *reader, struct files *files, uint32_t index)
{
	const struct config_notifier *notifier = &reader->config->notifiers[index];
	const struct pw_setting *rows = notifier->plugin->descriptor->settings;

	for (uint32_t i = 0; rows != NULL && notifier->values != NULL && rows[i].key != NULL; i++) {
		bool secret = rows[i].type == PW_SECRET;
		const char *path = notifier->values->items[i].string;
		char key[SETTING_KEY_MAX];
		const struct node *node;

		if ((!secret && rows[i].type != PW_PATH) || path == NULL)
			continue;
		node = node_member(reader->notifier_nodes[index], value_key(&rows[i], key));
		/* What systemd loads, systemd reads. */
		if (node == NULL || (secret ? is_credential(node) : access(path, F_OK) != 0))
			continue;
		add(files, (struct named_file){ .place = node->place,
		        .key = rows[i].key,
		        .path = path,
		        .suffix = secret ? "_file" : "",
		        .owner = notifier->name,
		        .secret = secret });
	}
}

static void
add_targets(const struct reader *reader, struct files *files)
{
	const struct config *config = reader->config;
	const char *last = NULL;

	for (uint32_t i = 0; i < reader->secret_count; i++)
		add(files, (struct named_file){ .place = reader->secrets[i].place,
		    .key = reader->secrets[i].key, .suffix = "_file", .owner = "a probe",
		    .path = reader->secrets[i].path, .secret = true });
	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct tls_settings *tls = config->targets[i].policy->tls;
		const char *path = tls == NULL ? NULL
		                               : tls->ca_file; /* NULL: its probe knows no TLS */

		if (path != NULL && (last == NULL || strcmp(path, last) != 0))
			add(files, (struct named_file){ .place = reader->targets.places[i],
				.key = "ca_file", .suffix = "", .owner = config->targets[i].name,
				.path = path });
		last = path;
	}
}

static void
warn_of_service(struct reader *reader, const struct service_user *user,
    const struct named_file *file, int error)
{
	const char *slash = strrchr(file->path, '/'),
	           *name = slash == NULL ? file->path : slash + 1;
	const char *made = user->found ? "a user made for it" : "an unprivileged user";
	const char *who = user->name[0] != '\0' ? user->name : made;

	if (file->secret)
		WARN(reader, file->place,
		    "%s: the service cannot read %s%s = %s as %s (%s): write %s%s = "
		    "\"$CREDENTIALS_DIRECTORY/%s\", and have systemd load it: `systemctl edit "
		    "postwatch`, [Service], LoadCredential=%s:%s",
		    file->owner, file->key, file->suffix, QUOTE(reader, file->path), who,
		    strerror(error), file->key, file->suffix, name, name, file->path);
	else
		WARN(reader, file->place,
		    "%s: the service cannot read %s = %s as %s (%s): make it, and the folders that "
		    "it lies in, readable for all",
		    file->owner, file->key, QUOTE(reader, file->path), who, strerror(error));
}

/*
 * Of a daemon that root starts: systemd is not there to load secrets, so the file itself has to be
 * the user's.
 */
static void
report_unreadable(struct reader *reader, const struct service_user *user,
    const struct named_file *file, int error)
{
	struct text what = TEXT_ROOM(400);

	if (file->loaded) {
		WARN(reader, file->place,
		    "the file cannot be read as user %s (%s): no reload will work until that user "
		    "can enter the folders above it, and read it", user->name, strerror(error));
		return;
	}
	text_format(&what,
	    "%s%s%s%s%s cannot be read as user %s (%s): chown %s %s; and let that user enter the "
	    "folders above it",
	    file->owner, file->owner[0] == '\0' ? "" : ": ", file->key, file->suffix,
	    file->owner[0] == '\0' ? "the file" : "", user->name, strerror(error), user->name,
	    file->path);
	if (reader->source->starts)
		FAULT(reader, file->place, "%s", what.bytes);
	else
		WARN(reader, file->place, "%s", what.bytes);
}

/* The files of the configuration itself: a reload reads them as that user. One plugin stands for
 * those beside it: where root builds in a home of its own, the user can enter none of it. */
static void
add_own(const struct reader *reader, struct files *files)
{
	const struct config *config = reader->config;
	bool has_plugin = false;

	for (uint32_t i = 0; i < reader->diagnostics.file_count; i++) {
		const char *path = reader->diagnostics.files[i];
		bool loaded = false;

		for (uint32_t j = 0; !loaded && j < config->plugin_count; j++)
			loaded = strcmp(config->plugins[j].path, path) == 0;
		if (path[0] == '/' && !(loaded && has_plugin))
			add(files, (struct named_file){ .place = { .file = i }, .key = "",
				.suffix = "", .owner = "", .path = path, .loaded = loaded });
		has_plugin = has_plugin || loaded;
	}
}

/*
 * Finds the user that a daemon which root starts would become. Returns false if it is nobody else.
 * A user that is missing is told where the daemon starts, or where the configuration names it.
 */
static bool
find_user(struct reader *reader, struct service_user *user)
{
	const struct node *named = reader->globals[GLOBAL_USER];
	struct place place = named != NULL ? named->place : reader_main_file(reader);
	struct identity identity;
	struct reason why;

	if (!identity_find(&identity, reader->config->user, reader->config->state, &why)) {
		if (reader->source->starts)
			FAULT(reader, place, "user: %s", why.text);
		else if (named != NULL)
			WARN(reader, place, "user: %s", why.text);
		return false;
	}
	if (identity.root && named != NULL)
		WARN(reader, place,
		    "user: the daemon stays root: a process of it that is broken into is root, "
		    "too");
	if (identity.changes) {
		*user = (struct service_user){
			.found = true, .uid = identity.uid, .gid = identity.gid
		};
		snprintf(user->name, sizeof user->name, "%s", identity.name);
	}
	return identity.changes;
}

void
service_files_check(struct reader *reader)
{
	bool starts = reader->source->starts, changes = false;
	bool ourselves = geteuid() != 0 && (reader->source->advise || reader->source->replaces);
	const struct node *password
	    = reader->web == NULL ? NULL : node_member(reader->web, "password_file");
	struct files files = { .count = 0 };
	struct service_user user;
	const char **paths;
	struct reason why;
	int *errors;
	bool tried;

	assert(reader->diagnostics.into->errors == 0);
	service_find_user(&user);
	if (geteuid() == 0 && (starts || !user.found)) {
		changes = find_user(reader, &user);
		if (!changes && starts)
			return;
		if (changes)
			add_own(reader, &files);
	}
	for (uint32_t i = 0; i < reader->config->notifier_count; i++)
		add_notifier(reader, &files, i);
	add_targets(reader, &files);
	if (password != NULL && !is_credential(password))
		add(&files, (struct named_file){ .place = password->place, .key = "password",
		    .suffix = "_file", .owner = "web", .path = reader->config->web.password_file,
		    .secret = true });
	/* Only root can try files as another user; any other user tries them as itself. */
	for (uint32_t i = 0; ourselves && i < files.count; i++) {
		const struct named_file *file = &files.items[i];

		if (file->secret && file->path[0] == '/' && access(file->path, R_OK) != 0) {
			input_denied(errno, &why);
			FAULT(reader, file->place, "%s: %s%s: %s cannot be read: %s", file->owner,
			    file->key, file->suffix, QUOTE(reader, file->path), why.text);
		}
	}
	paths = arena_array(reader->scratch, files.count, sizeof *paths);
	errors = arena_array(reader->scratch, files.count, sizeof *errors);
	for (uint32_t i = 0; i < files.count; i++)
		paths[i] = files.items[i].path;
	tried = !ourselves && !user.root && files.count > 0
	    && service_try_files(&user, paths, files.count, errors);
	for (uint32_t i = 0; tried && i < files.count; i++)
		if (errors[i] != 0)
			(changes ? report_unreadable
			         : warn_of_service)(reader, &user, &files.items[i], errors[i]);
	free(files.items);
}
