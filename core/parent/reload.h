/*
 * For the parent: `postwatch reload` and SIGHUP. A child executes the program anew to read and
 * check everything; what it read is kept in the state folder. A fault goes to the user who asked,
 * and nothing changes. Else what is under way ends politely, and then the parent executes itself
 * anew, same pid, with what was checked.
 *
 * How the program is told that it is to do so: RELOAD_VARIABLE in its environment,
 *   check STATE                 read, keep, say faults on stdout; exit with one of
 *                               enum reload_check
 *   resume LOCK PID_FILE STATE  go on with what was kept; descriptors of the lock and the
 *                               pid file (-1: none)
 */
#pragma once

#include <limits.h>
#include <sys/types.h>

#include "config/config.h"
#include "parent/log.h"

#define RELOAD_VARIABLE "POSTWATCH_RELOAD"
/* In the environment of a parent whose filter of system calls is in force. */
#define RELOAD_FILTERED "POSTWATCH_FILTERED"
#define RELOAD_CHECKED  "checked" /* state/accepted/…: what is to be resumed with */
#define RELOAD_FILES    "files"   /* what is in force */

enum reload_check { RELOAD_GOOD = 0, RELOAD_SAME = 3, RELOAD_FAULTY = 78 };
enum { RELOAD_ASKS_MAX = 32, RELOAD_SAID_MAX = 48 * 1024 };

/* How the program was called. */
struct reload_origin {
	/* "" where they could not be found out: then nothing is reloaded. */
	char program[PATH_MAX], folder[PATH_MAX];
	char **words; /* behind the program's name; the caller's, ended by NULL */
};

struct tree;

struct reload {
	const struct reload_origin *origin;
	const char *state;
	struct log *log;
	struct tree *tree;
	bool wanted;            /* to be checked when it may */
	bool good;              /* it was checked, and waits to be put in force */
	int64_t apart, not_before; /* no reload before, and so long from one to the next */
	pid_t checker;          /* 0: none */
	int out;                /* what it says; -1: none */
	int64_t kill_at;
	size_t said;
	char words[RELOAD_SAID_MAX];
	uint32_t ask_count;     /* who asked over the control socket */
	uint64_t asks[RELOAD_ASKS_MAX];
	int64_t failing_since; /* UTC: the configuration has been faulty since then; 0: it is not */
};

void reload_origin_find(struct reload_origin *, char **words);
void reload_init(struct reload *, const struct reload_origin *, const char *state, int64_t apart,
    struct log *, struct tree *);
void reload_fini(struct reload *);

/* By signal (`ask` 0), or under a number of the monitor's. */
void reload_want(struct reload *, uint64_t ask);

/* Does what is due; true: it was checked and is good, and the time has come to begin anew. `may`:
 * all serve. */
bool reload_turn(struct reload *, bool may, int64_t now);
int64_t reload_next(const struct reload *, int64_t now);

/* A child of that pid has ended; false: it is none of ours. */
bool reload_reaped(struct reload *, pid_t, int status);

/* Executes the program anew; returns only where that fails, with the reason. */
void reload_execute(const struct reload *, int lock, int pid_file, struct reason *why);

/* Reads the order from the environment and takes it out of there. Returns false if there is none.
 */
struct reload_order {
	bool check;
	int lock, pid_file;
	char state[PATH_MAX];
};
bool reload_order(struct reload_order *);
