/*
 * The part of a configuration that commands such as `postwatch status` need, which they get from
 * the web process where their user may not read the files: names, tags, parents, windows, pace and
 * limits of targets, and the outcomes of their probes. Nothing of notifiers, of settings of
 * plugins, or of the page is in it, and so no secret.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "config/config.h"

enum { OUTLINE_MAX = 64 * 1024 * 1024, OUTLINE_NAME_MAX = 64 };

/* The name of this program and of the form of an outline: "postwatch 0.1.0 0123456789abcdef".
 * Programs with the same name understand each other. */
void outline_name(char name[OUTLINE_NAME_MAX]);

/* Appends that name, a line feed and the outline, which says also since when the daemon has not
 * been able to write its store (UTC, 0: it can). Returns false if there is no memory. */
bool outline_write(struct buffer *, const struct config *, int64_t behind);

/* Reads what stands behind the line feed. NULL: it is malformed. Strings of what is returned are
 * views into the bytes, the rest lies in the arena; nothing else is set than what an outline
 * has. */
const struct config *outline_read(struct pw_bytes, struct arena *, int64_t *behind);
