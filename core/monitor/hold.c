/*
 * The monitor's rule for suspected blindness: whether so many targets fail at once that it is
 * probably our own network's fault, so that no outage is confirmed for a while. It counts the
 * targets that turned suspect since anything was last heard.
 */
#include "monitor/hold.h"

#include <assert.h>

#include "base/clock.h"

static const int64_t held_at_most = 300 * (int64_t)SECOND;

static const struct hold_move hold_moves[HOLD_STAGES][HOLD_EVENTS] = {
	[HOLD_FREE] = {
		[HOLD_HEARD]   = { HOLD_FREE, HOLD_NOTHING },
		[HOLD_MANY]    = { HOLD_HOLDING, HOLD_BEGIN },
		[HOLD_TIME_UP] = { HOLD_FREE, HOLD_NOTHING },
	},
	[HOLD_HOLDING] = {
		[HOLD_HEARD]   = { HOLD_FREE, HOLD_END },
		[HOLD_MANY]    = { HOLD_HOLDING, HOLD_NOTHING },
		[HOLD_TIME_UP] = { HOLD_RUN_OUT, HOLD_DIGEST },
	},
	[HOLD_RUN_OUT] = {
		[HOLD_HEARD]   = { HOLD_FREE, HOLD_NOTHING },
		[HOLD_MANY]    = { HOLD_RUN_OUT, HOLD_NOTHING },
		[HOLD_TIME_UP] = { HOLD_RUN_OUT, HOLD_NOTHING },
	},
};

struct hold_move
hold_move(enum hold_stage from, enum hold_event event)
{
	assert((size_t)from < HOLD_STAGES && (size_t)event < HOLD_EVENTS);
	struct hold_move move = hold_moves[from][event];
	assert(move.to != HOLD_NONE);
	return move;
}

void
hold_init(struct hold *hold, int64_t now)
{
	*hold = (struct hold){ .stage = HOLD_FREE, .heard = now };
}

static enum hold_act
happens(struct hold *hold, enum hold_event event, int64_t at)
{
	struct hold_move move = hold_move(hold->stage, event);

	if (move.act == HOLD_BEGIN) {
		hold->since = at;
		spells_begin(&hold->spells, hold->heard);
	} else if (event == HOLD_HEARD)
		spells_end(&hold->spells, at);
	hold->stage = move.to;
	return move.act;
}

static uint32_t
kept(const struct hold *hold)
{
	return hold->count < HOLD_SUSPECTS ? hold->count : HOLD_SUSPECTS;
}

/* Those whose run had ended by then were not silent since; but for those that are alike. */
static void
forget(struct hold *hold, int64_t at, const uint64_t *likeness)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < kept(hold); i++)
		if (hold->suspects[i].ended > at
		    || (likeness != NULL && hold->suspects[i].likeness == *likeness))
			hold->suspects[left++] = hold->suspects[i];
	assert(left <= kept(hold));
	hold->count = left;
}

/* What was heard before it began to hold, and is reported late, only takes suspects away. */
enum hold_act
hold_heard(struct hold *hold, int64_t at)
{
	if (at <= hold->heard)
		return HOLD_NOTHING;
	hold->heard = at;
	forget(hold, at, NULL);
	if (hold->stage == HOLD_FREE || (at <= hold->since && hold->count >= HOLD_MANY_TARGETS))
		return HOLD_NOTHING;
	return happens(hold, HOLD_HEARD, at);
}

enum hold_act
hold_answered(struct hold *hold, uint64_t likeness, int64_t at)
{
	forget(hold, at, &likeness);
	return hold->stage == HOLD_FREE || hold->likeness == likeness
	    || at <= hold->since ? HOLD_NOTHING
	    : happens(hold, HOLD_HEARD, at);
}

/* Failures in one network are one witness: a rack that loses its power is not our line. */
static struct hold_all
count_alike(const struct hold *hold, uint64_t likeness, int64_t now)
{
	uint64_t networks[HOLD_MANY_NETWORKS];
	struct hold_all all = { 0, 0 };
	int64_t window = 0;

	for (uint32_t i = 0; i < kept(hold); i++)
		if (hold->suspects[i].interval > window)
			window = hold->suspects[i].interval;
	for (uint32_t i = 0; i < kept(hold); i++) {
		const struct suspect *suspect = &hold->suspects[i];
		uint32_t known = 0;
		if (suspect->likeness != likeness || now - suspect->ended > window)
			continue;
		all.targets++;
		while (known < all.networks && networks[known] != suspect->network)
			known++;
		if (known == all.networks && all.networks < HOLD_MANY_NETWORKS)
			networks[all.networks++] = suspect->network;
	}
	assert(all.networks <= all.targets && all.targets <= kept(hold));
	return all;
}

static struct suspect *
place_of(struct hold *hold, uint32_t target)
{
	for (uint32_t i = 0; i < kept(hold); i++)
		if (hold->suspects[i].target == target)
			return &hold->suspects[i];
	return &hold->suspects[hold->count++ % HOLD_SUSPECTS];
}

/* A failure that ended before somebody was last heard cannot have been ours any more. */
enum hold_act
hold_suspect(struct hold *hold, const struct suspect *suspect, const struct hold_all *few,
    int64_t now)
{
	if (suspect->ended <= hold->heard)
		return HOLD_NOTHING;
	*place_of(hold, suspect->target) = *suspect;
	struct hold_all alike = count_alike(hold, suspect->likeness, now);
	bool many = alike.targets >= HOLD_MANY_TARGETS && alike.networks >= HOLD_MANY_NETWORKS;
	if (few != NULL && few->targets < HOLD_MANY_TARGETS)
		many |= alike.targets >= few->targets && few->networks >= HOLD_FEW_NETWORKS;
	if (!many)
		return HOLD_NOTHING;
	if (hold->stage == HOLD_FREE)
		hold->likeness = suspect->likeness;
	return happens(hold, HOLD_MANY, now);
}

enum hold_act
hold_begin(struct hold *hold, int64_t now)
{
	if (hold->stage == HOLD_FREE)
		hold->likeness = 0;
	return happens(hold, HOLD_MANY, now);
}

void
hold_wait(struct hold *hold, int64_t now)
{
	if (hold->stage == HOLD_HOLDING)
		hold->since = now;
}

enum hold_act
hold_tick(struct hold *hold, int64_t now)
{
	if (hold->stage != HOLD_HOLDING || now - hold->since < held_at_most)
		return HOLD_NOTHING;
	return happens(hold, HOLD_TIME_UP, now);
}

static const char *
cell(size_t row, size_t column)
{
	static const char *const stages[] = {
		[HOLD_FREE] = "free", [HOLD_HOLDING] = "holding", [HOLD_RUN_OUT] = "run out",
	};
	static const char *const events[] = {
		[HOLD_HEARD] = "anybody heard", [HOLD_MANY] = "many suspects",
		    [HOLD_TIME_UP] = "held for 5 min",
	};
	static const char *const acts[] = {
		[HOLD_NOTHING] = "–", [HOLD_BEGIN] = "nothing is confirmed, attempts go on",
		[HOLD_END] = "the next attempt that begins and fails confirms",
		[HOLD_DIGEST] = "all that still fail are told as one digest",
	};
	enum hold_stage from = HOLD_FREE + (enum hold_stage)(row / HOLD_EVENTS);
	enum hold_event event = (enum hold_event)(row % HOLD_EVENTS);
	struct hold_move move = hold_move(from, event);

	return (const char *const[]){ stages[from], events[event], stages[move.to],
	    acts[move.act] }[column];
}

const struct rule_table hold_table = {
	.name = "hold",
	.title = "Suspected blindness: confirmation is held",
	.heads = (const char *const[]){ "from", "event", "to", "act" },
	.columns = 4,
	.rows = (size_t)(HOLD_STAGES - HOLD_FREE) * HOLD_EVENTS,
	.cell = cell,
	.note = "Kept once for all targets, where a suspect is one that fails in silence and "
	"anybody beyond this host who is heard "
	        "ends it, a reference included; and once for each port, where suspects fail in the "
	            "same way, by a refusal as well, "
	        "and only a target that passes on that port ends it. Many: at least 5 targets in "
	            "at least 3 networks (/16, /32) "
	        "within the longest of their intervals, since anybody was last heard. Where fewer "
	            "than 5 are watched and not down, "
	        "all of them, if what is watched lies in 2 networks or more and they fail to "
	            "connect by silence; on a port where "
	        "nothing has passed since the start, in whatever way. It also begins where nobody "
	            "gives a word who was asked for "
	        "one, 90 s after the attempt that waits for it at most. A run that began before a "
	            "hold ended confirms nothing; "
	        "while we are known to be blind its time begins anew. Targets at private addresses "
	        "alone, where others are watched beside them, are left out, with what is heard of "
	            "them: they tell nothing of the "
	        "way to others, and each other's word confirms their failures.",
};
