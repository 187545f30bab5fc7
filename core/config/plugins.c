/*
 * Finds plugin files, checks their owners and modes, and loads them with dlopen(3).
 *
 * Constructors of a plugin run as soon as it is loaded, so all that can be checked without loading
 * is checked first; a plugin that was loaded and is refused stays in memory (RTLD_NODELETE) and is
 * never called.
 */
#include "config/plugins.h"

#include <assert.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/vec.h"
#include "config/input.h"

void
plugins_init(struct plugins *plugins, struct values *values)
{
	*plugins = (struct plugins){ .arena = values->arena, .values = values };
}

void
plugins_fini(struct plugins *plugins)
{
	free(plugins->items);
	free(plugins->broken);
	*plugins = (struct plugins){ 0 };
}

/* In the build folder they lie beside the program, and where it was installed behind ../lib,
 * whatever PREFIX it was built for. */
const char *
plugins_standard_folder(struct arena *arena)
{
	static const char *const places[] = { "plugins", "../lib/postwatch/plugins" };
	char *program = realpath("/proc/self/exe", NULL);
	const char *folder = NULL;
	struct stat status;

	for (size_t i = 0; program != NULL && folder == NULL && i < sizeof places / sizeof *places;
	     i++) {
		const char *place = path_beside(arena, program, places[i]);

		if (stat(place, &status) == 0 && S_ISDIR(status.st_mode))
			folder = place;
	}
	free(program);
	return folder != NULL ? folder : PW_PLUGIN_DIR;
}

static void
refuse(struct plugins *plugins, const char *path, const char *why)
{
	struct broken_plugin *broken;

	VEC_REQUIRE(plugins->broken, plugins->broken_count, plugins->broken_room);
	broken = &plugins->broken[plugins->broken_count++];
	broken->path = arena_strdup(plugins->arena, path);
	snprintf(broken->why, sizeof broken->why, "%s", why);
}

/*
 * Whoever can write to a plugin, or replace it or a folder above it, can become us. Returns a
 * descriptor of the file that was looked at, -1 with a reason.
 */
static int
open_guarded(const char *path, struct stat *status, struct reason *why)
{
	const char *name = strrchr(path, '/') + 1;
	char folder[PATH_MAX];
	int at, fd;

	snprintf(folder, sizeof folder, "%.*s", (int)(name - path), path);
	at = folder_open(folder, FOLDER_WHOLE, why);
	if (at < 0)
		return -1;
	fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	close(at);
	if (fd < 0 || fstat(fd, status) != 0) {
		struct reason denied;

		input_denied(errno, &denied);
		reason_set(why, "the file cannot be opened: %s", denied.text);
	} else if (!S_ISREG(status->st_mode))
		reason_set(why, "it is not a regular file");
	else if (folder_is_ours_alone(status, "the file", why))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * The file by its descriptor. The C library knows what is loaded by its name, and numbers of
 * descriptors are used again: so all that makes the file another one stands in the name, each bit
 * as "/" or "./", which lead nowhere else.
 */
static void
name_descriptor(char name[PATH_MAX], int fd, const struct stat *status)
{
	const uint64_t identity[] = { status->st_dev, status->st_ino,
		(uint64_t)status->st_ctim.tv_sec, (uint64_t)status->st_ctim.tv_nsec };
	char *at = stpcpy(name, "/proc/self/fd/");

	for (size_t i = 0; i < sizeof identity / sizeof identity[0]; i++)
		for (int bit = 0; bit < 64; bit++)
			at = stpcpy(at, (identity[i] >> bit & 1) != 0 ? "./" : "/");
	assert(at - name < PATH_MAX - 16);
	snprintf(at, 16, "%d", fd);
}

/*
 * RTLD_NOW: a symbol that is missing is told at the start, and not at the first call of it.
 * RTLD_LOCAL: two plugins may have functions of one name. Messages of the C library begin with the
 * name that it was given.
 */
void *
plugins_open_file(const char *path, struct reason *why)
{
	char name[PATH_MAX];
	struct stat status;
	int fd = open_guarded(path, &status, why);
	struct text shown = TEXT_ROOM(300);
	const char *error;
	void *handle;

	if (fd < 0)
		return NULL;
	name_descriptor(name, fd, &status);
	handle = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	close(fd);
	if (handle != NULL)
		return handle;
	error = dlerror();
	if (strncmp(error, name, strlen(name)) == 0 && strncmp(error + strlen(name), ": ", 2) == 0)
		error += strlen(name) + 2;
	text_escape(&shown, text_view(error));
	reason_set(why, "it cannot be loaded: %s", shown.bytes);
	return NULL;
}

const struct plugin *
plugins_find(const struct plugins *plugins, const char *name, enum pw_kind kind)
{
	for (uint32_t i = 0; i < plugins->count; i++)
		if (plugins->items[i].descriptor->kind == kind
		    && strcmp(plugins->items[i].descriptor->name, name) == 0)
			return &plugins->items[i];
	return NULL;
}

/* A file may be reached by two settings, or by a link: it is known by its real path. */
static void
load_file(struct plugins *plugins, const char *path)
{
	const struct pw_plugin *descriptor;
	const struct plugin *namesake;
	struct reason why = { .text = "" };
	void *handle;

	for (uint32_t i = 0; i < plugins->count; i++)
		if (strcmp(plugins->items[i].path, path) == 0)
			return;
	for (uint32_t i = 0; i < plugins->broken_count; i++)
		if (strcmp(plugins->broken[i].path, path) == 0)
			return;
	handle = plugins_open_file(path, &why);
	descriptor = handle == NULL ? NULL : dlsym(handle, "pw_plugin");
	if (handle != NULL && descriptor == NULL)
		reason_set(&why, "it is no plugin: it exports no pw_plugin");
	if (descriptor == NULL || !plugin_check(descriptor, plugins->values, &why)) {
		refuse(plugins, path, why.text);
		return;
	}
	namesake = plugins_find(plugins, descriptor->name, descriptor->kind);
	if (namesake != NULL) {
		reason_set(&why, "there is another plugin called %s: %s", descriptor->name,
		    namesake->path);
		refuse(plugins, path, why.text);
		return;
	}
	VEC_REQUIRE(plugins->items, plugins->count, plugins->room);
	assert(plugins->count < plugins->room);
	plugins->items[plugins->count++] = (struct plugin){ descriptor,
		arena_strdup(plugins->arena, path) };
}

void
plugins_load(struct plugins *plugins, const char *path)
{
	char *real = realpath(path, NULL), room[4096];
	struct dirent **entries = NULL;
	struct stat status;
	int count = 0;

	if (real == NULL || stat(real, &status) < 0)
		refuse(plugins, path, strerror(errno));
	else if (!S_ISDIR(status.st_mode))
		load_file(plugins, real);
	else if ((count = folder_read(real, ".so", &entries)) < 0)
		refuse(plugins, real, strerror(errno));
	for (int i = 0; i < count; i++) {
		snprintf(room, sizeof room, "%s/%s", real, entries[i]->d_name);
		plugins_load(plugins, room);
		free(entries[i]);
	}
	free(entries);
	free(real);
}

/* The name of a plugin that was refused is not trusted: it is known by its file, NAME.so. */
const struct broken_plugin *
plugins_find_broken(const struct plugins *plugins, const char *name)
{
	size_t size = strlen(name);

	for (uint32_t i = 0; i < plugins->broken_count; i++) {
		const char *path = plugins->broken[i].path, *slash = strrchr(path, '/');
		const char *file = slash == NULL ? path : slash + 1;

		if (strncmp(file, name, size) == 0
		    && (strcmp(file + size, ".so") == 0 || file[size] == '\0'))
			return &plugins->broken[i];
	}
	return NULL;
}
