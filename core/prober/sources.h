/*
 * For the prober, and the gate of a notifier: the files that it reads at its start: the hosts file,
 * that of the host's resolvers, and those of CAs. Of each a copy is kept in the state folder when
 * it could be used, and read in its place when it no longer can: one damaged file stops nobody,
 * also after a restart.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/messages.h"
#include "base/reason.h"
#include "base/text.h"

struct sources {
	const char *state;               /* the folder with the copies */
	char said[SOURCES_TEXT_MAX];     /* which files cannot be used, and why; "": none */
	struct reason unkept;            /* why the copy of one could not be written; "": all
	                                  * were */
};

/* `state` stays the caller's, and good as long as the sources. */
void sources_init(struct sources *, const char *state);

/*
 * One file that is loaded: first from where it is, then from its copy.
 *
 *     struct source source = source_begin(sources, path);
 *     for (const char *from; (from = source_next(&source)) != NULL;)
 *         if (load(from, source.why)) {
 *             source_loaded(&source);
 *             return true;
 *         }
 *     return false;                      source.fault says what is wrong with the file itself
 */
struct source {
	struct sources *sources; /* NULL: there are no copies */
	const char *path;        /* the caller's */
	unsigned tried;
	bool there, is_copy;
	struct stat before;      /* of the file, before it was loaded */
	struct reason fault;
	struct reason *why;      /* where what is tried now puts its fault: `fault`, or NULL */
	char copy[PATH_MAX];
};

struct source source_begin(struct sources *, const char *path);

/* What to load next, good until the next call; NULL: nothing can be used. A file that is empty or
 * gone, and was not when its copy was made, is passed over. */
const char *source_next(struct source *);

/* What source_next() gave last was usable: keeps a copy of the file, unless it has changed since,
 * or notes that the copy is in force. */
void source_loaded(struct source *);

/* Notes a file that cannot be used, and `what` follows from it. */
void sources_note(struct sources *, const struct reason *why, const char *what);
