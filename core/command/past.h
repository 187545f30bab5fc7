/*
 * What the commands that read the past share: finding the state folder, opening the store, times for the reader, and
 * the target that a word means. They work the same whether the daemon runs or not, and say which.
 */
#ifndef COMMAND_PAST_H
#define COMMAND_PAST_H

#include <limits.h>

#include "base/json.h"
#include "base/zone.h"
#include "command/command.h"
#include "config/config.h"
#include "store/list.h"

enum { EXIT_NOTHING = 1, PAST_PAGE = 500, PAST_TIME_MAX = 48 };

/* Starts as zeroes. */
struct past {
	struct store_reader *reader;
	const struct config *config; /* the daemon's, while it runs; else the file's, or where that has faults or none is named the one accepted
	                              * last; NULL: none can be read */
	const char *folder;
	struct zone *zone;           /* NULL: UTC */
	bool runs;                   /* a daemon has the folder */
	bool utc, json, tables, totals, colour; /* tables: --table */
	uint32_t count;              /* rows at most, 0: all */
	int64_t now;                 /* UTC */
	const char *path, *state;    /* -c, -S */
	const char *why, *span;      /* --why, --for */
};

#define PAST_OPTIONS \
	{ "config", 'c', "FILE", "the configuration that names the state folder" }, \
	{ "state", 'S', "FOLDER", "the state folder, before any configuration" }, \
	{ "utc", 'u', NULL, "times in UTC" }, \
	{ "json", 'j', NULL, "one object a line" }

/* Of commands that ask the daemon. */
#define PAST_ASK_OPTIONS \
	{ "config", 'c', "FILE", "the configuration that names the state folder" }, \
	{ "state", 'S', "FOLDER", "the state folder, before any configuration" }, \
	{ "utc", 'u', NULL, "times in UTC" }

#define PAST_COUNT { "count", 'n', "COUNT", "so many at most, the newest" }

/* Takes all options of the command, and opens the store: 0. Else the exit status, and what is wrong was said. *at: the
 * first word behind the options. */
int past_open(struct past *, const struct command *, int argc, char **argv, int *at);
void past_close(struct past *);

/* Its two halves. */
int past_options(struct past *, const struct command *, int argc, char **argv, int *at);
int past_open_store(struct past *);
/* Finds the state folder alone: 0, or the exit status, and what is wrong was said. */
int past_find_folder(struct past *);

/* Whether this user may not look into the folder, which is said. */
bool past_is_denied(const char *folder);

/* Whether there is a store, which past_open_store() would open. */
bool past_has_store(struct past *);

/* Asks the daemon on that folder, with the words that end with NULL; returns the exit status. */
int past_ask(struct past *, const char *const *words);
/* Whether --why was given as it has to be; if not, the exit status, and it was said. 0: all is well. */
int past_check_why(const struct past *, const struct command *);

/* "postwatch is not running …", or "… cannot write its store …", where it is so: on standard output, or beside JSON on standard
 * error. */
void past_say_running(const struct past *);

/* What a run whose evidence was kept is to its incident, by the role that the store has of it; other words as they are. */
const char *past_role(const char *role);

/* Ends a command: says whether the store broke while it was read. Returns the exit status, `status` if all was well. */
int past_finish(struct past *, enum store_reading, int status);

/* "2026-11-23 16:43:43 +0100", "-" for 0; into `bytes`, which is returned. */
const char *past_time(const struct past *, int64_t, char bytes[PAST_TIME_MAX]);
/* "12 s ago", "3 h 5 min ago", "in 2 min"; "-" for 0. */
const char *past_ago(const struct past *, int64_t, char bytes[PAST_TIME_MAX]);
/* "12 s", "3 h 5 min": how long it is since then; "-" for 0. */
const char *past_lasted(const struct past *, int64_t since, char bytes[PAST_TIME_MAX]);
/* The same in JSON: RFC 3339 in UTC, null for 0. */
void past_json_time(struct json *, const char *key, int64_t);

/* Text of ours or foreign bytes that were escaped before, on standard output. */
void past_put(struct pw_bytes);

/* Who is watched, or was. Strings are owned. */
struct past_target {
	uint64_t number;
	char *identity, *name, *probe, *host;
	uint32_t port;
	int64_t known, gone;
};

struct past_targets {
	struct past_target *rows; /* by number */
	uint32_t count, room;
};

/* Those that are gone included. */
enum store_reading past_targets_read(const struct past *, struct past_targets *);
void past_targets_free(struct past_targets *);
const struct past_target *past_targets_get(const struct past_targets *, uint64_t number); /* NULL: none such */

/* The one that a word means: an identity, a name, host:port, or a host that only one has; one that is watched before one
 * that is gone. NULL, and it was said why. */
bool past_targets_has(const struct past_targets *, const char *word); /* whether it means any at all */
const struct past_target *past_targets_find(const struct past_targets *, const char *word);

#endif
