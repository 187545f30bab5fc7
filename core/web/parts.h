/* An answer that is made in parts, as fast as its client takes them, so that no whole of it is ever held. */
#ifndef WEB_PARTS_H
#define WEB_PARTS_H

#include <stdbool.h>

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
 * its metrics from being read. */
enum { PARTS_MAX = 48, PARTS_LIVE_MAX = 40 };
struct parts_list {
	struct parts *first;
	uint32_t count, live_count;
};

/* Takes over the source, which is ended also where NULL is returned: there is no memory, or as many are given out as may be. `is_packed`: by
 * gzip; `taken` is called whenever the client has taken a part. */
struct MHD_Response *parts_respond(struct parts_list *, struct MHD_Connection *, const struct parts_source *, bool is_packed,
    void (*taken)(struct MHD_Connection *));

/* Asks those again that had nothing. Returns whether there were such. */
bool parts_wake(struct parts_list *);

#endif
