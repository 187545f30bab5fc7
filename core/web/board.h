/*
 * How every target stands, kept in memory from what the store has: what the overview, the metrics and the API read. It is
 * brought up to date in small steps (board_turn), none of which holds a read transaction for more than some milliseconds,
 * and a store that was replaced is opened anew. It only reads.
 */
#ifndef WEB_BOARD_H
#define WEB_BOARD_H

#include "base/outcome.h"
#include "base/reason.h"
#include "config/config.h"
#include "config/window_clock.h"
#include "store/reader.h"
#include "web/looks.h"
#include "web/troubles.h"

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
const char *rank_name(enum board_rank);      /* "down", "unknown" … */
enum board_rank rank_named(const char *name); /* RANKS: none is called so */

struct board_row {
	uint64_t number;                 /* the store's */
	const struct target *configured; /* NULL: not in the configuration of this process */
	const char *name, *probe, *host;
	uint32_t port;
	const char *state;               /* "up", "down" … (postwatch-schema(5)) */
	const char *text;                /* of the open suspicion or incident; "" */
	const char *outcome;             /* of the run that changed the state last */
	const char *conditions;          /* codes, separated by blanks; "" */
	const char *silences, *ack_by, *ack_why;
	enum board_rank rank;
	enum pw_verdict verdict;         /* of the newest run; PW_UNKNOWN where there was none */
	int64_t since, last_run;         /* UTC; last_run: when the newest run ended; 0: none */
	int64_t unseen_since;            /* nobody looks at it since then; 0: it is looked at */
	int64_t interval;                /* microseconds */
	uint64_t incident;               /* 0: none is open */
	int64_t acknowledged;            /* 0: it is not */
	bool flapping, slow, quarantined, paused;
	uint32_t look;                   /* index of its struct look */
	void *memory;
};

struct board;

/* NULL if out of memory. The configuration is the caller's. */
struct board *board_create(const struct config *);
void board_destroy(struct board **);

/* A step; returns whether there is more to do at once. */
bool board_turn(struct board *);

/* Whether all has been read once. Before, and where it says so, `why` tells what is wrong with the store (NULL is fine). */
bool board_is_read(const struct board *, const char **why);

/* Rows in the order of their rank, the latest change first; they stay until the next turn. */
uint32_t board_count(const struct board *);
const struct board_row *board_get(const struct board *, uint32_t place);
const struct board_row *board_named(const struct board *, const char *name); /* by name; NULL: there is none */
const struct look *board_look(const struct board *, const struct board_row *);
uint32_t board_tally(const struct board *, enum board_rank);

/* Tags of the configuration, in the order in which the rows have them, with how many of their targets are not well. */
enum { BOARD_TAGS_MAX = 40 };
struct board_tag {
	const char *tag;
	uint32_t all, ill;
};
uint32_t board_tags(const struct board *, const struct board_tag **);

/* Whether the target has the tag; NULL is a tag of all. */
static inline bool
board_row_has_tag(const struct board_row *row, const char *tag)
{
	return tag == NULL || (row->configured != NULL && target_has_tag(row->configured, tag));
}

/* When it was last brought up to date, UTC. */
int64_t board_time(const struct board *);
uint64_t board_results(const struct board *); /* runs followed since the beginning */

/* Since when the daemon has not been able to write its store (UTC); 0: it can. Looked at each second. */
int64_t board_behind_since(const struct board *);

/* What we suffer ourselves; a view until the next turn. */
const struct troubles *board_troubles(const struct board *);
struct store_waiting board_waiting(const struct board *);

/* For pages of one thing; NULL: nothing can be read now. */
struct store_reader *board_reader(const struct board *);

#endif
