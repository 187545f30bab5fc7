/*
 * Errors and warnings of a configuration, each with its place. A place is a file, a line and a
 * column; files are numbered in the order in which they are first met, and faults are kept in the
 * order of their places, whatever order they were found in.
 */
#ifndef CONFIG_FAULTS_H
#define CONFIG_FAULTS_H

#include "base/arena.h"
#include "config/read.h"

struct place {
	uint32_t file;   /* its number */
	uint32_t line;   /* from 1; 0: the file as a whole */
	uint32_t column; /* from 1, in characters; 0: the line as a whole */
};

enum {
	FAULTS_KEPT = sizeof((struct config_faults *)0)->items / sizeof(struct config_fault),
	FAULTS_QUOTES = 8,
	FAULTS_QUOTE_MAX = 224
};

struct faults {
	struct config_faults *into;
	struct arena *arena; /* of file names */
	/* Where files come from, or are remembered; NULL: from the disk. */
	struct snapshot *snapshot;
	const char **files;
	uint32_t file_count, file_room;
	struct place places[FAULTS_KEPT];       /* of into->items */
	char quotes[FAULTS_QUOTES][FAULTS_QUOTE_MAX];
	unsigned quote_next;
};

/* `into` is cleared and filled as faults come; the arena has to live until faults_fini(). */
void faults_init(struct faults *, struct config_faults *into, struct arena *);
void faults_fini(struct faults *);

/* The number of a file as it is to be called in faults: a path, or words such as "command line". */
uint32_t faults_file(struct faults *, const char *name);
const char *faults_file_name(const struct faults *, uint32_t file);

/* One line each, told once for a place; foreign bytes in the arguments have gone through
 * faults_quote(). */
void faults_add(struct faults *, struct place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void faults_warn(struct faults *, struct place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What a user wrote, escaped, cut where long, and in quotes. Good for the next FAULTS_QUOTES - 1
 * calls. */
const char *faults_quote(struct faults *, const char *foreign);
const char *faults_quote_bytes(struct faults *, const char *foreign, size_t size);

/* ": did you mean NEAR?", "" for NULL. Shares the room of faults_quote(). */
const char *faults_suggest(struct faults *, const char *near);

/* "FILE:LINE:COLUMN" of a place, for a fault that names a second one. Shares the room of
 * faults_quote(). */
const char *faults_place(struct faults *, struct place);

#endif
