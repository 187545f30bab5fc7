/*
 * For the monitor: whether a failure is our own network's. Learns from runs and from references
 * (hosts that are asked only whether our line works) before the rules judge a run, gives the rules
 * the context, and confirms afterwards what waited. An answer counts at the instant at which it was
 * heard, and whether we could see is asked for the whole time that a run took.
 */
#pragma once

#include "base/messages.h"
#include "monitor/observation.h"

struct monitor;

/* Before the rules: learns what a run says of ourselves. What is ours in it is taken out of the run
 * and its report. */
void self_check_before(struct monitor *, struct observation *, struct report *);

/* What the rules have to know of the world while they judge the run; reasons for silence that come
 * from parents are not in it. */
struct run_context self_check_context(struct monitor *, const struct observation *,
    const struct report *);

/* After the rules: a confirmation that is held waits for a word, and what was heard may decide
 * others. */
void self_check_after(struct monitor *, const struct observation *, const struct report *,
    const struct run_context *);

/* A round over the references has ended. */
void self_check_references(struct monitor *, const struct message_references *);

/* Every tick. */
void self_check_tick(struct monitor *);

/* The keeper knows nothing of what it was told: what was told of us and has not ended is told
 * again. */
void self_check_restate(struct monitor *);
