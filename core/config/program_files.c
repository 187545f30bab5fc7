/*
 * For the runner, which starts the programs of the configuration: confines which files such a
 * program may open. Landlock knows only what may be opened: all but a few files is put together
 * from what lies beside them, and beside the folders that they lie in. That is done for each
 * program anew, since a rule holds for a file that is there, and not for the one that replaces it.
 */
#include "config/program_files.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/landlock.h"
#include "config/config.h"

enum { HIDDEN_MAX = 512, PATHS_MAX = 8192 };

/* Paths are absolute, without symbolic links. What has no room is not allowed; what has none among
 * those that are hidden makes the whole fail. */
struct files {
	struct {
		char *path;
		const char *what;
	} hidden[HIDDEN_MAX];
	unsigned hidden_count, path_count;
	struct sandbox_path paths[PATHS_MAX];
	bool full;
};

/* What is not there cannot be opened. */
static void
hide(struct files *files, const char *path, const char *what)
{
	char *real = path == NULL ? NULL : realpath(path, NULL);

	if (real == NULL)
		return;
	if (files->hidden_count == HIDDEN_MAX) {
		free(real);
		files->full = true;
		return;
	}
	files->hidden[files->hidden_count].path = real;
	files->hidden[files->hidden_count++].what = what;
}

static void
hide_all(struct files *files, const struct config *config)
{
	hide(files, config->state, "the state folder");
	for (uint32_t i = 0; i < config->file_count; i++)
		hide(files, config->files[i], "the configuration");
	hide(files, config->web.password_file, "the secrets");
	for (uint32_t i = 0; i < config->notifier_count; i++) {
		const struct config_notifier *notifier = &config->notifiers[i];
		const struct pw_setting *rows = notifier->plugin->descriptor->settings;

		for (uint32_t j = 0; rows != NULL && rows[j].key != NULL; j++)
			if (rows[j].type == PW_SECRET)
				hide(files, notifier->values->items[j].string, "the secrets");
	}
}

static bool
lies_in(const char *path, const char *folder)
{
	size_t size = strcmp(folder, "/") == 0 ? 0 : strlen(folder);

	return strncmp(path, folder, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

static void
add(struct files *files, const char *path, enum sandbox_access access)
{
	char *copy = files->path_count < PATHS_MAX ? strdup(path) : NULL;

	if (copy != NULL)
		files->paths[files->path_count++] = (struct sandbox_path){ copy, access, true };
}

/* A folder that something hidden lies in is looked through; so deep as that lies. */
static void
allow(struct files *files, const char *path, enum sandbox_access access)
{
	char below[PATH_MAX];
	const struct dirent *entry;
	bool holds = false;
	DIR *folder;

	for (unsigned i = 0; i < files->hidden_count; i++) {
		if (lies_in(path, files->hidden[i].path))
			return;
		holds |= lies_in(files->hidden[i].path, path);
	}
	if (!holds) {
		add(files, path, access);
		return;
	}
	folder = opendir(path);
	while (folder != NULL && (entry = readdir(folder)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0
		    && snprintf(below, sizeof below, "%s/%s", path[1] == '\0' ? "" : path,
		           entry->d_name) < (int)sizeof below)
			allow(files, below, access);
	if (folder != NULL)
		closedir(folder);
}

static void
allow_real(struct files *files, const char *path)
{
	char *real = realpath(path, NULL);

	if (real != NULL)
		allow(files, real, SANDBOX_ALL);
	free(real);
}

static void
free_all(struct files *files)
{
	while (files->hidden_count > 0)
		free(files->hidden[--files->hidden_count].path);
	while (files->path_count > 0)
		free((char *)(uintptr_t)files->paths[--files->path_count].path);
	free(files);
}

/* Of devices, among which disks are, those that everybody may have. */
bool
program_files_confine(const struct config *config, const struct pw_strings *writes,
    struct reason *why)
{
	static const char *const temporary[] = { "/tmp", "/var/tmp", "/dev/shm" };
	static const char *const harmless[] = { "/dev/null", "/dev/zero", "/dev/full",
		"/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx", "/dev/pts" };
	struct files *files = calloc(1, sizeof *files);
	struct sandbox sandbox = { .network = SANDBOX_ANY_TCP };
	bool entered = false;
	int version;

	reason_set(why, "no room for what a program may open");
	if (files == NULL)
		return false;
	hide_all(files, config);
	if (!files->full && files->hidden_count < HIDDEN_MAX) {
		hide(files, "/dev", "devices");
		allow(files, "/", SANDBOX_RUN);
		free(files->hidden[--files->hidden_count].path);
		for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
			add(files, harmless[i], SANDBOX_ALL);
		for (size_t i = 0; i < sizeof temporary / sizeof *temporary; i++)
			allow_real(files, temporary[i]);
		for (uint32_t i = 0; writes != NULL && i < writes->count; i++)
			allow_real(files, writes->items[i]);
		sandbox.paths = files->paths;
		sandbox.path_count = files->path_count;
		entered = landlock_enter(&sandbox, &version, why);
	}
	free_all(files);
	return entered;
}

bool
program_file_is_hidden(const struct config *config, const char *path, const char **what)
{
	struct files *files = calloc(1, sizeof *files);
	char *real = realpath(path, NULL);

	*what = NULL;
	if (files != NULL && real != NULL) {
		hide_all(files, config);
		for (unsigned i = 0; i < files->hidden_count; i++)
			if (lies_in(real, files->hidden[i].path))
				*what = files->hidden[i].what;
	}
	free(real);
	if (files != NULL)
		free_all(files);
	return *what != NULL;
}
