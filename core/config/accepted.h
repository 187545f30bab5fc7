/*
 * A snapshot of the accepted configuration's files.
 *
 * What was read of a configuration, byte by byte, so that what was checked is what is loaded,
 * whatever happens to the files in between: remembered while they are read, kept in the state
 * folder, and read from there again.
 *
 * state/accepted/files: "part PATH" for each file of conf.d, "mark …" for each file that is not
 * read but used (the program, the plugins; by their status), and "file SIZE PATH", a line feed, so
 * many bytes and a line feed for each that was read.
 */
#ifndef CONFIG_ACCEPTED_H
#define CONFIG_ACCEPTED_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include "base/reason.h"

struct accepted;
struct input;

/* Remembers what is read. NULL: no memory. */
struct accepted *accepted_record(void);

/* What was kept under state/accepted/NAME. Returns NULL with a reason: it is not there, or does not
 * hold.
 */
struct accepted *accepted_open(const char *state, const char *name, struct reason *why);
void accepted_close(struct accepted **);

/* As input_read() does it: from the disk, and remembered (NULL: not remembered); or from what was
 * kept. */
bool accepted_input(struct accepted *, const char *path, struct input *, struct reason *why);

/* The main file of what was kept, as it was named when it was read. */
const char *accepted_main(const struct accepted *);

/* The parts of conf.d: remembers one; gives the one at `index` of what was kept, NULL behind the
 * last. */
void accepted_part(struct accepted *, const char *path);
bool accepted_is_kept(const struct accepted *);
const char *accepted_next_part(const struct accepted *, size_t index);

/* Remembers how a file is that is used and not read. */
void accepted_mark(struct accepted *, const char *path);

/* Keeps all of it as state/accepted/NAME, durable when true is returned. */
bool accepted_keep(struct accepted *, const char *state, const char *name, struct reason *why);

/* Whether just the same is kept there already. */
bool accepted_is_same(struct accepted *, const char *state, const char *name);

/* What is kept under one name gets another. */
bool accepted_rename(const char *state, const char *from, const char *to, struct reason *why);

/* Copies of files that are used and not read with the configuration: state/accepted/copy-HASH of
 * the file's path. Writes the name of the copy, which need not be there; false: it is too long. */
bool accepted_copy_path(char copy[PATH_MAX], const char *state, const char *path);

/* Keeps a copy, durable when true is returned, unless the file is no longer what `before` says.
 * Returns false with a reason. */
bool accepted_copy(
    const char *state, const char *path, const struct stat *before, struct reason *why);

#endif
