/*
 * For long answers of the web process (metrics, events): an HTTP answer whose maker is asked for
 * the next part when the client has taken the one before, so that no whole of it is ever in memory.
 */
#pragma once

#include <stdbool.h>
#include <sys/queue.h>

#include "base/buffer.h"

struct MHD_Connection;
struct MHD_Response;
struct parts;

enum parts_next {
	PARTS_MORE,
	PARTS_LAST,  /* that was the end */
	PARTS_WAIT,  /* there is nothing now */
	PARTS_BROKEN /* no memory: the connection ends before the answer does */
};

/* Who makes them; all zeroes where an answer is whole. */
struct parts_source {
	/* Puts the next part, some tens of kilobytes, into the buffer, which is empty. */
	enum parts_next (*next)(void *state, struct buffer *);
	void (*end)(void *state); /* frees what it has, once, however the answer ends */
	void *state;
	bool is_live;             /* they come as things happen, for long, and are not packed */
};

/* Answers in parts that are given out at once; those that are live leave room for the others, so that readers of a page do not keep
 * its metrics from being read. One that is not live is taken within PARTS_PATIENCE, or it ends before its last part. */
enum { PARTS_MAX = 48, PARTS_LIVE_MAX = 40, PARTS_PATIENCE = 120 /* seconds */ };
struct parts_list {
	void (*taken)(struct MHD_Connection *);   /* the client has taken a part */
	void (*give_up)(struct MHD_Connection *); /* its connection is to end */
	LIST_HEAD(parts_head, parts) all;         /* the newest first; zeroes at first */
	uint32_t count, live_count;
};

/* Takes over the source, which is ended also where NULL is returned: there is no memory, or as many are given out as may be. The one that
 * has been given out for longest, and is not live, is given up then for the next that is asked for. `is_packed`: by gzip. */
struct MHD_Response *parts_respond(struct parts_list *, struct MHD_Connection *, const struct parts_source *, bool is_packed);

/* Asks those again that had nothing. */
void parts_wake(struct parts_list *);
