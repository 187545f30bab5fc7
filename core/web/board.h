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

/* Tags of the configuration, with how many targets they have, and at how many of these mail arrives. */
uint32_t board_tags(const struct board *, const struct board_tag **);
/* The same of those without a tag. */
const struct board_tag *board_untagged(const struct board *);

/* Whether the target has the tag; NULL is a tag of all. */
static inline bool
board_row_has_tag(const struct board_row *row, const char *tag)
{
	return tag == NULL || (row->configured != NULL && target_has_tag(row->configured, tag));
}

/* When it was last brought up to date, UTC; and a number that is another whenever anything here is. */
int64_t board_time(const struct board *);
uint64_t board_version(const struct board *);
uint64_t board_results(const struct board *); /* runs followed since the beginning */

/* Since when the daemon has not been able to write its store (UTC); 0: it can. Looked at each second. */
int64_t board_behind_since(const struct board *);

/* What we suffer ourselves; a view until the next turn. */
const struct troubles *board_troubles(const struct board *);
struct store_waiting board_waiting(const struct board *);
const struct pauses *board_pauses(const struct board *);
const struct window_clock *board_windows(const struct board *);
const struct changes *board_changes(const struct board *); /* the last of the ranks */
/* Of a target that is shared; NULL: it was not read yet. */
const struct availability *board_availability(const struct board *, const struct board_row *);
const struct outbox *board_outbox(const struct board *);
const struct tallies *board_tallies(const struct board *); /* of all runs that were followed */

/* For pages of one thing; NULL: nothing can be read now. */
struct store_reader *board_reader(const struct board *);
