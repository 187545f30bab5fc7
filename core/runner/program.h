/*
 * For the runner: runs one program of the configuration (a Nagios plugin, say), which is foreign
 * code: bounded in time, output and what it may take of the host, in a session of its own. When it
 * has ended nothing is left of it: its process group is killed, and so is what has left that group.
 */
#pragma once

#include <postwatch/plugin.h>

#include "base/reason.h"

struct program {
	const char *path;          /* absolute */
	char *const *arguments;    /* the path first; ends with NULL */
	char *const *environment;  /* ends with NULL */
	struct pw_bytes input;     /* what it may read from stdin */
	int64_t limit;             /* microseconds */
	int until;                 /* a socket: the program is killed where its other end is
	                            * closed */
	/* Called in the process that becomes it, to give up rights; false: it cannot, and is not to
	 * be run. NULL: it gives up only to signal others. */
	bool (*confine)(const void *arg, struct reason *why);
	const void *confine_arg;
	bool alone;                /* this process is in a Landlock domain of signals, which it and
	                            * the programs that it runs have for themselves */
};

/* What program_run() fills in; the bytes of `exit` lie here. */
struct program_end {
	struct pw_exit exit;
	char output[PW_OUTPUT_MAX], errors[PW_ERRORS_MAX];
};

/*
 * Starts the program and waits until it has ended, its limit is over, it has made too many
 * processes, or nobody waits for it any more. For a process that does nothing else: children that
 * are not the program's are killed as well. Descriptors of this process are not passed on, but for
 * 0 to 2, which are pipes.
 */
void program_run(const struct program *, struct program_end *);

/* Kills what is left of it, and says whether nothing is: behind program_run() that is the rule, but
 * for processes that no signal wakes. */
bool program_left_nothing(const struct program *);
