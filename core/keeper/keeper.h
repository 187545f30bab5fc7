/*
 * The keeper, as its own parts see it: what is kept and told.
 *
 *   keeper.c    the process: links, loop, a clean end
 *   monitor_messages.c what the monitor says
 *   birth.c     what the store knew; death.c gives memory back
 *   journal.c   group commits
 *   sick.c      what to do when the disk is sick
 *   record.c    a run as rows: notices, incident, conditions, evidence, state
 *   evidence.c  which evidence is kept, and for how long
 *   history.c   results
 *   unseen.c    targets that nobody looks at
 *   asks.c      what people ask for
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

#define OWN_META "ourselves" /* where the store keeps the state of our own side */

/* What is known of a target beside its rows. */
struct file_of {
	bool is_up, is_clear; /* no incident, no condition of it is open, so that none is looked for; false: not known */
	const char *silenced; /* the reason of the monitor's for which the last word on it was kept silent, until it says that it is over; NULL: none */
	bool flapping;        /* the same, because it flaps */
	bool withheld;        /* something of it was queued and could not be told */
	bool has_behind;      /* others cannot be reached without it */
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
	struct roll roll;
	struct store_reader *reader; /* of what is kept and what is about to be */
	bool unread;                 /* what was kept before our birth cannot be read */
	struct file_of *files;       /* by target */
	struct journal journal;
	struct outbox_of outbox;
	int64_t paused_until;    /* UTC: no pause is in force from then on */
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

/* birth.c: opens the store and makes all that memory holds. False with a reason: we cannot begin. */
bool keeper_recover(struct keeper *, struct reason *why);
/* death.c: frees and closes all; what was not committed is lost. */
void keeper_fini(struct keeper *);
/* death.c: there is no memory for what must not be left out. Says so and ends the process with nothing more committed: the
 * monitor tells the next keeper again what was not, and what was in hand goes out again, marked. */
void keeper_out_of_memory(struct keeper *, const char *what) __attribute__((noreturn));
/* Puts a leg's evidence from the store into the cabinet. */
void keeper_take_back(struct keeper *, uint32_t target, const struct store_evidence *);
/* The runs of a target whose evidence may still be wanted in memory. */
uint32_t keeper_runs_wanted(const struct keeper *, uint32_t target);

/* monitor_messages.c: a packet of the monitor's; false: it is malformed. */
bool keeper_hear(struct keeper *, const void *packet, size_t size);

/* record.c */

/* The value of meta that says since when (UTC, i64) which files cannot be used, and what is in force instead (bytes); empty
 * while all can be. */
#define FILES_META "files"
enum { FILES_META_MAX = SOURCES_TEXT_MAX + 256 };

/* Makes rows of a run and of its place in the sequence; `packet` is what it came in, and is kept until it is told. */
void record_run(struct keeper *, const struct message_run *, struct pw_bytes packet);
/* The clock was moved by so much: what is open began so much later by the new one, and lasts as long as it did. */
void record_clock_set(struct keeper *, int64_t moved);
/* A run has told something of the target: it is known again. */
void record_seen(struct keeper *, uint32_t target, uint64_t run);
/* A run passed: what was kept of a suspicion is over with it. */
void record_passed(struct keeper *, uint32_t target, uint64_t run);
/* Makes the row of a notice; its member `rest` is made of `rest`. */
struct notice_rest;
void record_row(struct keeper *, struct store_notice, const struct notice_rest *rest);
/* Makes rows of a notice of our own making, and nothing of it is told; returns its number. `target`: the store's. */
uint64_t record_notice(struct keeper *, const struct message_change *, uint64_t target, uint64_t incident);
/* Something of our own; returns the notice's number. */
uint64_t record_ours(struct keeper *, const char *kind, const char *code, int64_t since, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* The open incident of a target; returns false if there is none. What it points at is good until the next call. */
bool record_open_incident(const struct keeper *, uint32_t target, struct store_incident *);
bool record_is_down(const struct keeper *, uint32_t target);
/* Whether the condition stands. */
bool record_stands(const struct keeper *, uint32_t target, const char *code);

/* evidence.c */

/* A change that became a notice, of an incident (0: of none): the evidence of its attempts. */
void evidence_of_change(struct keeper *, const struct message_change *, uint64_t notice, uint64_t incident);
/* The target's state was written: what its newest runs left goes with it. */
void evidence_of_state(struct keeper *, uint32_t target);

/* history.c */
void history_put(struct keeper *, const struct report *);
/* The evidence of a run that belongs to no incident, from the cabinet. */
void history_put_attempt(struct keeper *, uint32_t target, uint64_t run);
/* What is told once an hour at most: how much was left out. */
void history_say(struct keeper *);

/* keeper.c */

/* Tells a change in the log. */
void keeper_tell(struct keeper *, const struct message_change *);
/* A message with the state of the next target behind `*cursor` (0: of the first), which is moved to it, and with our own side's
 * behind all of them. Returns false if there is none; where the store cannot be read the keeper is to end, by its status or to
 * begin anew. */
bool keeper_put_state(struct keeper *, uint64_t *cursor, struct wire_out *);

#endif
