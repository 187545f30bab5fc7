/*
 * Reading a configuration: files and the command line, all faults in one pass. The modules of
 * core/config do it in this order, each telling its own faults and going on: files to nodes, what
 * stands at the top, plugins, notifiers, defaults, targets, what they say of each other, windows,
 * and what this host says where nobody else did.
 */
#pragma once

#include "config/config.h"

/* One fault or warning: where, what, and what would be right; one line of valid, escaped UTF-8. */
struct config_diagnostic {
	char file[256]; /* escaped, cut at its front */
	unsigned line;   /* 0: the file as a whole */
	unsigned column; /* in characters; 0: not known */
	bool warning;
	char text[400];
};

/* What reading found, in the order of files and lines; at most the first 50 are kept, all are
 * counted. */
struct config_diagnostics {
	struct config_diagnostic items[50];
	uint32_t kept, errors, warnings;
};

/* Where to read from. */
struct config_source {
	const char *path;           /* the main file; NULL: none, `words` only */
	const char *const *words;   /* of the command line: host, host:port, [v6]:port; with a file,
	                               names of its targets */
	uint32_t word_count;
	bool select; /* with a file: only the targets that `words` name; a name that is not in it is
	                a fault */
	bool places; /* and what is no name, for it has a port or is an address, may be none of the
	                file's */
	const char *probe;          /* -p: for the words; NULL: the default */
	const char *const *sets;    /* -s KEY=VALUE, applied to the words */
	uint32_t set_count;
	int64_t leg_max; /* no leg is given more than so many microseconds; 0: as configured */
	const char *plugin_dir; /* NULL: beside the program where it lies in its build folder, else
	                           the installed one */
	bool advise;   /* warn also of what nobody would be told of, tags that match nothing,
	                  notifiers in vain */
	bool own_name; /* find out our host's name for EHLO also where there is no target to say it
	                  to */
	bool no_dialogue;
	    /* no server is talked to: our host's name, for which a resolver may have to
	                     be waited, is not needed */
	bool starts;   /* the daemon starts with it: where we are root, its user has to exist and to
	                  read all files */
	/* For who only looks at servers: of the folders of plugins those alone are opened that are
	   called as a probe that is named, and nothing of a notifier but its name is looked at.
	   Where that has a fault all is read, as without it. */
	bool probes_alone;
	bool replaces; /* a daemon that runs is to go on with it: our user has to read all files */
	bool page; /* with no file: the page is served on loopback, under an address that nobody can
	              guess */
	struct snapshot *snapshot; /* remembers what is read, or has what was (config/snapshot.h);
	                              NULL: neither */
	/* -S; NULL: as configured, else $STATE_DIRECTORY, else /var/lib/postwatch. */
	const char *state;
};

/*
 * Reads and checks everything, loads the plugins, and freezes the arena. NULL where there are
 * faults; `faults` (the caller's, filled here) has them and all warnings. Exits only where memory
 * runs out. May resolve our own host name (for `helo`), never a target's.
 */
const struct config *config_read(const struct config_source *source,
    struct config_diagnostics *diagnostics);

/* The state folder that a configuration names, which may have faults: as far as it can be read.
 * Opens no plugin, asks nobody. Returns false if its path does not fit. */
bool config_find_state(const struct config_source *, char *folder, size_t room);

/* The first UNIX socket of the page that a configuration names, in the same way; it is longer than
 * no socket's path may be. Returns false, and "", where it names none. */
bool config_find_socket(const struct config_source *, char *path, size_t room);

/* Gives a configuration back; the daemon never does. Plugins stay loaded. */
void config_free(const struct config **config);

/* "FILE:LINE:COLUMN: text", a line each, warnings marked; then "… and N more" where not all were
 * kept. */
void config_print_diagnostics(const struct config_diagnostics *diagnostics, struct text *into);
