/*
 * What `postwatch status --watch` shows: all targets as the store has them, read again and again,
 * in an order and through a filter. It only reads the store, as `status` does.
 */
#pragma once

#include "command/status_rows.h"

enum watch_order {
	WATCH_BY_NEED,  /* the worst first */
	WATCH_BY_NAME,
	WATCH_BY_SINCE, /* the latest change of state first */
	WATCH_BY_TOOK,  /* the longest last run first */
	WATCH_ORDERS
};
const char *watch_order_name(enum watch_order);

enum { WATCH_FILTER_MAX = 256, WATCH_SEEN_MAX = 512, WATCH_NEEDS = STATUS_IS_PENDING + 1 };

/* All but order, is_reversed and filter is read only for others, and good until the next
 * watch_rows_read(). */
struct watch_rows {
	enum watch_order order;
	bool is_reversed;
	/* Words that all have to hold: tag:TAG and state:STATE by their beginning (a state, a flag
	 * or a verdict), others within the name, the host, the outcome or the sentence. */
	char filter[WATCH_FILTER_MAX];

	struct past past;               /* its `now` is when it was read */
	const struct status_row **rows; /* those that pass the filter, in order */
	size_t count;
	const struct status_row **chosen; /* those that the command line asks for */
	size_t chosen_count, of_need[WATCH_NEEDS], paused;
	int64_t newest;                 /* the end of the last run of all; 0: there was none */
	int name_width;                 /* of the widest name */
	char *troubles;                 /* of our own, a line each; "" where there are none */

	struct past open, options;      /* the store, the configuration and the zone */
	const struct command *command;
	const char *const *words;       /* of the command line */
	/* What the files were when they were read: which, and with what was written. */
	char identity[WATCH_SEEN_MAX], seen[WATCH_SEEN_MAX];
	int64_t read_at, took;          /* clock_mono(); how long reading took */
};

/* `past` has the options of the command line. Returns 0, or the exit status, and what is wrong was
 * said. Nothing was read yet. */
int watch_rows_open(struct watch_rows *, const struct past *, const struct command *,
    const char *const *words);
void watch_rows_close(struct watch_rows *);

/* Reads all again; where nothing was written since, or it cannot be read, all stays as it is. While
 * it reads it calls `on_pause` now and then, which may use what was read before and returns false
 * where reading is to be given up. Returns false where it cannot be read, `why` says why. */
bool watch_rows_read(struct watch_rows *, bool (*on_pause)(void *), void *arg, struct reason *why);

/* To be called after the order or the filter was changed. */
void watch_rows_arrange(struct watch_rows *);

/* How long the last run took, microseconds; 0: that is not known. */
int64_t watch_row_took(const struct status_row *);
