/*
 * Reads a configuration file, or a file that one names, whole into memory, lists a folder of them,
 * and resolves relative paths against the file that has them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/reason.h"

enum { INPUT_FILE_MAX = 64 * 1024 * 1024 };

struct input {
	char *bytes; /* the caller frees them; ended by a NUL that does not count; no byte order
	                mark */
	size_t size;
};

/* Reads a regular file whole. Returns false with a reason: it is none, is too large, cannot be
 * read, or holds a NUL. */
bool input_read(const char *path, struct input *, struct reason *why);
void input_free(struct input *);

/* Why a file cannot be opened, by errno: a permission was denied to our user, by name, which may be
 * another one than that of whoever asked for it. */
void input_denied(int error, struct reason *why);

/* The names in a folder that end with `suffix` and do not begin with a '.', in the order of their
 * bytes. Returns how many; -1: errno says why. The caller frees each entry and the array. */
struct dirent;
int folder_read(const char *path, const char *suffix, struct dirent ***entries);

/* `path` as seen from the folder in which the file `from` lies ("" and names without a folder: the
 * working folder). */
const char *path_beside(struct arena *, const char *from, const char *path);

/* The same, and absolute. */
const char *path_absolute(struct arena *, const char *from, const char *path);
