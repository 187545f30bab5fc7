/*
 * Computes when the monitor has a target run next. Instants of a target lie on a grid of its
 * interval, shifted by a hash of its identity: they are spread evenly over all targets, do not
 * drift, and are the same after a restart.
 */
#include "monitor/pace.h"

#include <assert.h>

#include "base/clock.h"

static const int64_t doubled_max = 10 * 60 * (int64_t)SECOND, well_for = 86400 * (int64_t)SECOND;

enum { REPEAT_SHARE = 10 }; /* of retry_interval, before an attempt is repeated */
enum when { WHEN_GRID = 1, WHEN_RETRY };
enum patience { PATIENT = 1, BY_ATTEMPT };

/* Each state's pace. */
static const struct {
	enum when when;
	enum patience patience;
} paces[STATES] = {
	[STATE_PENDING]    = { WHEN_GRID, BY_ATTEMPT },
	[STATE_UP]         = { WHEN_GRID, BY_ATTEMPT },
	[STATE_SUSPECT]    = { WHEN_RETRY, BY_ATTEMPT },
	[STATE_DOWN]       = { WHEN_GRID, PATIENT },
	[STATE_RECOVERING] = { WHEN_RETRY, PATIENT },
};

uint32_t
pace_attempt(const struct target_state *target)
{
	return 1u + (target->state == STATE_SUSPECT ? target->fails
	    : target->state == STATE_RECOVERING ? target->passes : 0u);
}

bool
pace_is_patient(const struct target_state *target, const struct policy *policy)
{
	assert(paces[target->state].patience != 0);
	return target->slow || paces[target->state].patience == PATIENT
	    || pace_attempt(target) >= policy->tries;
}

bool
pace_is_retry(const struct target_state *target)
{
	assert(paces[target->state].when != 0);
	return paces[target->state].when == WHEN_RETRY
	    || (target->missing > 0 && !state_is_down((enum state)target->state));
}

static int64_t
doubled(int64_t span, unsigned times)
{
	int64_t max = span > doubled_max ? span : doubled_max;

	for (; times > 0 && span < max; times--)
		span *= 2;
	return span < max ? span : max;
}

int64_t
pace_interval(const struct target_state *target, const struct policy *policy)
{
	return doubled(policy->interval, target->doubled);
}

int64_t
pace_grid(uint32_t hash, int64_t interval, int64_t after)
{
	assert(interval > 0);
	/* Spread over the whole interval, whatever its length. */
	int64_t offset = (int64_t)((unsigned __int128)hash * (uint64_t)interval >> 32);
	int64_t instant = (after - offset) / interval * interval + offset;

	while (instant <= after)
		instant += interval;
	assert(offset < interval && instant > after);
	return instant;
}

int64_t
pace_first(uint32_t hash, int64_t spread, int64_t now)
{
	return now + (int64_t)((unsigned __int128)hash * (uint64_t)spread >> 32);
}

struct pace_next
pace_next(const struct target_state *target, const struct policy *policy, uint32_t hash,
    int64_t planned, int64_t ended, uint32_t random)
{
	int64_t interval = pace_interval(target, policy);

	if (pace_is_retry(target)) {
		int64_t retry = doubled(policy->retry_interval, target->doubled);
		if (target->trouble != NULL && target->trouble->repeating)
			retry = retry / REPEAT_SHARE;
		return (struct pace_next){ ended + retry
		    + (int64_t)(random % (uint64_t)(retry / 10 + 1)), 0 };
	}
	/* Grids of two intervals do not meet: who was told to come less often does not come sooner
	 * than before. */
	int64_t at = pace_grid(hash, interval, target->doubled > 0 ? ended + interval / 2 : ended),
	    over = (at - planned) / interval - 1;
	return (struct pace_next){ at, over > 0 ? (uint32_t)over : 0 };
}

/*
 * Slow once is slow at once, as the next run would fail by its routine limits; back only after
 * several, as one swift run may be chance. A pace that went up again as soon as it is borne would
 * be refused again, and so on.
 */
void
pace_learn(struct target_state *target, const struct policy *policy, const struct observation *run,
    bool passed, struct run_effects *effects)
{
	if (!passed || run->over_routine)
		target->swift = 0;
	if (passed && run->over_routine && run->patient && !target->slow) {
		target->slow = true;
		effects->slow = true;
	} else if (passed && !run->over_routine && target->slow
	    && ++target->swift >= policy->recover_tries) {
		target->slow = false;
		target->swift = 0;
		effects->swift = true;
	}
	if (run->too_many) {
		target->limited = observation_ended(run);
		if (pace_interval(target, policy) >= doubled_max)
			return;
		target->doubled++;
		effects->backed_off = true;
	} else if (passed && target->doubled > 0 && run->ended - target->limited.mono >= well_for) {
		target->doubled = 0;
		target->limited = (struct moment){ 0, 0 };
	}
}

static const char *const heads[] = { "state", "next run", "limits" };

static const char *
cell(size_t row, size_t column)
{
	static const char *const whens[] = {
		[WHEN_GRID] = "the next instant of its grid",
		[WHEN_RETRY] = "retry_interval + 0 to 10 % after the end of the last",
	};
	static const char *const limits[] = {
		[PATIENT] = "patient",
		[BY_ATTEMPT] = "routine; patient from attempt number tries on",
	};
	enum state state = STATE_PENDING + (enum state)row;

	assert((size_t)state < sizeof paces / sizeof *paces);
	assert(column < sizeof heads / sizeof *heads);
	return column == 0 ? state_name(state) : column == 1 ? whens[paces[state].when]
	    : limits[paces[state].patience];
}

const struct rule_table pace_table = {
	.name = "pace",
	.title = "When the next run comes, and with which limits",
	.heads = heads,
	.columns = 3,
	.rows = STATES - STATE_PENDING,
	.cell = cell,
	.note = "Every run of a target whose flag slow is set is patient: set when a patient run "
	"passes with a phase above its "
	        "routine limit, cleared after recover_tries passes in a row within all of them. A "
	            "refusal that says that "
	        "we come too often doubles the waiting, up to 10 min; it is as before when none "
	            "has come for a day. Instants of the grid "
	        "that a long run passed over are counted, never made up. A name that does not "
	            "exist any more is looked at again "
	        "after retry_interval, while one of its last known addresses answers: twice, then "
	            "that it is missing fails the run, and "
	        "those two count as failed attempts with it.",
};
