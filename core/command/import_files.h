/* The files of a folder, and of those within it, that a configuration of another monitor consists of. */
#pragma once

#include <fts.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/reason.h"

/* Begins with a folder, whose symbolic links are followed; ended by fts_close(3). NULL with a reason. */
FTS *import_files_open(struct arena *, const char *folder, struct reason *why);

/* The path of the next file whose name ends with `suffix`, by name, good until the next call. NULL at the end, and with a reason,
 * *good false, where a folder or a file cannot be read. */
const char *import_files_next(FTS *, const char *suffix, bool *good, struct reason *why);
