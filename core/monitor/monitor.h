/*
 * The monitor: what is true. It orders runs, learns from their reports, decides by the rules, and
 * tells the keeper. It opens nothing and waits for nobody. All parts get the time from watch.now,
 * which the event loop or a test sets; sockets are written without waiting, and read by the loop
 * alone.
 *
 * From below: the rules (state, attempt, flapping, condition, blind, hold, pace, silence;
 * apply_run.h joins them) know one target; watch.h has all of them. Above it each part knows those
 * before it, and none knows the whole:
 *
 *   orders         runs, probers and targets that are run apart
 *   keeper_link    what the keeper is told, until it is committed (record, own_record: what it
 *                  keeps for the next monitor)
 *   own_side       what is known of ourselves
 *   notify, own_digest, dependencies, effects   what follows from a change
 *   holds, cross_check, self_check, own_faults          whether it is us
 *   process_run    a run, from what it shows to what follows
 *   prober_messages, keeper_messages, held_targets, control   what others say and ask
 *   monitor, event_loop   the whole
 */
#pragma once

#include "monitor/activity.h"
#include "monitor/cross_check.h"
#include "monitor/dependencies.h"
#include "monitor/held_targets.h"
#include "monitor/keeper_link.h"
#include "monitor/orders.h"
#include "monitor/own_side.h"
#include "monitor/prober_messages.h"
#include "monitor/watch.h"

struct control;

struct monitor {
	struct watch watch;
	struct orders *orders;
	struct keeper_link *keeper;
	struct own_side own;
	struct cross_check cross_check;
	struct dependencies dependencies;
	struct activity activity;
	struct control *control; /* NULL: nobody can ask for anything; its owner is who made it */
};

/* Everything in its first state; `seed`: any number. NULL: no memory. */
struct monitor *monitor_create(struct duty *, int64_t now, uint32_t seed);
void monitor_destroy(struct monitor **);

/* What the keeper knew has come (or never will): the schedule begins. */
void monitor_begin(struct monitor *);

/* Every tick: what time alone brings about. */
void monitor_tick(struct monitor *);

/* After every packet: sends what has gathered, and after a tick also what can wait that long. */
void monitor_flush(struct monitor *, bool tick);

/* No more orders. */
void monitor_stop(struct monitor *);

/* Nothing is in hand, and the keeper has all. */
bool monitor_is_done(const struct monitor *);
