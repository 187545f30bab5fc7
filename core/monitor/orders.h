/*
 * Runs that are ordered: when each target is run next, which prober has it in hand, and the links
 * to the probers. A target is run by the prober of its host; one that a prober died of, apart in a
 * prober of its own, a few at a time and the others in line, until a run of it has ended well or
 * the parent holds it. So what it does to its prober is nobody else's trouble.
 */
#pragma once

#include "base/messages.h"
#include "config/config.h"
#include "monitor/schedule.h"
#include "monitor/watch.h"

struct orders; /* refers to its watch, which outlives it */

/* NULL: no memory. */
struct orders *orders_create(struct watch *);
/* Closes all links. */
void orders_destroy(struct orders **);

/* Runs are ordered from the present tick on. */
void orders_begin(struct orders *);

/*
 * The target's next run is due then (monotonic); what is due before the horizon is ordered at once.
 */
void orders_plan(struct orders *, uint32_t target, int64_t due);
/* As soon as runs are ordered in their turn. */
void orders_plan_soon(struct orders *, uint32_t target);
/* The target is not run before it is planned again; a report on the run in hand, if any, will not
 * be taken. */
void orders_cancel(struct orders *, uint32_t target);
/* The run in hand, if any, is over. */
void orders_release(struct orders *, uint32_t target);

/* Every tick: orders what is due in the tick after next. */
void orders_collect(struct orders *);
/* At the end of every event: sends what was ordered. */
void orders_flush(struct orders *);

/* A new prober, one of config->probers + PROBERS_APART, is at that socket, which is taken. What the
 * one before had in hand is due again, as the same attempt. */
void orders_linked(struct orders *, uint32_t prober, int fd);
void orders_lost(struct orders *, uint32_t prober);
/* Which prober runs the target; CONFIG_NONE: none, it waits in line for one of its own. */
uint32_t orders_prober(const struct orders *, uint32_t target);
/* Whether that prober can be given orders for the target. */
bool orders_can_run(const struct orders *, uint32_t target);
/* Whether the prober may ever have had the target in hand. */
bool orders_may_have(const struct orders *, uint32_t prober, uint32_t target);
/* Whether that run of the target is in the hand of the prober now. */
bool orders_has(const struct orders *, uint32_t prober, uint32_t target, uint64_t run);
/* Whether nothing is in hand. */
bool orders_are_done(const struct orders *);

/* Sends a packet to the first prober that is there. Returns false if none takes it. */
bool orders_send_any(const struct orders *, const void *packet, size_t size);

/* So many connections of the prober wait until others have ended. */
void orders_note_waiting(struct orders *, uint32_t prober, uint32_t connections);

/* A prober died with the target in hand: the target waits for one of its own. */
void orders_isolate(struct orders *, uint32_t target);
/* The target is not to be run at all. */
void orders_end_isolation(struct orders *, uint32_t target);
/* A run of a target that is run apart was reported: if it ended well, the target is run among the
 * others again. */
void orders_isolated_reported(struct orders *, const struct report *);

/* An attempt that may confirm an outage is in hand: its target, CONFIG_NONE if there is none.
 * `began`: whether one such was ordered since this was asked last. */
uint32_t orders_confirming(struct orders *, bool *began);

struct orders_load {
	uint32_t unserved; /* targets whose prober is away */
	uint32_t in_line;  /* targets that wait for a prober of their own */
	uint32_t waiting;  /* connections that wait for others to end, of all probers */
};
struct orders_load orders_load(const struct orders *);
