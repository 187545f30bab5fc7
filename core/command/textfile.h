/*
 * For `postwatch status --textfile`: metrics as a file, for the textfile collector of the
 * node_exporter.
 */
#pragma once

#include "base/reason.h"
#include "config/config.h"

/* Those that the store tells of, without counters, which begin with a process that goes on. The
 * file is replaced as a whole; whoever reads it may. Returns false with a reason. */
bool textfile_write(const struct config *, const char *path, struct reason *why);
