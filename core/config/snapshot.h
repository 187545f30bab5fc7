/*
 * A snapshot of the accepted configuration: the bytes of all its files, kept in the state folder,
 * from which the daemon and commands load it, whatever happens to the files after they were
 * checked. The bytes are remembered while they are read, written when the configuration is
 * accepted, and read from there after a reload.
 *
 * state/accepted/files: "part PATH" for each file of conf.d, "mark …" for each file that is not
 * read but used (the program, the plugins; by their stat(2)), and "file SIZE PATH", a line feed, so
 * many bytes and a line feed for each that was read.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include "base/reason.h"

struct snapshot;
struct input;

/* A snapshot that remembers the files that are read. Returns NULL if out of memory. */
struct snapshot *snapshot_begin(void);

/* Reads the snapshot state/accepted/NAME. Returns NULL with a reason if it is not there or is
 * damaged. */
struct snapshot *snapshot_open(const char *state, const char *name, struct reason *why);
void snapshot_close(struct snapshot **);

/* input_read() for a configuration: a snapshot that was opened gives the bytes that it has; one
 * that was begun (or NULL) reads the disk, and remembers what came. */
bool snapshot_input(struct snapshot *, const char *path, struct input *, struct reason *why);

/* The path of the main file in an opened snapshot, as it was given when it was read. */
const char *snapshot_main(const struct snapshot *);

/* Remembers the path of a file of conf.d. */
void snapshot_part(struct snapshot *, const char *path);
/* Returns whether the snapshot was opened, not begun; NULL is neither. */
bool snapshot_is_saved(const struct snapshot *);
/* The path of the file of conf.d at `index` in an opened snapshot, NULL behind the last. */
const char *snapshot_next_part(const struct snapshot *, size_t index);

/* Remembers the status of a file that is used but not read, such as a plugin. */
void snapshot_mark(struct snapshot *, const char *path);

/* Saves the snapshot as state/accepted/NAME; it is durable when true is returned. */
bool snapshot_save(struct snapshot *, const char *state, const char *name, struct reason *why);

/* Returns whether state/accepted/NAME has the same bytes already. */
bool snapshot_is_same(struct snapshot *, const char *state, const char *name);

/* Renames state/accepted/FROM to TO. */
bool snapshot_rename(const char *state, const char *from, const char *to, struct reason *why);

/* Writes the path of the copy of a file that is used with the configuration and is not a part of
 * it, such as ca_file: state/accepted/copy-HASH of its path. The copy need not exist. Returns false
 * if the path is too long. */
bool snapshot_copy_path(char copy[PATH_MAX], const char *state, const char *path);

/* Copies such a file, unless it is no longer what `before` says; the copy is durable when true is
 * returned. Returns false with a reason. */
bool snapshot_copy(
    const char *state, const char *path, const struct stat *before, struct reason *why);
