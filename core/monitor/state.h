/*
 * The states of a target (pending, up, suspect, down, recovering) and the table that moves it
 * between them. What it takes is the signal that attempt.h, where all counting is, has made of a
 * run.
 */
#pragma once

#include <stdbool.h>
#include "base/notice.h"
#include "monitor/table.h"

enum state {
	STATE_NONE, /* a forgotten cell */
	STATE_PENDING,
	STATE_UP,
	STATE_SUSPECT,
	STATE_DOWN,
	STATE_RECOVERING,
	STATES
};

enum signal {
	SIGNAL_NONE,      /* the run says nothing about the target */
	SIGNAL_PASSED,
	SIGNAL_PASSED_ENOUGH,
	SIGNAL_FAILED,
	SIGNAL_FAILED_ENOUGH,
	SIGNAL_FAILED_OTHERWISE, /* another outcome than was told, steadily */
	SIGNALS
};

/* Being in one state, on a signal become `to` and tell. */
struct state_move {
	enum state to;
	enum notice_kind tell;
	bool avoided; /* a false alarm */
};

struct state_move state_move(enum state from, enum signal signal);

/* "pending", "up" … */
const char *state_name(enum state state);
enum state state_named(const char *name); /* STATE_NONE: none is called so */

/* Whether it counts as down for those who were told: recovering is still the same incident. */
bool state_is_down(enum state state);

extern const struct rule_table state_table;
