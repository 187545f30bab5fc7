/*
 * For `postwatch import`: finds the files below a folder of a configuration of Nagios or Icinga 2,
 * and calls a function of the importer for each, which reads it. Also remembers which files were
 * read, so that one that is named twice is read once.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/reason.h"

/* Those that were read, whatever their paths were. Starts as zeroes, in an arena. */
struct import_files {
	struct import_file *first;
};

/* Whether the file has not been read before; it counts as read from now on. One that is not there
 * is new. */
bool import_files_is_new(struct import_files *, struct arena *, const char *path);

/* Calls `read` with `to` for each file of a folder, and of those within it, whose name ends with
 * `suffix`, in the order of names; symbolic links are followed. The path is good during the call.
 * Returns false with a reason where `read` does, or where a folder or a file cannot be read. */
bool import_files_read(const char *folder, const char *suffix,
    bool (*read)(void *to, const char *path, struct reason *why), void *to, struct reason *why);
