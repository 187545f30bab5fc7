/*
 * The rules for conditions (reasons why a target is degraded or blocked), as a table of stages:
 * when one is told, and when it is cleared. Where a certificate's end comes nearer, the nearer
 * threshold takes the place of the farther one, and it is not told that the farther one is over.
 */
#include "monitor/condition.h"

#include <assert.h>
#include <stdlib.h>

#define NOBODY  CONDITION_TELL_NOBODY
#define RAISED  CONDITION_TELL_RAISED
#define CLEARED CONDITION_TELL_CLEARED

static const struct condition_move moves[STAGES][SIGHTS] = {
	[STAGE_ABSENT] = {
		[SIGHT_SHOWN]         = { STAGE_SEEN, NOBODY },
		[SIGHT_SHOWN_ENOUGH]  = { STAGE_STANDING, RAISED },
		[SIGHT_MISSED]        = { STAGE_ABSENT, NOBODY },
		[SIGHT_MISSED_ENOUGH] = { STAGE_ABSENT, NOBODY },
		[SIGHT_NOT_REACHED]   = { STAGE_ABSENT, NOBODY },
		[SIGHT_REPLACED]      = { STAGE_ABSENT, NOBODY },
	},
	[STAGE_SEEN] = {
		[SIGHT_SHOWN]         = { STAGE_SEEN, NOBODY },
		[SIGHT_SHOWN_ENOUGH]  = { STAGE_STANDING, RAISED },
		[SIGHT_MISSED]        = { STAGE_ABSENT, NOBODY },
		[SIGHT_MISSED_ENOUGH] = { STAGE_ABSENT, NOBODY },
		[SIGHT_NOT_REACHED]   = { STAGE_SEEN, NOBODY },
		[SIGHT_REPLACED]      = { STAGE_ABSENT, NOBODY },
	},
	[STAGE_STANDING] = {
		[SIGHT_SHOWN]         = { STAGE_STANDING, NOBODY },
		[SIGHT_SHOWN_ENOUGH]  = { STAGE_STANDING, NOBODY },
		[SIGHT_MISSED]        = { STAGE_FADING, NOBODY },
		[SIGHT_MISSED_ENOUGH] = { STAGE_ABSENT, CLEARED },
		[SIGHT_NOT_REACHED]   = { STAGE_STANDING, NOBODY },
		[SIGHT_REPLACED]      = { STAGE_ABSENT, NOBODY },
	},
	[STAGE_FADING] = {
		[SIGHT_SHOWN]         = { STAGE_STANDING, NOBODY },
		[SIGHT_SHOWN_ENOUGH]  = { STAGE_STANDING, NOBODY },
		[SIGHT_MISSED]        = { STAGE_FADING, NOBODY },
		[SIGHT_MISSED_ENOUGH] = { STAGE_ABSENT, CLEARED },
		[SIGHT_NOT_REACHED]   = { STAGE_FADING, NOBODY },
		[SIGHT_REPLACED]      = { STAGE_ABSENT, NOBODY },
	},
};

static const char *const stages[STAGES] = {
	[STAGE_NONE] = "none",         [STAGE_ABSENT] = "absent", [STAGE_SEEN] = "seen",
	[STAGE_STANDING] = "standing", [STAGE_FADING] = "fading",
};

static const char *const sights[SIGHTS] = {
	[SIGHT_SHOWN] = "a run shows it",
	[SIGHT_SHOWN_ENOUGH] = "shown by tries runs, or at once",
	[SIGHT_MISSED] = "its phase reached, not shown",
	[SIGHT_MISSED_ENOUGH] = "not shown by recover_tries runs",
	[SIGHT_NOT_REACHED] = "its phase not reached",
	[SIGHT_REPLACED] = "a nearer threshold stands",
};

struct condition_move
condition_move(enum stage from, enum sight sight)
{
	assert((size_t)from < STAGES && (size_t)sight < SIGHTS);
	struct condition_move move = moves[from][sight];
	assert(move.to != STAGE_NONE);
	return move;
}

const char *
stage_name(enum stage stage)
{
	assert((size_t)stage < STAGES);
	return stages[stage];
}

/* Before the run is judged: a condition that found no memory in the midst of it would be half
 * learnt. */
bool
conditions_reserve(struct conditions **conditions, uint32_t shown_count)
{
	struct conditions *list = *conditions;
	uint32_t count = list == NULL ? 0 : list->count, wanted = count + shown_count;

	if (wanted > CONDITIONS_MAX)
		wanted = CONDITIONS_MAX;
	if (shown_count == 0 || (list != NULL && list->room >= wanted))
		return true;
	list = realloc(list, sizeof *list + wanted * sizeof *list->items);
	if (list == NULL)
		return false;
	list->count = (uint16_t)count;
	list->room = (uint16_t)wanted;
	*conditions = list;
	return true;
}

const struct condition *
conditions_find(const struct conditions *list, uint16_t code)
{
	for (uint32_t i = 0; list != NULL && i < list->count; i++)
		if (list->items[i].code == code)
			return &list->items[i];
	return NULL;
}

static const struct shown *
find_shown(const struct observation *run, uint16_t code)
{
	for (uint32_t i = 0; i < run->shown_count; i++)
		if (run->shown[i].code == code)
			return &run->shown[i];
	return NULL;
}

/* Of cert_expires_soon, cert_expires_urgent and cert_expired only the nearest to the end is told:
 * the others follow from it. */
static bool
is_nearer(const struct codes *codes, uint16_t code, uint16_t than)
{
	const struct code *a = codes_get(codes, code), *b = codes_get(codes, than);

	return b->threshold != 0 && a->threshold > b->threshold;
}

static bool
nearer_is_shown(const struct observation *run, const struct codes *codes, uint16_t than)
{
	for (uint32_t i = 0; i < run->shown_count; i++)
		if (is_nearer(codes, run->shown[i].code, than))
			return true;
	return false;
}

static bool
nearer_stands(const struct conditions *list, const struct codes *codes, uint16_t than)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (list->items[i].stage == STAGE_STANDING
		    && is_nearer(codes, list->items[i].code, than))
			return true;
	return false;
}

static void
count(struct condition *condition)
{
	if (condition->count < UINT8_MAX)
		condition->count++;
}

/* Counts the run for this condition and says what it saw of it. */
static enum sight
look(struct condition *condition, const struct observation *run, bool passed,
    const struct policy *policy, const struct codes *codes)
{
	const struct shown *shown = find_shown(run, condition->code);

	if (nearer_is_shown(run, codes, condition->code))
		return SIGHT_NOT_REACHED; /* it is on its way to be replaced */
	if (shown != NULL) {
		count(condition);
		condition->blocked = shown->blocked;
		condition->phase = shown->phase;
		return condition->count >= policy->tries
		    || codes_get(codes, condition->code)->at_once
		    ? SIGHT_SHOWN_ENOUGH : SIGHT_SHOWN;
	}
	if (run->undated && codes_get(codes, condition->code)->dated)
		return SIGHT_NOT_REACHED;
	if (condition->phase == PHASE_ANY ? !passed : !(run->reached >> condition->phase & 1))
		return SIGHT_NOT_REACHED;
	if (condition->stage == STAGE_STANDING)
		condition->count = 0;
	count(condition);
	return condition->count >= policy->recover_tries ? SIGHT_MISSED_ENOUGH : SIGHT_MISSED;
}

struct telling {
	void (*told)(void *arg, const struct condition *, enum condition_tell);
	void *arg;
	bool changed;
};

static void
move(struct condition *condition, enum sight sight, struct telling *telling)
{
	struct condition_move next = condition_move((enum stage)condition->stage, sight);

	/* While it only stands, or is only not reached, nothing has changed. */
	telling->changed |= next.to != condition->stage || next.to == STAGE_SEEN
	    || next.to == STAGE_FADING;
	condition->stage = (uint8_t)next.to;
	if (next.tell != CONDITION_TELL_NOBODY)
		telling->told(telling->arg, condition, next.tell);
}

/* Replacement comes behind all else, since a nearer condition may have begun to stand by this
 * very run. */
bool
conditions_learn(struct conditions **conditions, const struct observation *run, bool passed,
    const struct policy *policy,
    const struct codes *codes, void (*told)(void *arg, const struct condition *,
    enum condition_tell), void *arg)
{
	struct conditions *list = *conditions;
	struct telling telling = { told, arg, false };

	if (list == NULL)
		return false;
	/* A condition begins with the run that first shows it, also if it takes some more until it
	 * is told: what is told says since when it is so. */
	for (uint32_t i = 0; i < run->shown_count && list->count < list->room; i++) {
		const struct shown *shown = &run->shown[i];
		if (conditions_find(list, shown->code) == NULL
		    && !nearer_is_shown(run, codes, shown->code)
		    && !nearer_stands(list, codes, shown->code))
			list->items[list->count++] = (struct condition){ .code = shown->code,
			    .stage = STAGE_ABSENT,
				.phase = shown->phase, .blocked = shown->blocked,
				.since = observation_started(run) };
	}
	for (uint32_t i = 0; i < list->count; i++)
		move(&list->items[i], look(&list->items[i], run, passed, policy, codes), &telling);
	for (uint32_t i = 0; i < list->count; i++)
		if (list->items[i].stage != STAGE_ABSENT
		    && nearer_stands(list, codes, list->items[i].code))
			move(&list->items[i], SIGHT_REPLACED, &telling);
	assert(list->count <= list->room);
	uint16_t kept = 0;
	for (uint32_t i = 0; i < list->count; i++)
		if (list->items[i].stage != STAGE_ABSENT)
			list->items[kept++] = list->items[i];
	list->count = kept;
	if (kept == 0) {
		free(list);
		*conditions = NULL;
	}
	return telling.changed;
}

static const char *
cell(size_t row, size_t column)
{
	static const char *const tells[] = { [NOBODY] = "–", [RAISED] = "blocked or degraded",
	    [CLEARED] = "cleared" };
	enum stage from = STAGE_ABSENT + (enum stage)(row / SIGHTS);
	enum sight sight = (enum sight)(row % SIGHTS);
	struct condition_move next = condition_move(from, sight);

	return (const char *const[]){ stages[from], sights[sight], stages[next.to],
	    tells[next.tell] }[column];
}

const struct rule_table condition_table = {
	.name = "conditions",
	.title = "From what a run shows to a condition that stands",
	.heads = (const char *const[]){ "from", "sight", "to", "tell" },
	.columns = 4,
	.rows = (size_t)(STAGES - STAGE_ABSENT) * SIGHTS,
	.cell = cell,
	.note = "Thresholds of a certificate's end (cert_expires_soon, cert_expires_urgent, "
	"cert_expired): while a nearer one is "
	        "shown the farther waits, and it is dropped without a word when the nearer stands. "
	            "What fails a run is told by "
	        "`down`, not by a condition beside it, save bytes injected before TLS. `unstable` "
	            "is shown by a "
	        "failed attempt when at least 5 and more than 20 % of all of the last hour failed, "
	            "4 of them in rows that ended "
	        "by a pass, none while our own side was in the way, and stands at once; every run "
	            "shows it until fewer than 3 or no more than 10 % have failed.",
};
