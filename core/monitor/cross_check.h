/*
 * For the monitor: a failure confirms an outage only once another host has shown that it is not
 * ours.
 *
 * Where the failure ended in silence that may be any host beyond this one that is heard after it: a
 * reference (a host that is asked only whether our line works), or another target, which is run at
 * once where none is due; on the same port, where the target could not even be connected to and
 * others are watched there. Where we were refused before a dialogue began, it has to be a target on
 * that port that passes: a filter may speak for all of them. A target that fails as well when asked
 * is a suspect as well, and where they are many the confirmation waits (hold.h).
 */
#pragma once

#include "base/messages.h"
#include "monitor/observation.h"

struct monitor;

/* Its owner reads no member of it, and begins with zeroes. Times are monotonic. */
struct cross_check {
	struct awaiting *items; /* targets whose confirmation waits for a word */
	uint32_t count, room;
	uint32_t asking;        /* for how many of them others were asked in this tick */
	int64_t accompanied;    /* when others were last run beside attempts that may confirm */
	int64_t wanted;         /* a round over the references that begins at this time or later is
	                         * wanted */
	int64_t sent, began;    /* when one was asked for; when the last one that ended had begun */
	int64_t near_sent;      /* when one over the near ones, too */
	bool open;              /* the one that was asked for has not ended */
};

void cross_check_fini(struct cross_check *);

/* Whether such a failure is confirmed only with a word of somebody else. */
bool cross_check_is_needed(const struct monitor *, uint32_t target, const struct observation *);
/* The confirmation of a failure is held, for want of such a word. `enough`: it counts though it
 * overlaps a spell. If there is no memory, the next attempt waits for a word. */
void cross_check_await(struct monitor *, uint32_t target, const struct observation *, bool enough);
/* Somebody was heard, or might have been by now: confirms what that decides. */
void cross_check_settle(struct monitor *);
/* A round over the references is wanted that begins from now on. */
void cross_check_look(struct monitor *);
/* A round ended, and its prober is free for the next. */
void cross_check_looked(struct monitor *, const struct message_references *);
/* Every tick, to a monitor that has begun: asks whom there is to ask. */
void cross_check_tick(struct monitor *);
