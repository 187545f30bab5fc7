/*
 * The members of the keeper's top module, for its own files and their tests: links (keeper.c,
 * monitor_link.c, dispatch.c), what people ask (ask.c and its verbs), what we notice of ourselves
 * (heartbeat.c, channel.c, store_repair.c, stale_targets.c, watch_time.c), and reports that are due
 * (reports.c).
 */
#pragma once

#include "base/messages_outbox.h"
#include "keeper/channel.h"
#include "keeper/keeper.h"

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

/* A target by the runs of it. */
struct seen {
	int64_t ended;    /* UTC: of its last run, 0: none since the keeper's birth */
	int64_t at;       /* when it was heard of, by `struct stale_targets.clock` */
	int64_t interval; /* as in struct message_run */
};

struct stale_targets {
	struct seen *targets;
	int64_t clock;    /* microseconds that the keeper has run */
	int64_t turned, turned_boot; /* clock_mono() and clock_boot() of the last turn, 0: none */
	int64_t next;     /* of `clock`: the next look at all */
	/* UTC: since when what was told stands, 0: nothing is told; kept in the store */
	int64_t since;
	uint32_t count;   /* targets that are not looked at */
	uint32_t first;   /* the one of them that was not for the longest time */
};

struct sick {
	int64_t since; /* UTC: a trouble that was told and whose end was not, 0: none */
	int64_t last;  /* clock_mono(): when a file was last in trouble */
	enum store_trouble_kind said[STORE_FILES]; /* the trouble of a file, as was last said */
	uint64_t dropped; /* rows that had no room in memory, as was said; 0: none */
};

/* The link to the monitor. */
struct monitor_link {
	int socket;              /* -1: none */
	bool recovering;         /* it is being told all states */
	/* the last target that it was told the state of, by the store's numbers; UINT64_MAX: all */
	uint64_t cursor;
	uint64_t run_sent;       /* the last run that was given to it because it is not committed */
	struct message_committed answered;
	uint64_t run;            /* the highest number of a run that was heard of */
};

/* The time of day, and when somebody watched. */
struct watch_time {
	int64_t born;            /* UTC */
	/* the clock minus the one that nobody sets, 0: not looked at yet */
	int64_t offset;
	int64_t tend_from;       /* clock_boot(): before, nothing is rolled up or forgotten */
	int64_t kept;            /* UTC: the last result that came, as the store knows of it */
	/* UTC: the newest time that is stored, by a clock that was not set back since; 0: none */
	int64_t newest;
	int64_t next_mark;       /* clock_mono(): when the store is to know that we watch */
};

struct service {
	struct ask *asks;
	struct beat beat;
	struct stale_targets stale;
	struct sick sick;
	struct monitor_link link;
	struct watch_time time;
	struct channel *channels; /* by notifier, as all below */
	struct damage *damages;
	int64_t *reported;       /* by report: the first day of the last period that was sent */
	int64_t reported_ahead;  /* clock_mono(): since when one of these days is not over; 0: all are */
	int64_t next_second;     /* clock_mono(): when it is done next what is done once a second */
};
