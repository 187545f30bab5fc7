/*
 * The parent: the process whose pid systemd knows. It forks all others, hears them, replaces them,
 * writes the log, and ends them; it reads no secret, opens no store, connects to nothing and parses
 * no foreign byte.
 */
#pragma once

#include <stdbool.h>

#include "config/config.h"
#include "parent/reload.h"

/* Exit statuses of the daemon, as sysexits.h has them where it has them. */
enum parent_status {
	PARENT_ENDED = 0,     /* told to end, and all ended in time */
	PARENT_FORCED = 1,    /* told to end twice, or something had to be killed */
	PARENT_INTERNAL = 70, /* our own trouble: a duty could not begin, no processes, no memory */
	PARENT_NO_STATE = 73, /* state folder or pid file cannot be made */
	PARENT_CONFIG = 78,   /* there is no user to become */
	PARENT_BUSY = 75      /* another daemon holds the state folder or the pid file */
};

struct parent_options {
	bool daemon;             /* leave the terminal once all duties are ready */
	const char *pid_file;    /* absolute; NULL: as configured */
	const char *times;       /* for tests: parent/times.h; NULL: the standard ones */
	const struct reload_origin *origin; /* how the program was called */
	const struct reload_order *resumed; /* goes on after a reload; NULL: it is a start */
	struct snapshot *snapshot; /* what was read, to be kept as what is in force; the parent's;
	                              NULL: nothing was */
	const char *syslog_path; /* for tests; NULL: /dev/log */
};

/* Runs the daemon with a configuration until it is told to end; returns an exit status. With
 * `daemon`, returns in the process that was started too, with the daemon's status at its start. */
int parent_run(const struct config *config, const struct parent_options *options);
