/*
 * The plugin host: the only place that opens plugins. One is used only after everything about it
 * has been checked: who can write to its file and folder, its version before anything else of its
 * descriptor, then every table in it. What was loaded is never unloaded.
 */
#pragma once

#include "config/config.h"
#include "config/plugin_check.h"

/* One that was refused. */
struct broken_plugin {
	const char *path;
	char why[300];
};

struct plugins {
	struct arena *arena;
	struct values *values;
	struct plugin *items;
	struct broken_plugin *broken;
	uint32_t count, room, broken_count, broken_room;
};

/* Loads a shared object for good, by the descriptor of the file that was looked at: nobody else
 * may be able to write to it or to a folder above it. Returns its handle for dlsym(3), NULL with
 * a reason. */
void *plugins_open_file(const char *path, struct reason *why);

void plugins_init(struct plugins *, struct values *);
void plugins_fini(struct plugins *); /* the descriptors stay, and so do copies of ->items */

/* Where the plugins lie that come with the program: beside it in its build folder, in
 * ../lib/postwatch/plugins where it was installed, whatever the prefix, else where the build was
 * told that they would be. */
const char *plugins_standard_folder(struct arena *);

/* Loads a file, or every *.so of a folder in the order of their names. What cannot be used is noted
 * in ->broken. */
void plugins_load(struct plugins *, const char *path);

const struct plugin *plugins_find(const struct plugins *, const char *name, enum pw_kind);

/* One that was refused and whose file is called NAME.so; NULL: none. */
const struct broken_plugin *plugins_find_broken(const struct plugins *, const char *name);
