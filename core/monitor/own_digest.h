/*
 * One notice for many targets whose outages were held back at the same time and are told at last
 * (hold.h), and one for the end of them all.
 */
#pragma once

#include "base/clock.h"
#include "monitor/watch.h"

struct monitor;
struct port_hold;

#define OWN_DIGEST_PAUSE (60 * (int64_t)SECOND) /* from the first down that is to be told together
                                                 * */

/* Part of our own side. */
struct own_digest {
	uint32_t count; /* downs stamped with `digest` that no digest has told yet */
	int64_t due;    /* monotonic: when those are told */
	uint16_t port;  /* 0: not of one port alone */
	struct told_together { /* what digests have told and nothing has ended yet */
		struct moment began, told; /* told: the last of them */
		uint32_t count, apart; /* targets, 0: none; those of them that were told by
		                        * themselves since */
	} told;
};

/* A down was stamped with `digest` at the monotonic time `now`. */
static inline void
own_digest_add(struct own_digest *digest, struct watched *watched, int64_t now)
{
	watched->in_digest = true;
	if (digest->count++ == 0 && digest->due < now)
		digest->due = now + OWN_DIGEST_PAUSE;
}

/* The hold of a port has run out for those that are turned away in the same words: they are told,
 * and nothing of each. */
void own_digest_tell_refused(struct monitor *, struct port_hold *);
/* Runs begin: what a monitor before us told is known. */
void own_digest_begin(struct monitor *);
/* Every tick: tells what is due. */
void own_digest_tick(struct monitor *);
/* About once a second: what has ended is told. */
void own_digest_end(struct monitor *);
