/*
 * Flapping is counted in confirmed transitions and real time, not in checks. An episode begins with
 * the third `down` within flap_window; it ends when the target has stayed down, or has answered
 * without a failed attempt, long enough.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/notice.h"
#include "config/config.h"
#include "monitor/state.h"
#include "monitor/table.h"

enum flap { FLAP_NONE, FLAP_STEADY, FLAP_FLAPPING, FLAPS };

enum flap_event {
	FLAP_DOWN,       /* a down was confirmed */
	FLAP_DOWN_OFTEN, /* the third within flap_window */
	FLAP_STILL_DOWN, /* max(5 min, 2 intervals) of confirmed down */
	FLAP_QUIET,      /* max(15 min, 3 intervals) up without a failed attempt */
	FLAP_EVENTS
};

struct flap_move {
	enum flap to;
	enum notice_kind tell;
};

struct flap_move flap_move(enum flap from, enum flap_event event);

enum { FLAP_DOWNS = 3 };

struct outage {
	struct moment confirmed, began, ended; /* ended not set: it is still down */
};

/* Begins as zeroes, but for `flap`, which is FLAP_STEADY. */
struct flapping {
	enum flap flap;
	uint32_t count;      /* of downs in this episode */
	struct moment began; /* the episode: when its first outage did */
	struct moment last_failed; /* the end of the last failed attempt */
	struct outage outages[FLAP_DOWNS]; /* the last ones, oldest first; confirmed not set: none
	                                    * */
};

/* A down was confirmed at `now`; its incident began at `began`. What is to be told: down, flapping
 * or none. */
enum notice_kind flapping_down(struct flapping *, const struct policy *, struct moment began,
    struct moment now);

/* After every run that told something: what is to be told now (down, settled, none). */
enum notice_kind flapping_run(struct flapping *, int64_t interval, enum state, bool failed,
    struct moment now);

/* Nothing is left of it that could matter. */
bool flapping_is_over(const struct flapping *, const struct policy *, int64_t now);

extern const struct rule_table flapping_table;
