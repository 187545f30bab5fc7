/*
 * Errors and warnings of a configuration, each with its place, which the modules that read it add
 * and commands print. A place is a file, a line and a column; files are numbered in the order in
 * which they are first met, and diagnostics are kept in the order of their places, whatever order
 * they were found in.
 */
#pragma once

#include "base/arena.h"
#include "config/read.h"

struct place {
	uint32_t file;   /* its number */
	uint32_t line;   /* from 1; 0: the file as a whole */
	uint32_t column; /* from 1, in characters; 0: the line as a whole */
};

enum {
	DIAGNOSTICS_KEPT =
	    sizeof((struct config_diagnostics *)0)->items / sizeof(struct config_diagnostic),
	DIAGNOSTICS_QUOTES = 8,
	DIAGNOSTICS_QUOTE_MAX = 224
};

struct diagnostics {
	struct config_diagnostics *into;
	struct arena *arena; /* of file names */
	/* Where files come from, or are remembered; NULL: from the disk. */
	struct snapshot *snapshot;
	const char **files;
	uint32_t file_count, file_room;
	struct place places[DIAGNOSTICS_KEPT]; /* of into->items */
	char quotes[DIAGNOSTICS_QUOTES][DIAGNOSTICS_QUOTE_MAX];
	unsigned quote_next;
};

/* `into` is cleared and filled as errors are found; the arena has to live until diagnostics_fini(). */
void diagnostics_init(struct diagnostics *, struct config_diagnostics *into, struct arena *);
void diagnostics_fini(struct diagnostics *);

/* The number of a file as diagnostics name it: a path, or words such as "command line". */
uint32_t diagnostics_file(struct diagnostics *, const char *name);
const char *diagnostics_file_name(const struct diagnostics *, uint32_t file);

/* One line each, kept once for a place; foreign bytes in the arguments have gone through
 * diagnostics_quote(). An error returns false in any case, as does whoever gives up after it. */
bool diagnostics_error(struct diagnostics *, struct place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diagnostics_warn(struct diagnostics *, struct place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What a user wrote, escaped, cut where long, and in quotes. Good for the next DIAGNOSTICS_QUOTES
 * - 1 calls. */
const char *diagnostics_quote(struct diagnostics *, const char *foreign);
const char *diagnostics_quote_bytes(struct diagnostics *, const char *foreign, size_t size);

/* ": did you mean NEAR?", "" for NULL. Shares the room of diagnostics_quote(). */
const char *diagnostics_suggest(struct diagnostics *, const char *near);

/* "FILE:LINE:COLUMN" of a place, for an error that names a second one. Shares the room of
 * diagnostics_quote(). */
const char *diagnostics_place(struct diagnostics *, struct place);
