/*
 * The state machine of a target (pending, up, suspect, down, recovering) as one table, in which
 * every cell is filled: a forgotten one stops the program. Called by apply_run.c for each run.
 */
#include "monitor/state.h"

#include <assert.h>
#include <string.h>

static const struct state_move moves[STATES][SIGNALS] = {
	[STATE_PENDING] = {
		[SIGNAL_NONE]             = { STATE_PENDING, NOTICE_none, false },
		[SIGNAL_PASSED]           = { STATE_UP, NOTICE_none, false },
		[SIGNAL_PASSED_ENOUGH]    = { STATE_UP, NOTICE_none, false },
		[SIGNAL_FAILED]           = { STATE_SUSPECT, NOTICE_none, false },
		[SIGNAL_FAILED_ENOUGH]    = { STATE_DOWN, NOTICE_down, false },
		[SIGNAL_FAILED_OTHERWISE] = { STATE_SUSPECT, NOTICE_none, false },
	},
	[STATE_UP] = {
		[SIGNAL_NONE]             = { STATE_UP, NOTICE_none, false },
		[SIGNAL_PASSED]           = { STATE_UP, NOTICE_none, false },
		[SIGNAL_PASSED_ENOUGH]    = { STATE_UP, NOTICE_none, false },
		[SIGNAL_FAILED]           = { STATE_SUSPECT, NOTICE_none, false },
		[SIGNAL_FAILED_ENOUGH]    = { STATE_DOWN, NOTICE_down, false },
		[SIGNAL_FAILED_OTHERWISE] = { STATE_SUSPECT, NOTICE_none, false },
	},
	[STATE_SUSPECT] = {
		[SIGNAL_NONE]             = { STATE_SUSPECT, NOTICE_none, false },
		[SIGNAL_PASSED]           = { STATE_UP, NOTICE_none, true },
		[SIGNAL_PASSED_ENOUGH]    = { STATE_UP, NOTICE_none, true },
		[SIGNAL_FAILED]           = { STATE_SUSPECT, NOTICE_none, false },
		[SIGNAL_FAILED_ENOUGH]    = { STATE_DOWN, NOTICE_down, false },
		[SIGNAL_FAILED_OTHERWISE] = { STATE_SUSPECT, NOTICE_none, false },
	},
	[STATE_DOWN] = {
		[SIGNAL_NONE]             = { STATE_DOWN, NOTICE_none, false },
		[SIGNAL_PASSED]           = { STATE_RECOVERING, NOTICE_none, false },
		[SIGNAL_PASSED_ENOUGH]    = { STATE_UP, NOTICE_up, false },
		[SIGNAL_FAILED]           = { STATE_DOWN, NOTICE_none, false },
		[SIGNAL_FAILED_ENOUGH]    = { STATE_DOWN, NOTICE_none, false },
		[SIGNAL_FAILED_OTHERWISE] = { STATE_DOWN, NOTICE_changed, false },
	},
	[STATE_RECOVERING] = {
		[SIGNAL_NONE]             = { STATE_RECOVERING, NOTICE_none, false },
		[SIGNAL_PASSED]           = { STATE_RECOVERING, NOTICE_none, false },
		[SIGNAL_PASSED_ENOUGH]    = { STATE_UP, NOTICE_up, false },
		[SIGNAL_FAILED]           = { STATE_DOWN, NOTICE_none, false },
		[SIGNAL_FAILED_ENOUGH]    = { STATE_DOWN, NOTICE_none, false },
		[SIGNAL_FAILED_OTHERWISE] = { STATE_DOWN, NOTICE_none, false },
	},
};

static const char *const states[STATES] = {
	[STATE_NONE] = "none",       [STATE_PENDING] = "pending", [STATE_UP] = "up",
	[STATE_SUSPECT] = "suspect", [STATE_DOWN] = "down",       [STATE_RECOVERING] = "recovering",
};

static const char *const signals[SIGNALS] = {
	[SIGNAL_NONE] = "nothing learnt",
	[SIGNAL_PASSED] = "passed",
	[SIGNAL_PASSED_ENOUGH] = "passed recover_tries times",
	[SIGNAL_FAILED] = "failed",
	[SIGNAL_FAILED_ENOUGH] = "failed tries times",
	[SIGNAL_FAILED_OTHERWISE] = "fails in another way",
};

struct state_move
state_move(enum state from, enum signal signal)
{
	assert((size_t)from < STATES && (size_t)signal < SIGNALS);
	struct state_move move = moves[from][signal];
	assert(move.to != STATE_NONE);
	return move;
}

const char *
state_name(enum state state)
{
	assert((size_t)state < STATES);
	return states[state];
}

enum state
state_named(const char *name)
{
	for (enum state state = STATE_PENDING; state < STATES; state++)
		if (strcmp(states[state], name) == 0)
			return state;
	return STATE_NONE;
}

bool
state_is_down(enum state state)
{
	return state == STATE_DOWN || state == STATE_RECOVERING;
}

static const char *
cell(size_t row, size_t column)
{
	enum state from = STATE_PENDING + (enum state)(row / SIGNALS);
	enum signal signal = (enum signal)(row % SIGNALS);
	struct state_move move = state_move(from, signal);

	const char *told = move.tell != NOTICE_none ? notice_name(move.tell) : move.avoided
	    ? "– (a false alarm avoided)" : "–";
	return (const char *const[]){ states[from], signals[signal], states[move.to],
	    told }[column];
}

const struct rule_table state_table = {
	.name = "state",
	.title = "From a signal to the next state",
	.heads = (const char *const[]){ "from", "signal", "to", "tell" },
	.columns = 4,
	.rows = (size_t)(STATES - STATE_PENDING) * SIGNALS,
	.cell = cell,
	.note = "An incident begins with the first failing attempt and ends with the first passing "
	"one of those that confirmed up.",
};
