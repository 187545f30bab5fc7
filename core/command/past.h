/*
 * What the commands that read the store (status, history, report ...) share: finding the state
 * folder, opening the store, times for the reader. They work the same whether the daemon runs or
 * not, and say which.
 */
#pragma once

#include <limits.h>
#include <string.h>

#include "base/json.h"
#include "base/zone.h"
#include "command/command.h"
#include "command/past_text.h"
#include "config/config.h"
#include "store/list.h"

enum { EXIT_NOTHING = 1, PAST_SETS_MAX = 16 };

/* A target that is watched, or was. */
struct past_target {
	uint64_t number;
	const char *identity, *name, *probe, *host;
	uint32_t port;
	int64_t known, gone;
	const struct target *configured; /* NULL: gone, or without a configuration, or not in it */
};

/* Starts as zeroes. All that it points at is its own, and goes with past_close(). */
struct past {
	struct store_reader *reader;
	/* The daemon's, while it runs; else the file's, or where that has faults or none is named
	 * the one accepted last; NULL: none can be read. */
	const struct config *config;
	const char *folder;
	struct zone *zone;           /* NULL: UTC */
	bool runs;                   /* a daemon has the folder */
	int64_t behind;              /* since when it cannot write its store, UTC; 0: it can */
	const char *socket;          /* --socket */
	bool local;                  /* more is needed than others than root can be told */
	struct remote *remote;       /* who is asked, and has the configuration; NULL: nobody */
	bool broken;                 /* the store could not be read whole */
	bool utc, json, tables, totals, colour, watch; /* tables: --table */
	uint32_t count;              /* rows at most, 0: all */
	int64_t now;                 /* UTC */
	const char *path, *state;    /* -c, -S */
	bool nagios;                 /* of the configuration what probes need is read, once */
	const char *why, *span;      /* --why, --for */
	const char *since, *until;   /* --since, --until */
	const char *tag;             /* --tag */
	const char *send;            /* --send */
	int form;                    /* the letter of a form's option; 0: none */
	const char *textfile;        /* --textfile */
	const char *sets[PAST_SETS_MAX]; /* --set */
	uint32_t set_count;
	const char *log, *log_format; /* --log, --format */
	struct past_target *targets; /* by number, those that are gone included */
	uint32_t target_count, target_room;
	struct past_block *blocks;   /* memory of past_keep() */
	/* Called now and then while rows are read, for who has more to do; false: they are read no
	 * further, and count as broken. NULL: none. */
	bool (*on_pause)(void *);
	void *on_pause_arg;
	uint32_t rows_read;
};

#define PAST_MEMBER(name) offsetof(struct past, name)
#define PAST_FOLDER_OPTIONS \
	{ "config", 'c', "FILE", "the configuration that names the state folder", \
	    PAST_MEMBER(path) }, \
	{ "state", 'S', "FOLDER", "the state folder, before any configuration", PAST_MEMBER(state) }
#define PAST_UTC { "utc", 'u', NULL, "times in UTC", PAST_MEMBER(utc) }
/* Of commands that ask the daemon; of those that read. Both end their table. */
#define PAST_ASK_OPTIONS \
	PAST_FOLDER_OPTIONS, PAST_UTC, { .name = NULL }
#define PAST_SOCKET \
	{ "socket", 'k', "PATH", "ask at this UNIX socket of the page", PAST_MEMBER(socket) }
#define PAST_OPTIONS PAST_FOLDER_OPTIONS, PAST_SOCKET, PAST_UTC, \
	{ "json", 'j', NULL, "one object a line", PAST_MEMBER(json) }, { .name = NULL }
#define PAST_TIMES \
	{ "since", 's', "TIME", "from then on: 2h (ago), 2026-11-23, \"2026-11-23 20:00\"", \
	    PAST_MEMBER(since) }, \
	{ "until", 'U', "TIME", "up to then; a day or a month is itself within", \
	    PAST_MEMBER(until) }
/* What commands take as their words (command/choice.h), and what their help says of it. */
#define PAST_WORDS "[TARGET|tag:TAG|state:STATE]…"
#define PAST_WORDS_HELP "tag:TAG stands for all targets that have the tag; state:STATE leaves " \
	"those that are in that state now. "
#define PAST_COUNT { "count", 'n', "COUNT", "so many at most, the newest", PAST_MEMBER(count) }

/* Takes all options of the command: 0. Else the exit status, and what is wrong was said. *at:
 * the first word behind. */
int past_options(struct past *, const struct command *, int argc, char **argv, int *at);
/* Opens the store, and reads which targets it knows: 0. Else the exit status; `past` is closed,
 * and it was said why. Where the state folder may not be looked into, or --socket says so, the
 * daemon is asked for what is kept; but not where `local` is set. */
int past_open_store(struct past *);
void past_close(struct past *);

/* The store of `open` as it is now, with targets and memory of its own; all else is that one's,
 * which has to stay open for as long. Ends with past_leave(). */
void past_look_again(struct past *, const struct past *open);
void past_leave(struct past *);
/* The words of the command line from that place on. */
static inline const char *const *
past_words(char **argv, int at)
{
	return (const char *const *)(argv + at);
}

/* Whether there is a store, which past_open_store() would open. */
bool past_has_store(struct past *);

/* Finds the state folder alone: 0, or the exit status, and what is wrong was said. */
int past_find_folder(struct past *);
/* Asks the daemon on that folder, with the words that end with NULL; returns the exit status. */
int past_ask(struct past *, const char *const *words);

/* The next row of a list of the store, as store_list_next(). Returns false, and has closed the
 * list, at its end, or where the store cannot be read: `broken` says so, and no further list is
 * read then. */
bool past_next(struct past *, struct store_list *, void *row);

/* Into `row`, one after the other, the rows of a list that is read to its end. */
#define PAST_EACH(past, row, kind, of) \
	for (struct store_list list_ = store_list_of((past)->reader, kind, of); \
	    past_next(past, &list_, row);)
/* Memory for as long as the past is open: of zeroes, or a copy that ends with a NUL. */
void *past_keep(struct past *, size_t size);
char *past_copy(struct past *, struct pw_bytes);
char *past_string(struct past *, const char *);

/* "postwatch is not running …", or "… cannot write its store …", where it is so: on standard
 * output, or beside JSON on standard error. Before that, where it is no JSON, begins the
 * reader's pager. */
void past_begin(const struct past *);
/* Ends a command: says whether the store broke while it was read. Returns the exit status,
 * `status` if all was well. */
int past_finish(struct past *, int status);
