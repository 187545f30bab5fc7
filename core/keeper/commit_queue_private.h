/* The members of the keeper's commit queue (commit_queue.h), for its own file and its tests. */
#pragma once

#include "keeper/commit_queue.h"

struct commit_side {
	struct store_batch *open, *sent; /* fills; was submitted */
	int64_t since;       /* when the first thing came into `open`, 0: it is empty */
	struct sequence taken; /* the last message of the monitor's that is in a batch */
	/* the last one in `sent`, and on the disk: never above `taken` */
	struct sequence submitted, committed;
	int64_t last;        /* the last commit */
	bool stuck;          /* what was sent is not kept until the file is well */
	bool mending;        /* it was tried to get it out of its trouble */
};

struct commit_queue {
	struct store *store;
	bool unread;         /* what was kept before our birth cannot be read */
	struct commit_side sides[STORE_FILES];
	/* One behind the other: the monitor's that were told and are not committed; those whose
	 * batch was committed or is held in memory, which are to be told; those of the open batch.
	 * Links to the first, to the first that is not told, and to the next one. */
	struct pending_run *runs, **untold, **end;
	const struct pending_run *open; /* the first of the open batch, NULL: it has none */
	size_t held_bytes;   /* of those that were told */
	uint32_t changes;    /* in the open batch */
	int64_t mend_at;     /* when what is sick is tried again, 0: nothing is */
	/* UTC: since when something waits for a file that is sick, 0: nothing does */
	int64_t behind;
	uint64_t serial, safe; /* of the main batch that fills; the last that is durable */
};
