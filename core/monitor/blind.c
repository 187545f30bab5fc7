/* Whether it is us: two small tables, one for what we know and one for what we only suspect. */
#include "monitor/blind.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"

enum { MANY_TARGETS = 5, MANY_NETWORKS = 3 };
static const int64_t told_after = 60 * (int64_t)SECOND, held_at_most = 300 * (int64_t)SECOND;

static const struct blind_move moves[BLIND_STAGES][BLIND_SIGNS] = {
	[BLIND_SEEING] = {
		[SIGN_CLEAR]        = { BLIND_SEEING, BLIND_TELL_NOBODY },
		[SIGN_CUT_OFF]      = { BLIND_CUT_OFF, BLIND_TELL_NOBODY },
		[SIGN_CUT_OFF_LONG] = { BLIND_TOLD, BLIND_TELL_BLIND },
	},
	[BLIND_CUT_OFF] = {
		[SIGN_CLEAR]        = { BLIND_SEEING, BLIND_TELL_NOBODY },
		[SIGN_CUT_OFF]      = { BLIND_CUT_OFF, BLIND_TELL_NOBODY },
		[SIGN_CUT_OFF_LONG] = { BLIND_TOLD, BLIND_TELL_BLIND },
	},
	[BLIND_TOLD] = {
		[SIGN_CLEAR]        = { BLIND_SEEING, BLIND_TELL_OVER },
		[SIGN_CUT_OFF]      = { BLIND_TOLD, BLIND_TELL_NOBODY },
		[SIGN_CUT_OFF_LONG] = { BLIND_TOLD, BLIND_TELL_NOBODY },
	},
};

static const struct hold_move hold_moves[HOLD_STAGES][HOLD_EVENTS] = {
	[HOLD_FREE] = {
		[HOLD_PASSED]  = { HOLD_FREE, HOLD_NOTHING },
		[HOLD_MANY]    = { HOLD_HOLDING, HOLD_BEGIN },
		[HOLD_TIME_UP] = { HOLD_FREE, HOLD_NOTHING },
	},
	[HOLD_HOLDING] = {
		[HOLD_PASSED]  = { HOLD_FREE, HOLD_END },
		[HOLD_MANY]    = { HOLD_HOLDING, HOLD_NOTHING },
		[HOLD_TIME_UP] = { HOLD_RUN_OUT, HOLD_DIGEST },
	},
	[HOLD_RUN_OUT] = {
		[HOLD_PASSED]  = { HOLD_FREE, HOLD_NOTHING },
		[HOLD_MANY]    = { HOLD_RUN_OUT, HOLD_NOTHING },
		[HOLD_TIME_UP] = { HOLD_RUN_OUT, HOLD_NOTHING },
	},
};

struct blind_move
blind_move(enum blind_stage from, enum blind_sign sign)
{
	assert((size_t)from < BLIND_STAGES && (size_t)sign < BLIND_SIGNS);
	struct blind_move move = moves[from][sign];
	assert(move.to != BLIND_NONE);
	return move;
}

struct hold_move
hold_move(enum hold_stage from, enum hold_event event)
{
	assert((size_t)from < HOLD_STAGES && (size_t)event < HOLD_EVENTS);
	struct hold_move move = hold_moves[from][event];
	assert(move.to != HOLD_NONE);
	return move;
}

void
blind_init(struct blind *blind)
{
	*blind = (struct blind){ .stage = BLIND_SEEING, .hold = HOLD_FREE };
}

static enum hold_act
happens(struct blind *blind, enum hold_event event, int64_t now)
{
	struct hold_move move = hold_move(blind->hold, event);

	if (move.act == HOLD_BEGIN)
		blind->held_since = now;
	blind->hold = move.to;
	return move.act;
}

static void
set_cause(struct blind *blind, unsigned cause, bool on, int64_t now)
{
	if (on && blind->causes == 0)
		blind->cut_since = now;
	blind->causes = on ? blind->causes | cause : blind->causes & ~cause;
}

static enum hold_act
see(struct blind *blind, int64_t now)
{
	blind->suspect_count = 0;
	return blind->hold == HOLD_FREE ? HOLD_NOTHING : happens(blind, HOLD_PASSED, now);
}

enum hold_act
blind_passed(struct blind *blind, int64_t started, int64_t now)
{
	blind->causes &= ~(unsigned)CAUSE_LOCAL;
	if (blind->references_failed != 0 && started > blind->references_failed) {
		blind->doubted = true;
		blind->causes = 0;
	}
	return see(blind, now);
}

void
blind_local(struct blind *blind, bool local, int64_t now)
{
	set_cause(blind, CAUSE_LOCAL, local, now);
}

enum hold_act
blind_references(struct blind *blind, uint32_t asked, uint32_t reached, int64_t at)
{
	if (reached > 0) {
		blind->causes = 0;
		blind->references_failed = 0;
		blind->doubted = false;
		return see(blind, at);
	}
	if (asked > 0 && !blind->doubted) {
		blind->references_failed = at;
		set_cause(blind, CAUSE_REFERENCES, true, at);
	}
	return HOLD_NOTHING;
}

static uint32_t
kept(const struct blind *blind)
{
	return blind->suspect_count < BLIND_SUSPECTS ? blind->suspect_count : BLIND_SUSPECTS;
}

/* Of those that turned suspect since anything passed: enough of them, in enough networks, close enough together? */
static bool
are_many(const struct blind *blind, int64_t now)
{
	uint64_t networks[MANY_NETWORKS];
	uint32_t network_count = 0, targets = 0;
	int64_t window = 0;

	for (uint32_t i = 0; i < kept(blind); i++)
		if (blind->suspects[i].interval > window)
			window = blind->suspects[i].interval;
	for (uint32_t i = 0; i < kept(blind); i++) {
		uint32_t known = 0;
		if (now - blind->suspects[i].at > window)
			continue;
		targets++;
		while (known < network_count && networks[known] != blind->suspects[i].network)
			known++;
		if (known == network_count && network_count < MANY_NETWORKS)
			networks[network_count++] = blind->suspects[i].network;
	}
	return targets >= MANY_TARGETS && network_count >= MANY_NETWORKS;
}

enum hold_act
blind_suspected(struct blind *blind, uint32_t target, uint64_t network, int64_t interval, int64_t now)
{
	uint32_t at = blind->suspect_count % BLIND_SUSPECTS;

	for (uint32_t i = 0; i < kept(blind); i++)
		if (blind->suspects[i].target == target) {
			blind->suspects[i].at = now;
			return HOLD_NOTHING;
		}
	blind->suspects[at].target = target;
	blind->suspects[at].network = network;
	blind->suspects[at].at = now;
	blind->suspects[at].interval = interval;
	blind->suspect_count++;
	return are_many(blind, now) ? happens(blind, HOLD_MANY, now) : HOLD_NOTHING;
}

enum blind_tell
blind_tick(struct blind *blind, int64_t now)
{
	enum blind_sign sign = blind->causes == 0 ? SIGN_CLEAR
	    : now - blind->cut_since >= told_after ? SIGN_CUT_OFF_LONG : SIGN_CUT_OFF;
	struct blind_move move = blind_move(blind->stage, sign);

	blind->stage = move.to;
	return move.tell;
}

enum hold_act
blind_tick_hold(struct blind *blind, int64_t now)
{
	if (blind->hold != HOLD_HOLDING || now - blind->held_since < held_at_most)
		return HOLD_NOTHING;
	return happens(blind, HOLD_TIME_UP, now);
}

bool
blind_is_known(const struct blind *blind)
{
	return blind->causes & CAUSE_REFERENCES;
}

bool
blind_holds(const struct blind *blind)
{
	return blind->hold == HOLD_HOLDING;
}

bool
blind_digests(const struct blind *blind)
{
	return blind->hold == HOLD_RUN_OUT;
}

static const char *const known_heads[] = { "from", "sign", "to", "tell" };

static const char *
known_cell(size_t row, size_t column)
{
	static const char *const stages[] = {
		[BLIND_SEEING] = "seeing", [BLIND_CUT_OFF] = "cut off", [BLIND_TOLD] = "blind, told",
	};
	static const char *const signs[] = {
		[SIGN_CLEAR] = "no cause", [SIGN_CUT_OFF] = "a cause", [SIGN_CUT_OFF_LONG] = "a cause for 60 s",
	};
	static const char *const tells[] = {
		[BLIND_TELL_NOBODY] = "–", [BLIND_TELL_BLIND] = "blind", [BLIND_TELL_OVER] = "that it is over",
	};
	enum blind_stage from = BLIND_SEEING + (enum blind_stage)(row / BLIND_SIGNS);
	enum blind_sign sign = (enum blind_sign)(row % BLIND_SIGNS);
	struct blind_move move = blind_move(from, sign);

	switch (column) {
	case 0: return stages[from];
	case 1: return signs[sign];
	case 2: return stages[move.to];
	case 3: return tells[move.tell];
	}
	return "";
}

const struct rule_table blind_table = {
	.name = "blind",
	.title = "Known blindness",
	.heads = known_heads,
	.columns = 4,
	.rows = (size_t)(BLIND_STAGES - BLIND_SEEING) * BLIND_SIGNS,
	.cell = known_cell,
	.note = "Causes: a local fact (no route, no descriptors …) in every run since, or all references fail: then a failed run says "
	        "nothing. A reference that is reached ends all causes. A target that passes after they failed shows that they are "
	        "dead, not we blind: they count for nothing until one is reached again.",
};

static const char *const hold_heads[] = { "from", "event", "to", "act" };

static const char *
hold_cell(size_t row, size_t column)
{
	static const char *const stages[] = {
		[HOLD_FREE] = "free", [HOLD_HOLDING] = "holding", [HOLD_RUN_OUT] = "run out",
	};
	static const char *const events[] = {
		[HOLD_PASSED] = "anything passed", [HOLD_MANY] = "many suspects", [HOLD_TIME_UP] = "held for 5 min",
	};
	static const char *const acts[] = {
		[HOLD_NOTHING] = "–", [HOLD_BEGIN] = "nothing is confirmed, attempts go on",
		[HOLD_END] = "the next failing attempt confirms", [HOLD_DIGEST] = "all that still fail are told as one digest",
	};
	enum hold_stage from = HOLD_FREE + (enum hold_stage)(row / HOLD_EVENTS);
	enum hold_event event = (enum hold_event)(row % HOLD_EVENTS);
	struct hold_move move = hold_move(from, event);

	switch (column) {
	case 0: return stages[from];
	case 1: return events[event];
	case 2: return stages[move.to];
	case 3: return acts[move.act];
	}
	return "";
}

const struct rule_table hold_table = {
	.name = "hold",
	.title = "Suspected blindness: confirmation is held",
	.heads = hold_heads,
	.columns = 4,
	.rows = (size_t)(HOLD_STAGES - HOLD_FREE) * HOLD_EVENTS,
	.cell = hold_cell,
	.note = "Many: at least 5 targets in at least 3 networks (/16, /32) turned suspect within the longest of their intervals, "
	        "and since anything last passed, a reference included.",
};
