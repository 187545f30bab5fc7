/*
 * The processes of the tree: who they are, when they were born and last heard, and what is to be done next. Time is an
 * argument. Birth is in birth.c, what children say in hear.c, their deaths and all that follows in tree.c.
 */
#ifndef PARENT_TREE_H
#define PARENT_TREE_H

#include <poll.h>
#include <sys/types.h>

#include "base/duty.h"
#include "base/own_processes.h"
#include "base/packet_queue.h"
#include "config/config.h"
#include "base/messages_outbox.h"
#include "parent/backoff.h"
#include "parent/log.h"
#include "parent/quarantine.h"
#include "parent/times.h"

enum child_stage {
	CHILD_AWAITED, /* to be born at `due` */
	CHILD_BORN,    /* prepares itself */
	CHILD_READY,
	CHILD_GONE     /* ended, and not to be replaced */
};

struct child {
	enum duty_kind kind;
	uint32_t index;
	char name[24]; /* "prober 0" */
	enum child_stage stage;
	pid_t pid;  /* 0: none */
	pid_t gate; /* of a notifier: its second process, which lives and dies with the first; 0: none */
	int socket; /* -1: none */
	struct packet_queue packets;
	struct duty_page *page; /* probers */
	struct backoff backoff;
	int64_t due, born, ready, heard;
	char killed[QUARANTINE_HOW_MAX]; /* why we killed it, "" where we did not */
	bool silent;                     /* killed for silence */
	bool stopping;                   /* told to stop: its end is no death */
	bool apart;                      /* a prober for targets that are kept apart; mostly it is not there */
	bool stale;                      /* what it read at birth has changed: to be renewed when its turn comes */
	bool renewing;                   /* told to stop, to be born again at once */
	int64_t end_by;                  /* of one that is renewed */
	uint32_t deaths;                 /* in all */
	uint32_t unborn[2];              /* hashes of why it and its gate could not begin, as they were told; 0: they could */
	char absence[ABSENT_TEXT_MAX];   /* of a notifier: why it is not there; "": it is, or nothing is known */
	bool explained;                  /* it has said so itself in this life */
	bool repeats;                    /* it could not begin for the same reason once more, which is told no louder than to debug */
	int64_t lines_since;             /* lines of the log are counted from here */
	uint32_t lines, lines_left_out;
	uint64_t done;                   /* as it says */
	int64_t late_max;                /* the same, the largest yet */
};

/* Places among the children: behind the probers of the configuration come PROBERS_APART, which are there only while they
 * are needed, and then the notifiers. */
enum { TREE_KEEPER, TREE_MONITOR, TREE_PROBERS };

struct tree {
	const struct config *config;
	struct times times;
	struct log *log;
	struct quarantine quarantine;
	uint32_t quarantine_kept; /* its changes, when it was last written */
	int64_t failing_since; /* what the keeper is told of the configuration (tree_tell_failing) */
	uint32_t count;
	struct child *children;
	struct own_processes *processes; /* two places for each child: its own, and its gate's */
	bool was_ready;  /* all have been ready at once */
	bool hopeless;   /* a duty could not begin, three times in a row, before any was ever ready */
	struct reload *reload; /* who is asked for one, and reaps its own child; NULL: nobody */
	bool stopping;
	int64_t apart_until; /* so long at least the probers for targets kept apart stay */
	bool mute;       /* children have no stderr: it is about to be left */
};

/* Memory for the children; nothing is born yet. False where there is none. */
bool tree_init(struct tree *, const struct config *, const struct times *, struct log *);
void tree_fini(struct tree *);

/* Does what is due: births, kills for silence, releases from quarantine. */
void tree_turn(struct tree *, int64_t now);
/* When it is next to be called. */
int64_t tree_next(const struct tree *, int64_t now);

/* Sockets of children into `polled` (room for `count`); returns how many. */
uint32_t tree_poll(const struct tree *, struct pollfd *polled);
/* Reads what children said, writes what waits for them. */
void tree_hear(struct tree *, int64_t now);
/* Takes the dead: says why, and plans what follows. */
void tree_reap(struct tree *, int64_t now);

/* We were not there for a while (stopped, no processor), and cannot tell what we missed: all silence begins anew. */
void tree_excuse(struct tree *, int64_t now);

/* Has all probers born again, one after the other, each when it has finished what is under way. */
void tree_renew_probers(struct tree *);
/* The same of a notifier, between two deliveries. */
void tree_renew_notifier(struct tree *, uint32_t index);

/* How many children there may be. */
uint32_t tree_room(const struct config *);

/* Neither notifiers nor probers for targets kept apart are waited for. */
bool tree_is_ready(const struct tree *);
/* The name of one that does not serve, NULL: all do. */
const char *tree_missing(const struct tree *);
/* Whether all who are waited for are there and have been heard within their time; `who` (NULL: not asked) is the first who was not. */
bool tree_answers(const struct tree *, int64_t now, const char **who);

/* Tells children to end within `grace`, with `patience` for attempts that confirm something: the keeper, or all others.
 * Nobody is born from now on. */
void tree_stop(struct tree *, bool keeper, int64_t grace, int64_t patience);
/* Kills the notifiers that are left; whether there were any. */
bool tree_kill_notifiers(struct tree *);
/* Kills the keeper, or all others. */
void tree_kill(struct tree *, bool keeper);
void tree_kill_all(struct tree *);
/* Whether notifiers alone are left of all but the keeper: a call of theirs may take longer than our end. */
bool tree_waits_for_notifiers(const struct tree *);
/* Whether any of them is left. */
bool tree_is_left(const struct tree *, bool keeper);

/* birth.c: a pair of sockets as our processes use them; forks a child. False with a reason. */
bool child_make_sockets(int ends[2], struct reason *why);
bool child_bear(struct tree *, struct child *, struct reason *why); /* with its gate, where it has one */

/* hear.c: reads all that is there. */
void child_hear(struct tree *, struct child *, int64_t now);

/* Kills it for a reason that its death will be told with. */
void child_kill(struct child *, const char *why);

/* link.c: hands one end of a new pair of sockets to each of the two. */
void tree_link_children(struct child *one, struct child *other, struct log *);
/* Who is born is linked to those that have lost the one before. */
void tree_link_all(struct tree *, struct child *);
/* A monitor that is born again knows of none that is kept apart or quarantined. */
void tree_send_accounts(struct tree *);

/* Links it to the keeper; only when it is ready: what it is given before it can work would be in doubt. */
void tree_link_notifier(struct tree *, struct child *);

/* Answers the monitor under a number of its own: a line ('o', 'e'), or the end ('x'). */
void tree_answer(struct tree *, uint64_t number, char kind, uint8_t status, const char *line);

/* Tells the keeper, and each that comes after it, since when what is to be reloaded is faulty (UTC, 0: it is not). */
void tree_tell_failing(struct tree *, int64_t since);
/* Tells the keeper why a notifier is not there, where that is known. */
void tree_tell_absence(struct tree *, const struct child *notifier);

/* Plans its next birth after a death. */
void child_await(struct tree *, struct child *, enum backoff_blame, int64_t now);
/* Whether all have to be there for the tree to serve, this one among them. */
bool child_is_needed(const struct child *);
bool child_lives(const struct child *);
/* Sends a packet, or keeps it until the child's socket takes it; `passed` (-1: none) is a descriptor that goes with it, taken
 * over. Aborts where there is no memory. */
void child_send(struct child *, const void *bytes, size_t size, int passed);
/* Closes the socket to it, and drops what waited there. */
void child_hang_up(struct child *);
/* Tells the monitor how a target is to be run, if at all. */
void tree_send_account(struct tree *, uint32_t target, enum account, const char *text);

struct child *tree_child(struct tree *, enum duty_kind, uint32_t index); /* NULL: none such */

#endif
