/*
 * For the web process: the order of the rows of targets, worst first, with how many are of each
 * rank (down, up ...) and of each tag; rows that move are put in their places among those that stay
 * in order.
 */
#pragma once

#include "web/changes.h"
#include "web/rows.h"

/* Tags of the configuration, in the order in which the rows have them, with at how many of their targets mail arrives (rank_takes_mail). */
enum { BOARD_TAGS_MAX = 40 };
struct board_tag {
	const char *tag;
	uint32_t all, arriving;
};

/* Starts as zeroes. */
struct ranking {
	uint32_t *order, *spare;      /* places of rows; room for another order */
	uint32_t *moved, moved_count; /* rows that have another place in the next order */
	uint32_t tally[RANKS];
	struct board_tag tags[BOARD_TAGS_MAX];
	uint32_t tag_count;
	struct board_tag untagged;    /* those without any; its `tag` is NULL */
	struct changes changes;
};

/* Of all rows, by their `rank`; the changes that were noted stay. Returns false if out of memory: it is then as it was. */
bool ranking_make(struct ranking *, struct rows *);
void ranking_fini(struct ranking *);

/* That row is to have its `judged` rank and care, or it began at another time. */
void ranking_note(struct ranking *, struct rows *, uint32_t index);
/* Puts all that was noted in its place. */
void ranking_place(struct ranking *, struct rows *);
/* Forgets what was noted: the rows are others, in the same places. */
void ranking_drop(struct ranking *);
