/*
 * The monitor's rule for flapping: by the times of a target's outages it finds that the target goes
 * down again and again, and when that is over. A table of two stages and four events.
 */
#include "monitor/flapping.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"

static const int64_t minute = 60 * (int64_t)SECOND;

static const struct flap_move moves[FLAPS][FLAP_EVENTS] = {
	[FLAP_STEADY] = {
		[FLAP_DOWN]       = { FLAP_STEADY, NOTICE_down },
		[FLAP_DOWN_OFTEN] = { FLAP_FLAPPING, NOTICE_flapping },
		[FLAP_STILL_DOWN] = { FLAP_STEADY, NOTICE_none },
		[FLAP_QUIET]      = { FLAP_STEADY, NOTICE_none },
	},
	[FLAP_FLAPPING] = {
		[FLAP_DOWN]       = { FLAP_FLAPPING, NOTICE_down },
		[FLAP_DOWN_OFTEN] = { FLAP_FLAPPING, NOTICE_down },
		[FLAP_STILL_DOWN] = { FLAP_STEADY, NOTICE_down },
		[FLAP_QUIET]      = { FLAP_STEADY, NOTICE_settled },
	},
};

struct flap_move
flap_move(enum flap from, enum flap_event event)
{
	assert((size_t)from < FLAPS && (size_t)event < FLAP_EVENTS);
	struct flap_move move = moves[from][event];
	assert(move.to != FLAP_NONE);
	return move;
}

static struct outage *
newest(struct flapping *flapping)
{
	return &flapping->outages[FLAP_DOWNS - 1];
}

/* As many outages are kept as make an episode: the oldest gives way when the next one is
 * confirmed. */
enum notice_kind
flapping_down(struct flapping *flapping, const struct policy *policy, struct moment began,
    struct moment now)
{
	struct outage *outages = flapping->outages;

	memmove(outages, outages + 1, (FLAP_DOWNS - 1) * sizeof *outages);
	*newest(flapping) = (struct outage){ .confirmed = now, .began = began };
	bool often = moment_is_set(outages[0].confirmed)
	    && now.mono - outages[0].confirmed.mono <= policy->flap_window;
	struct flap_move move = flap_move(flapping->flap, often ? FLAP_DOWN_OFTEN : FLAP_DOWN);
	if (flapping->flap == FLAP_STEADY && move.to == FLAP_FLAPPING) {
		flapping->began = outages[0].began;
		flapping->count = FLAP_DOWNS;
	} else if (flapping->flap == FLAP_FLAPPING)
		flapping->count++;
	flapping->flap = move.to;
	return move.tell;
}

static int64_t
at_least(int64_t span, int64_t least)
{
	return span > least ? span : least;
}

enum notice_kind
flapping_run(struct flapping *flapping, int64_t interval, enum state state, bool failed,
    struct moment now)
{
	struct flap_move move = { flapping->flap, NOTICE_none };

	if (failed)
		flapping->last_failed = now;
	if (state == STATE_DOWN
	    && now.mono - newest(flapping)->confirmed.mono >= at_least(2 * interval, 5 * minute))
		move = flap_move(flapping->flap, FLAP_STILL_DOWN);
	else if (state == STATE_UP && now.mono
	    - flapping->last_failed.mono >= at_least(3 * interval, 15 * minute))
		move = flap_move(flapping->flap, FLAP_QUIET);
	if (flapping->flap != FLAP_FLAPPING || move.to != FLAP_STEADY)
		return move.tell;
	/* An episode is over: what it was made of does not begin the next one; a down that goes on
	 * is the first of it. */
	flapping->flap = move.to;
	for (unsigned i = 0; i < FLAP_DOWNS; i++)
		if (i < FLAP_DOWNS - 1 || moment_is_set(flapping->outages[i].ended))
			flapping->outages[i] = (struct outage){ .confirmed = { 0, 0 } };
	return move.tell;
}

bool
flapping_is_over(const struct flapping *flapping, const struct policy *policy, int64_t now)
{
	const struct outage *last = &flapping->outages[FLAP_DOWNS - 1];

	return flapping->flap == FLAP_STEADY
	    && (!moment_is_set(last->confirmed)
	    || (moment_is_set(last->ended) && now - last->confirmed.mono > policy->flap_window));
}

static const char *
cell(size_t row, size_t column)
{
	static const char *const flaps[] = { [FLAP_STEADY] = "steady",
	    [FLAP_FLAPPING] = "flapping" };
	static const char *const events[] = {
		[FLAP_DOWN] = "a confirmed down",
		[FLAP_DOWN_OFTEN] = "the third within flap_window",
		[FLAP_STILL_DOWN] = "down for max(5 min, 2 intervals)",
		[FLAP_QUIET] = "up without a failed attempt for max(15 min, 3 intervals)",
	};
	enum flap from = FLAP_STEADY + (enum flap)(row / FLAP_EVENTS);
	enum flap_event event = (enum flap_event)(row % FLAP_EVENTS);
	struct flap_move move = flap_move(from, event);

	const char *told = move.tell == NOTICE_none ? "–"
	    : move.to == FLAP_FLAPPING && move.tell == NOTICE_down ? "down, recorded in silence"
	    : notice_name(move.tell);
	return (const char *const[]){ flaps[from], events[event], flaps[move.to], told }[column];
}

const struct rule_table flapping_table = {
	.name = "flapping",
	.title = "Flapping: episodes and how they end",
	.heads = (const char *const[]){ "target", "event", "target becomes", "told" },
	.columns = 4,
	.rows = (size_t)(FLAPS - FLAP_STEADY) * FLAP_EVENTS,
	.cell = cell,
	.note = "Within an episode incidents are recorded as ever, and what the table `silence` "
	"names is not told.",
};
