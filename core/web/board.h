/*
 * For the web process: how every target stands, kept in memory from what the store has: what the
 * overview, the metrics and the API read. It is brought up to date in small steps (board_turn),
 * none of which holds a read transaction for more than some milliseconds, and a store that was
 * replaced is opened anew. It only reads.
 */
#pragma once

#include "base/reason.h"
#include "config/window_clock.h"
#include "web/availability.h"
#include "web/changes.h"
#include "web/outbox.h"
#include "web/pauses.h"
#include "web/ranking.h"
#include "web/troubles.h"

struct board;

/* NULL if out of memory. The configuration is the caller's. */
struct board *board_create(const struct config *);
void board_destroy(struct board **);

/* A step; returns whether there is more to do at once. */
bool board_turn(struct board *);

/* Whether all has been read once. Before, and where it says so, `why` tells what is wrong with the store (NULL is fine). */
bool board_is_read(const struct board *, const char **why);

/* Rows in the order of their rank, as ranking.h orders them; they stay until the next turn. */
uint32_t board_count(const struct board *);
const struct board_row *board_get(const struct board *, uint32_t place);
/* The row with the next higher number, which goes through all of them whatever turns lie between; NULL: there is none. */
const struct board_row *board_after(const struct board *, uint64_t number);
const struct board_row *board_named(const struct board *, const char *name); /* by name; NULL: there is none */
const struct look *board_look(const struct board *, const struct board_row *);
/* Who was told of its incident or its conditions; all zeroes where there is nothing to tell. */
const struct told *board_told(const struct board *, const struct board_row *);
/* The target whose certificate ends next of those that have not ended, as of the last round; NULL: none is known. */
const struct board_row *board_ends_first(const struct board *);
/* Since when it is as it is (row_since). */
int64_t board_since(const struct board *, const struct board_row *);
uint32_t board_tally(const struct board *, enum board_rank);

/* Whether the target has the tag; NULL is a tag of all. */
static inline bool
board_row_has_tag(const struct board_row *row, const char *tag)
{
	return tag == NULL || (row->configured != NULL && target_has_tag(row->configured, tag));
}

/* What is kept beside the rows, brought up to date by turns. */
struct board_known {
	struct looks *looks;         /* of all targets, also those that are gone; board_look() has that of a row */
	struct ranking ranking;      /* with the tags, and the last changes of ranks */
	int64_t time;                /* UTC: when the rows were last judged */
	uint64_t version;            /* another one whenever anything here is */
	int64_t behind;              /* UTC: since then the daemon has not been able to write its store; 0: it can. Looked at each second */
	struct troubles troubles;    /* what we suffer ourselves */
	struct store_waiting waiting;
	struct outbox outbox;
	struct pauses pauses;
	struct window_clock windows;
};
const struct board_known *board_known(const struct board *);
int64_t board_time(const struct board *); /* the same, for those who ask for nothing else */
/* Of a target that is shared; NULL: it was not read yet. */
const struct availability *board_availability(const struct board *, const struct board_row *);

/* For pages of one thing; NULL: nothing can be read now. */
struct store_reader *board_reader(const struct board *);
