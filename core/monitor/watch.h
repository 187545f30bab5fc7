/*
 * What all parts of the monitor work on: the configuration, the present time, and the targets. Each
 * member is written by the part that is named beside it, and by nobody else.
 */
#pragma once

#include <stdint.h>
#include "base/clock.h"
#include "base/duty.h"
#include "base/messages.h"
#include "config/config.h"
#include "monitor/clocks.h"
#include "monitor/facts.h"
#include "monitor/recent_facts.h"
#include "monitor/target_state.h"

/*
 * Where the name of a target has led: kept with its state, since probers come and go, and what it
 * means that a name does not resolve depends on it.
 */

struct target_name; /* NULL: the name has led nowhere, or there is none */

/* Keeps what a prober says, in place of what is known; if there is no memory, that stays. Returns
 * false if a time in it lies ahead of `now` (monotonic), which cannot be. */
bool target_name_learn(struct target_name **, const struct message_name *, const struct clocks *,
    int64_t now);

/* Sends what is known to the prober at that socket. Returns whether that prober has it; false if
 * nothing is known. */
bool target_name_send(const struct target_name *, uint32_t target, int prober);

void target_name_forget(struct target_name **);

/* As part of a target's record, with its times in UTC; and back, `now` being the present. */
void target_name_encode(const struct target_name *, struct wire_out *);
void target_name_decode(struct target_name **, struct moment now, struct wire_in *);

/* The runs of an open suspicion or incident, whose evidence belongs to what may be told next, and
 * the words of the last failure. */

/* NULL: none. Members are read only. */
struct attempts {
	char *text; /* what the last failing run said; NULL: nothing */
	uint8_t count, room;
	uint64_t runs[]; /* their numbers, in order: the first one, and the last ones behind it */
};

/* Adds a run; of more than CHANGE_ATTEMPTS_MAX the oldest but the first is left out. If there is no
 * memory, this run is. */
void attempts_add(struct attempts **, uint64_t run);
/* Copies the words. If there is no memory, there are none. */
void attempts_say(struct attempts **, struct pw_bytes text);
/* Forgets the runs, and keeps the words. */
void attempts_restart(struct attempts *);
/* Forgets all runs but the last. */
void attempts_keep_last(struct attempts *);
void attempts_destroy(struct attempts **);

/* Of a target, beside what the rules go by (state). There may be 100,000 of them. */
struct watched {
	struct target_state state;
	uint64_t run;   /* in a prober's hands, 0: none (orders.c) */
	int64_t due;    /* of that run, or of the next one (orders.c) */
	struct attempts *attempts;
	struct facts *facts; /* NULL: none seen yet */
	struct renewal renewal;
	struct target_name *name; /* where its name has led; NULL: nowhere, or it has none
	                           * (watch.c) */
	uint32_t full;  /* seconds of the monotonic clock: when the next full report is asked for */
	uint32_t blurred, blurred_end; /* seconds of it: failures that overlap blind spells, the
	                                * first one's and the last one's end */
	uint8_t blurred_runs;          /* of those such before which somebody was heard since the
	                                * one before; up to 255 */
	bool patient;                  /* the run in hand is */
	bool local;                    /* its addresses are of this host: it says nothing about the
	                                * network */
	bool by_hand;                  /* the run in hand was asked for while none was due: it is no
	                                * attempt */
	bool marked;                   /* its state is to be sent to the keeper */
	bool in_digest;                /* its down is to be told in the next digest */
	bool silenced;                 /* something of it was kept silent for a reason from outside
	                                * that has not ended */
	bool answers;                  /* in its last run it was heard */
	uint8_t ipv6;                  /* enum ipv6: what its last run told of our way over it
	                                * (own_faults.c) */
	bool in_private;               /* it was last seen at private addresses alone */
	bool unheard;                  /* its last run ended in silence, and it was not down */
	bool named;                    /* its prober knows what is known of its name */
	bool was_held;                 /* as quarantined, when its record was written */
	bool apart;                    /* run in a prober of its own, or in line for one (orders.c)
	                                * */
	uint64_t network;              /* address_network() of where it was last seen, 0: nowhere
	                                * yet */
};

/* What the parent said of targets before states were recovered, in its order. */
struct accounts_put_off {
	struct message_account *items;
	uint32_t count, room;
};

struct watch {
	struct duty *duty;
	const struct config *config;
	int64_t now;             /* monotonic: set by the event loop, or by a test */
	struct clocks clocks;
	struct codes *codes;
	struct watched *targets; /* config->target_count of them */
	struct recent_facts *recent_facts;
	struct accounts_put_off put_off; /* (held_targets.c) */
	uint64_t last_run;       /* the last number that was given to a run */
	uint32_t random;         /* of base/random.h */
	bool begun;              /* states have been recovered, and runs are ordered (monitor.c) */
	bool stopping;           /* no more orders (monitor.c) */
};

/* Everything in its first state; `seed`: any number. Returns false if there is no memory;
 * watch_fini() is due all the same. */
bool watch_init(struct watch *, struct duty *, int64_t now, uint32_t seed);
void watch_fini(struct watch *);

static inline const struct target *
watch_target(const struct watch *watch, uint32_t target)
{
	return &watch->config->targets[target];
}

/* The present on both clocks. */
static inline struct moment
watch_moment(const struct watch *watch)
{
	return clocks_at(&watch->clocks, watch->now);
}

/* Forgets what a keeper has said of a target, and of all; runs have not begun. */
void watch_forget_target(const struct watch *, uint32_t target);
void watch_forget(struct watch *);

/* A number that was given by a monitor before us: runs are numbered behind it. */
void watch_number_behind(struct watch *, uint64_t run);

/* How often the target is run, as in message_run: INTERVAL_NONE while it is quarantined, 0: by its
 * policy. CONFIG_NONE: 0. */
int64_t watch_interval(const struct watch *, uint32_t target);
