/*
 * For the parent: the table of the daemon's child processes. How they are started is in spawn.h,
 * kept running in supervisor.h, heard in child_messages.h, and how their ends are handled in
 * reap.h. Time is an argument.
 */
#pragma once

#include <poll.h>

#include "base/own_processes.h"
#include "config/config.h"
#include "parent/child.h"
#include "parent/log.h"
#include "parent/times.h"

/* Places among the children: behind the probers of the configuration come PROBERS_APART, which are
 * there only while they are needed, then the notifiers, and the page where it is served. */
enum { TREE_KEEPER, TREE_MONITOR, TREE_PROBERS };

struct tree {
	const struct config *config;
	struct times times;
	struct log *log;
	struct quarantine quarantine;
	uint32_t quarantine_kept; /* its changes, when it was last written */
	int64_t failing_since; /* what the keeper is told (link_send_failing) */
	uint32_t count;
	struct child *children;
	struct own_processes *processes; /* two places for each child: its own, and its gate's */
	bool was_ready;  /* all have been ready at once */
	bool hopeless; /* a duty could not begin, three times in a row, before any was ever ready */
	struct reload *reload; /* who is asked for one, and reaps its own child; NULL: nobody */
	bool stopping;
	int64_t apart_until; /* so long at least the probers for targets kept apart stay */
	bool process_log_fails; /* its last line could not be written, which was told */
	bool mute;       /* children have no stderr: it is about to be left */
};

/* Memory for the children; none is started yet. Takes back what was kept of the quarantine. Returns
 * false if there is no memory. */
bool tree_init(struct tree *, const struct config *, const struct times *, struct log *);
void tree_fini(struct tree *);

/* How many children there may be. */
uint32_t tree_room(const struct config *);

struct child *tree_child(struct tree *, enum duty_kind, uint32_t index); /* NULL: none such */

/* How long a child may be silent; longer while it prepares itself. */
int64_t tree_silence_limit(const struct tree *, const struct child *);

/* Plans its next start after an end that was none of our making. */
void tree_await(struct tree *, struct child *, enum backoff_blame, int64_t now);

/* Sockets of children into `polled` (room for tree_room()); returns how many. */
uint32_t tree_poll(const struct tree *, struct pollfd *polled);

/* The name of a child that is needed and does not serve; NULL: all do. */
const char *tree_missing(const struct tree *);
bool tree_is_ready(const struct tree *);
/* The name of the first child that is needed and is not there, or has not been heard within its time;
 * NULL: all have. */
const char *tree_silent(const struct tree *, int64_t now);

/* We were not there for a while (stopped, no processor), and cannot tell what we missed: all
 * silence begins anew. */
void tree_forgive_silence(struct tree *, int64_t now);

/* Sets of children, a bit for each enum duty_kind. */
enum { TREE_ALL = (1 << DUTY_KINDS) - 1, TREE_NOTIFIERS = 1 << DUTY_NOTIFIER,
	TREE_LAST = 1 << DUTY_KEEPER };

/* Tells children to end within `grace`, with `patience` for attempts that confirm something.
 * Nothing is started from now on. */
void tree_stop(struct tree *, unsigned kinds, int64_t grace, int64_t patience);
/* Kills those that are left, the keeper last; returns whether there were any. */
bool tree_kill(struct tree *, unsigned kinds);
/* Returns whether any is left. */
bool tree_is_left(const struct tree *, unsigned kinds);

/* What the process beside a child is, where it has one: "gate" or "runner". */
const char *tree_beside(const struct tree *, const struct child *);
