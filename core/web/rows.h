/*
 * For the web process: the targets that are watched, with state, conditions and so on, a row in
 * memory for each, read from postwatch.db in steps of some milliseconds.
 */
#pragma once

#include "base/chunks.h"
#include "base/hash.h"
#include "base/outcome.h"
#include "config/config.h"
#include "store/reader.h"
#include "web/looks.h"
#include "web/told.h"

/* In the order of a list: what needs somebody first. */
enum board_rank {
	RANK_DOWN,     /* down, or up again and not confirmed */
	RANK_UNKNOWN,  /* nobody looks at it, or the last run could say nothing about it */
	RANK_SUSPECT,
	RANK_BLOCKED,
	RANK_DEGRADED, /* the last run, or a condition that stands */
	RANK_PENDING,
	RANK_UP,
	RANKS
};
const char *rank_name(enum board_rank);       /* "down", "unknown" … */
/* Mail arrives where a server takes it, however slowly; where it refuses us alone it may arrive from others, and of one whose last attempt
 * failed it is not said before another tells. */
static inline bool
rank_takes_mail(enum board_rank rank)
{
	return rank == RANK_UP || rank == RANK_DEGRADED;
}
enum board_rank rank_named(const char *name); /* RANKS: none is called so */

/* Why nobody needs to act on an outage; in the order of a list. */
enum board_care { CARE_NONE, CARE_ACKNOWLEDGED, CARE_PARENT /* it stands below one that is down */, CARE_PAUSED };

/* What is known of a server's TLS and certificate (struct store_server). */
struct board_server {
	int64_t at;           /* UTC: since when it is so; 0: nothing is known */
	int64_t not_before, not_after, chain_ends; /* 0: not known */
	const char *tls_version, *tls_cipher; /* "": it was not spoken */
	uint8_t ip;           /* 4 or 6; 0: not known */
};

/* What has to be renewed first: the certificate, or one of its chain; 0: none is known. */
static inline int64_t
server_ends(const struct board_server *server)
{
	return server->chain_ends != 0 && server->chain_ends < server->not_after ? server->chain_ends : server->not_after;
}

struct board_row {
	uint64_t number;                 /* the store's */
	const struct target *configured; /* NULL: not in the configuration of this process */
	const char *name, *probe, *host;
	struct pw_bytes label;           /* target="NAME", for metrics */
	uint32_t port;
	const char *state;               /* "up", "down" … (postwatch-schema(5)) */
	const char *text;                /* of the open suspicion or incident; "" */
	const char *outcome;             /* of the run that changed the state last */
	const char *conditions;          /* codes, separated by blanks; "" */
	const char *silences, *ack_by, *ack_why;
	enum board_rank stated;          /* what `state` alone says: RANK_DOWN, RANK_SUSPECT or RANK_PENDING; else RANK_UP */
	enum board_rank rank;
	enum board_rank judged;          /* for the board: what `rank` is going to be */
	enum board_care care, judged_care; /* of an outage; likewise */
	bool is_moved;                   /* the same: it has another place then */
	enum pw_verdict verdict;         /* of the newest run; PW_UNKNOWN where there was none */
	int64_t since, last_run;         /* UTC; last_run: when the newest run ended; 0: none */
	int64_t unseen_since;            /* nobody looks at it since then; 0: it is looked at */
	int64_t interval, patience;      /* microseconds; without a run for the latter nobody looks at it */
	int64_t standing_since;          /* UTC: the oldest of its conditions that stand; 0: there is none */
	uint64_t incident;               /* 0: none is open */
	int64_t began;                   /* UTC: the first sign of it; 0: none is open */
	uint32_t told;                   /* behind the place of its struct told in the rows; 0: there is nothing to tell of it */
	int64_t acknowledged;            /* 0: it is not */
	int64_t known;                   /* UTC: when it came into the store */
	uint32_t lately;                 /* outages that began within the last day, the open one included */
	int64_t lately_at;               /* UTC: the newest of these */
	bool flapping, slow, quarantined, paused;
	uint32_t look;                   /* index of its struct look */
	struct board_server server;
};

/* Since when it is so, UTC: the first sign of an outage or of a suspicion, the first of the conditions that stand, the last that was seen of
 * it where nobody looks; else since when it has its state. */
int64_t row_since(const struct board_row *, const struct look *);

/* Whether the newest result is of the run that the row is of, or of a later one (verdict_is_current). */
bool row_is_of_look(const struct board_row *, const struct look *);

/* Sets `judged` and `judged_care` from all else that is known of it. */
void row_judge(struct board_row *);
/* Whether it was so from the first run of its record: it may have been so for longer. */
bool row_is_from_the_first(const struct board_row *, const struct look *);

/* How long after the first sign of an outage that was confirmed; -1: it has none. */
static inline int64_t
row_confirming(const struct board_row *row)
{
	return row->rank == RANK_DOWN && row->began != 0 && row->since >= row->began ? row->since - row->began : -1;
}

struct rows {
	struct board_row *items;   /* by number */
	uint32_t count, room;
	struct chunks strings;
	struct told *told;         /* of those that have an incident or a condition */
	uint32_t told_count, told_room;
	struct hash_table by_name;
	uint64_t after;            /* the last that was read */
	uint64_t earlier;          /* the number of an incident: none up to it began within the last day */
};

/* Reads the next step of all, from the first where there are none. `looks` are made for new ones; `names` are the targets of the
 * configuration, sorted by name. */
enum store_reading rows_read(struct rows *, struct store_reader *, struct looks *, const struct config *,
    const struct target *const *names);
/* Forgets them, and leaves zeroes. */
void rows_clear(struct rows *);

/* The row; NULL: there is none. */
const struct board_row *rows_named(const struct rows *, const char *name);
/* The place of the first row whose number is above. */
uint32_t rows_above(const struct rows *, uint64_t number);

/* Of two pointers to pointers to targets, by their names. */
int target_compare(const void *, const void *);

/* Whether both have the same targets under the same names, in the same places. */
bool rows_are_of_the_same(const struct rows *, const struct rows *);
