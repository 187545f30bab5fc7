/*
 * What the store keeps, a struct for each kind of row, the same for writing and for reading. Times
 * are UTC microseconds, 0 where it has not happened. Names and words of ours are strings (NULL
 * counts as ""), what may hold foreign bytes is bytes. While writing, all is copied by the call;
 * while reading, all is a view that is good during the call.
 *
 * Numbers are the store's own and never used twice: store_number() gives the next one, before the
 * row is written.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <postwatch/probe.h>

/* --- postwatch.db --- */

/* Who is watched. Configuration numbers targets anew at each reload; what is kept goes by these
 * numbers. */
struct store_target {
	uint64_t number;      /* from 1; 0 stands for our own */
	const char *identity; /* its `name`, else probe://host:port; one number each */
	const char *name, *probe, *host;
	uint32_t port;
	const char *was;      /* the identity before it was renamed */
	int64_t known;        /* since when */
	int64_t gone;         /* when it left the configuration */
};

/*
 * What the monitor holds true of a target. All but `record` repeats what stands in it, for whoever
 * reads the store; it is as of the run that changed the state last: runs since are in history.db.
 */
struct store_state {
	uint64_t target;
	int64_t at;             /* when it was written */
	/* the monitor's own, opaque; empty: nothing is known, it begins anew */
	struct pw_bytes record;
	const char *state;      /* "pending", "up" ...; "": not known */
	const char *verdict, *outcome; /* of the last run; "" where there was none */
	const char *silences;   /* names of the reasons for silence in force, separated by blanks */
	struct pw_bytes text;   /* the sentence of the open suspicion or incident */
	int64_t since;          /* when `pending`, `up` or `down` was entered */
	int64_t ended;          /* the last run; 0: there was none */
	int64_t interval;       /* microseconds between two runs; 0: not known */
	uint32_t fails, passes; /* attempts in a row */
	uint32_t attempts;      /* runs of the open series */
	/* how often the interval was doubled since the server said that we come too often */
	uint32_t doubled;
	uint32_t flapping, slow, held, quarantined; /* 0 or 1 */
};

/* What the newest run that showed it saw of a server's TLS and certificate: of several addresses
 * that whose certificate ends first. Written where it is another than before. */
struct store_server {
	uint64_t target, run;
	int64_t at;                           /* when that run began */
	uint32_t ip;                          /* 4 or 6; 0: not known */
	const char *tls_version, *tls_cipher; /* "": it was not spoken */
	struct pw_bytes subject, issuer;      /* of the certificate, foreign bytes */
	int64_t not_before, not_after;        /* 0: not known */
	int64_t chain_ends;                   /* the earliest end of the chain; 0: not known */
};

/* Of an incident, of the view incident_view (postwatch-schema(5)). */
struct store_outage {
	uint64_t number;
	const char *name, *probe, *host; /* "": the target is not known any more */
	uint32_t port;
	const char *outcome, *end;
	int64_t began, confirmed, ended, end_confirmed, acknowledged;
	struct pw_bytes text, end_text, ack_by, ack_why;
	uint64_t target;
};

/* Of a notice and one of those to whom it goes, of the view notice_view. */
struct store_told {
	uint64_t notice;
	const char *notifier, *recipient; /* notifier "": it goes to nobody */
	const char *kind;
	uint64_t target;         /* 0: our own */
	const char *name;
	int64_t confirmed;
	struct pw_bytes text;
	const char *delivery;    /* "waiting", "sent" … */
	uint32_t attempts;
	int64_t created, next_try, ended;
	struct pw_bytes receipt; /* of the other side, foreign bytes */
};

/* How a target stands by its last state and its open incident, of the view target_status. */
struct store_status {
	uint64_t target;
	const char *state;             /* "pending", "up" ... */
	/* of the last run that changed the state; "": there was none */
	const char *verdict, *outcome;
	struct pw_bytes text;          /* the sentence of the open suspicion or incident */
	int64_t since, ended;          /* the state; the end of that run */
	uint32_t doubled, flapping, slow, held, quarantined;
	const char *silences;
	uint64_t incident;             /* 0: none */
	int64_t acknowledged;
	struct pw_bytes ack_by, ack_why;
};

/* A delivery with what it delivers. */
struct store_undelivered {
	uint64_t notice;
	const char *notifier, *recipient;
	uint64_t target;               /* 0: our own */
	const char *name, *kind;
	struct pw_bytes text;
	uint32_t state, attempts;      /* enum store_delivery_state */
	int64_t not_before, created;
	struct pw_bytes receipt;       /* of the other side, foreign bytes */
};

struct store_incident {
	uint64_t number;
	uint64_t target;
	/* the target's own number of its `down`; one incident for each (target, change) */
	uint64_t change;
	int64_t began, confirmed; /* the first failing attempt; when it was certain */
	int64_t ended, end_confirmed; /* the first passing one of those that confirmed; 0: open */
	const char *outcome;      /* that it was told with */
	const char *end;          /* "up", "stopped"; "" while open */
	struct pw_bytes text, end_text; /* the sentences */
	int64_t acknowledged;
	struct pw_bytes ack_by, ack_why;
	int64_t reminded;         /* when it was last said that it goes on */
};

/* Evidence of one leg of a run, as the message it came in: opaque. */
struct store_evidence {
	uint64_t target, run;
	uint32_t leg;
	int64_t at;
	uint64_t incident;    /* 0: of an open suspicion, or of nothing yet */
	/* "confirmed", "changed", "hourly", "failed" (the last one), "passed" … */
	const char *role;
	struct pw_bytes bytes;
};

/* Evidence of a notice that belongs to no incident; it goes with the notice, or before it. */
struct store_notice_evidence {
	uint64_t notice, run;
	uint32_t leg;
	int64_t at;           /* when it was kept */
	struct pw_bytes bytes; /* as above */
};

struct store_condition {
	uint64_t target;
	const char *code;     /* one row for each (target, code) */
	int64_t since, standing, cleared;
	struct pw_bytes text;
};

struct store_notice {
	uint64_t number;
	uint64_t target;      /* 0: our own */
	uint64_t change;      /* with target and kind: written once, whatever is replayed */
	const char *kind;
	uint64_t incident;    /* 0: none */
	const char *code;
	int64_t detected, confirmed;
	struct pw_bytes text;
	const char *silences; /* names of the reasons for silence in force, separated by blanks */
	struct pw_bytes rest; /* the keeper's own: attempts, what a merged notice covers … */
};

#define STORE_DELIVERY_STATES(X) X(waiting) X(claimed) X(again) X(sent) X(dead) X(dropped) X(merged)
enum store_delivery_state {
	STORE_DELIVERY_NONE,
#define X(name) STORE_DELIVERY_##name,
	STORE_DELIVERY_STATES(X)
#undef X
	STORE_DELIVERY_STATES_END
};

/* Whether another notifier is to be told of an urgent one where its own cannot deliver in time. */
enum store_failover {
	STORE_FAILOVER_NONE,      /* it is not urgent */
	STORE_FAILOVER_WATCHED,
	STORE_FAILOVER_DONE,      /* another has been told */
	STORE_FAILOVER_STANDS_IN, /* for another's: it is not handed on once more */
};

/* What of that which is due goes out first. */
enum store_rank { STORE_RANK_TEST, STORE_RANK_END, STORE_RANK_OTHER, STORE_RANKS };

/*
 * One notice for one notifier and one recipient: its key. The first three states are open, the
 * others are ends; but what is merged into a digest has ended, and been told, with that.
 */
struct store_delivery {
	uint64_t notice;
	const char *notifier, *recipient;
	uint64_t target;      /* of the notice, for the order */
	uint32_t state;       /* enum store_delivery_state */
	uint32_t attempts;
	int64_t not_before;   /* 0: at once */
	uint64_t claim;       /* number of the claim it is or was in */
	int64_t created, claimed;
	int64_t ended;        /* 0: it is queued */
	uint32_t doubt;       /* attempts that may have arrived without a receipt */
	uint64_t merged;      /* the notice that it went into */
	struct pw_bytes receipt; /* the peer's words, or why not */
	/* the notice by which its receiver knows what it is about; 0: itself */
	uint64_t opened;
	/* until then it goes out whatever may be said against it, for somebody said so; 0: nobody
	 * did */
	int64_t retried;
	uint32_t failover;    /* enum store_failover */
	/* 1: it ended unsent because it could not be told then; it may be made once more */
	uint32_t withheld;
	uint32_t rank;        /* enum store_rank */
};

/* What a notifier was told of a target. */
struct store_ledger {
	uint64_t target;
	const char *notifier;
	/* the last one queued, and its meaning: "up", "down", "flapping", "" */
	uint64_t notice;
	const char *meaning;
	/* the last one sent, and its meaning: where the ledger returns to when one ends dead */
	uint64_t sent;
	const char *sent_meaning;
	const char *codes;        /* conditions told as standing, separated by blanks */
	const char *sent_codes;
};

struct store_pause {
	uint64_t number;
	uint64_t target;      /* 0: all that have the tag */
	const char *tag;
	int64_t from, until;
	int64_t ended;        /* by hand, before its time */
	struct pw_bytes why, by;
};

/* --- history.db --- */

enum { STORE_PHASES_MAX = 32 };

/* What the time from a result to the next one counts as, the keeper's word. */
#define STORE_MOODS(X) X(up) X(degraded) X(down) X(unknown) X(paused)
enum store_mood {
#define X(name) STORE_MOOD_##name,
	STORE_MOODS(X)
#undef X
	STORE_MOODS_END
};

struct store_result {
	uint64_t target, run;
	int64_t at;              /* when the run began */
	int64_t micros;          /* the whole run */
	uint32_t verdict;        /* enum pw_verdict */
	uint32_t mood;           /* enum store_mood */
	/* seconds; from then on without another result it is unknown time */
	uint32_t speaks_for;
	uint32_t flags;          /* of the report */
	const char *outcome;
	/* in order, separated by blanks; few such lists exist, each is kept once */
	const char *phase_names;
	uint32_t phase_count;
	const int64_t *phases;   /* microseconds, -1 where not reached */
	struct pw_bytes text;    /* "" for an ok one */
};

/* The last run of a target, of the view last_run. */
struct store_last_run {
	uint64_t target;
	int64_t started, ended;
	const char *verdict, *outcome;
	struct pw_bytes text;
};

/* A run as it was kept: see struct store_result. */
struct store_run {
	uint64_t id;             /* falls from a run to the one before */
	uint64_t target, run;
	int64_t at, micros;
	uint32_t verdict, mood, speaks_for, flags;
	const char *outcome, *phase_names;
	struct pw_bytes phases;  /* for store_run_phases() */
	struct pw_bytes text;
};

/* Evidence that belongs to no incident. */
struct store_trace {
	uint64_t target, run;
	uint32_t leg;
	int64_t at;
	struct pw_bytes bytes;
};

enum store_span { STORE_QUARTER, STORE_HOUR, STORE_SPANS };

struct store_rollup {
	uint64_t target;
	uint32_t span;           /* enum store_span */
	int64_t start;           /* a multiple of the span */
	uint32_t runs[PW_UNKNOWN + 1];    /* by verdict */
	int64_t time[STORE_MOODS_END];    /* microseconds of the span, by mood */
	const char *phase_names;
	uint32_t phase_count;
	/* -1: never reached */
	struct store_phase_times { int64_t p50, p95, max; } phases[STORE_PHASES_MAX];
	struct store_phase_times whole; /* of runs that were ok or degraded; -1: there was none */
};

/* The roll-up of one target and span, for who reads it. */
struct store_sum {
	int64_t start;
	int64_t up, degraded, down, unknown, paused; /* microseconds */
	const char *phase_names; /* separated by blanks */
	struct pw_bytes phases;  /* for store_sum_phases() */
};

/* "waiting" …; "?" for what is none. */
const char *store_delivery_name(uint32_t state);
