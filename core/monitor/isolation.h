/*
 * Targets that a prober died of: each is run in a prober of its own, a few at a time, the others in
 * line, until a run of the target has ended well or the parent holds it. So what it does to its
 * prober is nobody else's trouble.
 */
#ifndef MONITOR_ISOLATION_H
#define MONITOR_ISOLATION_H

#include "base/messages.h"
#include "config/config.h"

/* Which target each of the PROBERS_APART probers is for, and who waits for one. Members are read
 * only. */
struct isolation {
	uint32_t alone[PROBERS_APART]; /* CONFIG_NONE: it has none */
	uint32_t *line, waiting;       /* targets, in the order in which they came */
};

/* For so many targets. Returns false if there is no memory. */
bool isolation_init(struct isolation *, uint32_t targets);
void isolation_fini(struct isolation *);

/* The target waits in line. Not for one that is in it, or has a prober. */
void isolation_add(struct isolation *, uint32_t target);

/* The target leaves the line, or its prober, which is free then. */
void isolation_remove(struct isolation *, uint32_t target);

/* Which of the probers the target has, from 0; PROBERS_APART: none. */
uint32_t isolation_place(const struct isolation *, uint32_t target);

/* Gives a free prober to the first in line. Returns that target, or CONFIG_NONE if the prober is
 * not free or nobody waits. */
uint32_t isolation_give(struct isolation *, uint32_t place);

#endif
