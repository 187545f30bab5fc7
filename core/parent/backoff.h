/* How long to wait before a dead child is replaced: not at all at first, then longer and longer while it keeps dying. */
#ifndef PARENT_BACKOFF_H
#define PARENT_BACKOFF_H

#include <stdint.h>

enum {
	BACKOFF_STEPS_MAX = 60, /* the longest wait, in steps */
	BACKOFF_HEALTH = 60     /* steps of good health after which all is forgiven */
};

/* Starts as zeroes. */
struct backoff {
	uint32_t deaths; /* in a row, none of them after good health */
};

/* Takes one more death into account, `healthy` microseconds after the child said it was ready (0: never), and returns
 * the wait: 0, 1, 2, 4, … 60 steps of `step` microseconds (a second, but in tests). */
int64_t backoff_wait(struct backoff *, int64_t healthy, int64_t step);

#endif
