/*
 * For the parent: how long it waits before a dead child process is replaced: not at all at first,
 * then longer and longer while it keeps dying; and not at all where it died of one target, which is
 * then kept away from it.
 */
#pragma once

#include <stdint.h>

enum {
	BACKOFF_STEPS_MAX = 60, /* the longest wait, in steps */
	BACKOFF_HEALTH = 60,    /* steps of good health after which all is forgiven */
	/* Deaths in a row, with a target in hand that cannot be blamed, that cost no wait. */
	BACKOFF_AT_ONCE = 10
};

/* Starts as zeroes. */
struct backoff {
	uint32_t deaths;  /* in a row, none of them after good health */
	uint32_t in_hand; /* in a row, with a target in hand that cannot be blamed */
};

/* What is known of whom a child died of. */
enum backoff_blame { BLAME_NOBODY, BLAME_IN_HAND, BLAME_TARGET };

/* Takes one more death into account, `healthy` microseconds after the child said it was ready (0:
 * never), and returns the wait: 0 where a target is to blame, and for the first BACKOFF_AT_ONCE
 * deaths in a row with one in hand; else 0, 1, 2, 4, … 60 steps of `step` microseconds (a second,
 * but in tests). */
int64_t backoff_wait(struct backoff *, enum backoff_blame, int64_t healthy, int64_t step);
