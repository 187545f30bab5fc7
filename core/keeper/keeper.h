/*
 * The keeper, as its own parts see it: what is kept and told.
 *
 *   keeper.c    the process: links, loop, a clean end
 *   monitor_messages.c what the monitor says
 *   birth.c     what the store knew
 *   sick.c      what to do when the disk is sick
 *   unseen.c    targets that nobody looks at
 *   asks.c      what people ask for
 *   dispatch.c  notifiers at work
 *   record.c    a run as rows: notices, incident, conditions, state; evidence.c: which evidence is kept, and for how long
 *   policy.c    who is told what, and when
 *   outbox.c    deliveries
 *   journal.c   group commits
 *
 * Memory holds what is needed to decide at once (the cabinet, open incidents, standing conditions) and to write whole rows; all
 * of it comes from the store at birth.
 */
#ifndef KEEPER_KEEPER_H
#define KEEPER_KEEPER_H

#include "base/duty.h"
#include "base/zone.h"
#include "config/config.h"
#include "config/window_clock.h"
#include "keeper/cabinet.h"
#include "keeper/journal.h"
#include "keeper/lines.h"
#include "keeper/outbox.h"
#include "keeper/roll.h"
#include "keeper/unseen.h"
#include "store/find.h"
#include "store/reader.h"

/* Why a target may not be told of, beside its rows. */
struct file_of {
	const char *silenced; /* the reason of the monitor's for which the last word on it was kept silent, until it says that it is over; NULL: none */
	bool flapping;        /* the same, because it flaps */
	bool withheld;        /* something of it was queued and could not be told */
	bool compared;        /* that was compared since, but for notifiers in their quiet hours */
};

/* Targets of which something was withheld. */
struct withheld {
	uint32_t count;
	bool changed; /* which they are: the store does not know it yet */
};

struct ask;

/* What the heartbeat goes by. */
enum { BEAT_WHY_MAX = 256 };
struct beat {
	struct message_health health;
	int64_t heard;           /* clock_mono(): when the monitor said it, 0: never */
	int64_t failing_since;   /* UTC: the configuration is faulty, 0: it is not */
	int64_t next;            /* clock_mono() */
	bool ill, refused;       /* as was said in the log */
	char why[BEAT_WHY_MAX];  /* it is held back, as the store knows it; "": it is not */
};

struct keeper {
	struct duty *duty;
	const struct config *config;
	struct zone *zone;
	struct cabinet *cabinet;
	struct store *store;
	struct roll *roll;
	bool unread;                 /* what was kept before our birth cannot be read */
	struct file_of *files;       /* by target */
	struct journal journal;
	struct outbox_of outbox;
	int64_t paused_until;    /* UTC: no pause is in force from then on */
	int64_t blind_until;     /* clock_mono(): so long the word of the monitor holds that we are cut off */
	struct withheld withheld;
	struct window_clock windows;
	struct ask *asks;
	struct beat beat;
	struct unseen unseen;
	struct log_lines *lines;   /* outlives the keeper; NULL: lines go out as they can */
	struct pollfd *polled;   /* parent, monitor, notifiers */
	int monitor;             /* -1: no link */
	bool recovering;         /* it is being told all states */
	bool tend_more;          /* the store has more to do in idle time */
	bool crowded_said;
	bool begin_anew;         /* what is kept is not what we know: who comes next begins with it */
	uint64_t cursor;         /* the last target that it was told the state of, by the store's numbers; UINT64_MAX: all */
	uint64_t run_sent;       /* the last run that was given to the monitor because it is not committed */
	struct message_committed answered;
	uint64_t run;            /* the highest number of a run that was heard of */
	uint64_t events;         /* numbers for the lines of a change */
	uint64_t own_change;     /* counter of our own things worth telling */
	uint64_t results_left_out;
	int64_t say_next;        /* when what was left out may be said again */
	int64_t born;            /* UTC */
	int64_t clock_offset;          /* the clock minus the one that nobody sets, 0: not looked at yet */
	int64_t tend_from;             /* clock_boot(): before, nothing is rolled up or forgotten */
	int64_t watched, watched_kept; /* UTC: the last result that came, and what the store knows of it */
	int64_t newest;                /* UTC: the newest time that is stored, by a clock that was not set back since; 0: none */
	uint64_t done;
	int64_t next_mark;       /* when the store is to know that we watch */
	int64_t stop_by;         /* 0: not told to stop */
	int64_t next_alive, late_max;
	int status;              /* >= 0: the end */
};

/* birth.c: opens the store and makes all that memory holds. Returns false with a reason if we cannot begin. */
bool keeper_recover(struct keeper *, struct reason *why);
/* Frees and closes all; what was not committed is lost. */
void keeper_fini(struct keeper *);

/* monitor_messages.c: a packet of the monitor's. Returns false if it is malformed. */
bool keeper_hear(struct keeper *, const void *packet, size_t size);

/* keeper.c */

/* A message with the state of the next target behind `*cursor` (0: of the first), which is moved to it, and with our own side's
 * behind all of them. Returns false if there is none; where the store cannot be read the keeper is to end, by its status or to
 * begin anew. */
bool keeper_put_state(struct keeper *, uint64_t *cursor, struct wire_out *);

#endif
