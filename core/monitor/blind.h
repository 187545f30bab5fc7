/*
 * Whether it is us. *Known*: a local fact, or all references fail while nothing else passes. *Suspected*: many targets
 * in several networks turned suspect since anything at all last passed; then nothing is confirmed for a while.
 * Loopback proves nothing about a network: neither its passes nor its suspicions are told to this module.
 */
#ifndef MONITOR_BLIND_H
#define MONITOR_BLIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/wire.h"
#include "monitor/table.h"

/* Known blindness. */
enum blind_stage { BLIND_NONE, BLIND_SEEING, BLIND_CUT_OFF, BLIND_TOLD, BLIND_STAGES };
enum blind_sign { SIGN_CLEAR, SIGN_CUT_OFF, SIGN_CUT_OFF_LONG, BLIND_SIGNS };
enum blind_tell { BLIND_TELL_NOBODY, BLIND_TELL_BLIND, BLIND_TELL_OVER };
struct blind_move {
	enum blind_stage to;
	enum blind_tell tell;
};
struct blind_move blind_move(enum blind_stage from, enum blind_sign sign);

/* Suspected blindness. */
enum hold_stage { HOLD_NONE, HOLD_FREE, HOLD_HOLDING, HOLD_RUN_OUT, HOLD_STAGES };
enum hold_event { HOLD_PASSED, HOLD_MANY, HOLD_TIME_UP, HOLD_EVENTS };
enum hold_act { HOLD_NOTHING, HOLD_BEGIN, HOLD_END, HOLD_DIGEST };
struct hold_move {
	enum hold_stage to;
	enum hold_act act;
};
struct hold_move hold_move(enum hold_stage from, enum hold_event event);

enum blind_cause { CAUSE_LOCAL = 1, CAUSE_REFERENCES = 2 };

enum { BLIND_SUSPECTS = 64 };

struct blind {
	enum blind_stage stage;
	enum hold_stage hold;
	unsigned causes;         /* of enum blind_cause, now */
	int64_t cut_since;       /* while there are causes */
	int64_t held_since;
	int64_t references_failed; /* when all references last failed, 0: some were reached since */
	bool doubted;            /* a target passed after they failed: the references are dead, not we blind */
	uint32_t suspect_count;  /* turned suspect since anything last passed; the last BLIND_SUSPECTS of them are kept */
	struct {
		uint64_t network;
		int64_t at, interval;
		uint32_t target;
	} suspects[BLIND_SUSPECTS];
};

void blind_init(struct blind *);

/* A run of a target passed that had begun at `started`. */
enum hold_act blind_passed(struct blind *, int64_t started, int64_t now);

/* A target failed for the first time in a row. `network`: address_network() of where it is,
 * 0 where nobody knows. */
enum hold_act blind_suspected(struct blind *, uint32_t target, uint64_t network, int64_t interval, int64_t now);

/* A run of a target ended for reasons of our own (no route, no descriptors …), or did not (`local` false). */
void blind_local(struct blind *, bool local, int64_t now);

/* A round over the references ended at `at`. */
enum hold_act blind_references(struct blind *, uint32_t asked, uint32_t reached, int64_t at);

/* What time makes of it; to be called about once a second. */
enum blind_tell blind_tick(struct blind *, int64_t now);
enum hold_act blind_tick_hold(struct blind *, int64_t now);

/* A failed run says nothing now. */
bool blind_is_known(const struct blind *);
/* Nothing is confirmed now. */
bool blind_holds(const struct blind *);
/* The hold has run out and nothing has passed since: what is confirmed now is told in a digest. */
bool blind_digests(const struct blind *);

extern const struct rule_table blind_table, hold_table;

#endif
