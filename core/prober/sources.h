/*
 * The files that a prober reads at birth: the hosts file, that of the host's resolvers, and those of CAs. Of each a copy is
 * kept in the state folder when it could be used, and read in its place when it no longer can: one damaged file stops
 * nobody, also after a restart.
 */
#ifndef PROBER_SOURCES_H
#define PROBER_SOURCES_H

#include <stdbool.h>

#include "base/messages.h"
#include "base/reason.h"
#include "base/text.h"

struct sources {
	const char *state;               /* the folder with the copies */
	char said[SOURCES_TEXT_MAX];     /* which files cannot be used, and why; "": none */
	struct reason unkept;            /* why the copy of one could not be written; "": all were */
};

/* `state` stays the caller's, and good as long as the sources. */
void sources_init(struct sources *, const char *state);

/* Reads one file; false with a reason, which names the file: it cannot be used, and `arg` is as before. */
typedef bool source_load(void *arg, const char *path, struct reason *why);

/* Loads `path`, and keeps a copy; where it cannot be used, loads the copy and notes that. False with the reason of the file
 * itself: neither can be used. `sources` NULL: there are no copies. */
bool sources_load(struct sources *sources, const char *path, source_load *load, void *arg, struct reason *why);

/* Notes a file that cannot be used, and `what` follows from it. */
void sources_note(struct sources *, const struct reason *why, const char *what);

#endif
