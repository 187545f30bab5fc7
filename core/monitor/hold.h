/*
 * Suspected blindness: many targets in several networks fail, and none passes that could: then no
 * outage is confirmed for a while (a hold). The same rule is kept once for all targets and once for
 * each port: an answer elsewhere shows that our line works, and only one of a target on that port
 * shows that our packets to it are let through. Its decisions are carried out by holds.c.
 */
#pragma once

#include "monitor/spells.h"
#include "monitor/table.h"

/* While it holds nothing is confirmed; while it has run out, and nothing has ended it since, what
 * is confirmed is told in a digest. HOLD_NONE: a forgotten cell. */
enum hold_stage { HOLD_NONE, HOLD_FREE, HOLD_HOLDING, HOLD_RUN_OUT, HOLD_STAGES };
enum hold_event { HOLD_HEARD, HOLD_MANY, HOLD_TIME_UP, HOLD_EVENTS };
enum hold_act { HOLD_NOTHING, HOLD_BEGIN, HOLD_END, HOLD_DIGEST };
struct hold_move {
	enum hold_stage to;
	enum hold_act act;
};
struct hold_move hold_move(enum hold_stage from, enum hold_event event);

enum { HOLD_SUSPECTS = 64 };

/* A run that failed. Only such as failed alike are taken together. */
struct suspect {
	uint32_t target;
	uint64_t network, likeness;
	int64_t ended, interval;
};

struct hold {
	enum hold_stage stage;
	int64_t heard;           /* when anything that ends it last happened; the begin, where
	                          * nothing did yet */
	int64_t since;           /* held */
	uint64_t likeness;       /* of those for which it holds, or has run out */
	uint32_t count;          /* suspects since then, one for each target; the last HOLD_SUSPECTS
	                          * of them are kept */
	struct suspect suspects[HOLD_SUSPECTS];
	struct spells spells;    /* in which it held, from what was last heard before on */
};

/* What is watched beside the suspects: where there are few, all of them are many. */
struct hold_all {
	uint32_t targets;        /* that are not down, own host left out; more than
	                          * HOLD_MANY_TARGETS need not be counted */
	uint32_t networks;       /* of all, down or not */
};
enum { HOLD_MANY_TARGETS = 5, HOLD_MANY_NETWORKS = 3, HOLD_FEW_NETWORKS = 2 };

void hold_init(struct hold *, int64_t now);

/* Something that ends it happened at that instant, which may lie behind. */
enum hold_act hold_heard(struct hold *, int64_t at);

/* Somebody acted in this way at that instant: nothing that ends a hold of those that act alike, and
 * it ends any other. */
enum hold_act hold_answered(struct hold *, uint64_t likeness, int64_t at);

/* `few`: the suspect failed to connect, by silence; so that it counts where few are watched. NULL:
 * it does not. */
enum hold_act hold_suspect(struct hold *, const struct suspect *, const struct hold_all *few,
    int64_t now);

/* Nothing that was asked for a word has given one: it holds. */
enum hold_act hold_begin(struct hold *, int64_t now);

/* Its time begins anew: we are known to be blind meanwhile. */
void hold_wait(struct hold *, int64_t now);

/* To be called about once a second, unless we are known to be blind. */
enum hold_act hold_tick(struct hold *, int64_t now);

extern const struct rule_table hold_table;
