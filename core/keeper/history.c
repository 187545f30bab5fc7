/* Results, and evidence that belongs to no incident: what may be lost, and is thinned first where the disk is slow. */
#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "keeper/keeper.h"
#include "keeper/silences.h"

enum { NAMES_MAX = PHASES_MAX * 25, SILENT_AFTER = 5 };
static const int64_t hourly = 3600 * (int64_t)SECOND;

static void
name_phases(const struct policy *policy, struct text *names)
{
	for (uint32_t i = 0; i < policy->phase_count; i++) {
		text_add(names, i == 0 ? "" : " ");
		text_add(names, policy->phases[i].name);
	}
}

static enum store_mood
mood_of(struct keeper *keeper, const struct report *result)
{
	if (silences_at(keeper, result->target, result->started) != NULL)
		return STORE_MOOD_paused;
	if (record_is_down(keeper, result->target))
		return STORE_MOOD_down;
	switch ((enum pw_verdict)result->verdict) {
	case PW_OK:
	case PW_FAILED: /* not confirmed, so it is up still */
		return STORE_MOOD_up;
	case PW_DEGRADED:
	case PW_BLOCKED:
		return STORE_MOOD_degraded;
	case PW_UNKNOWN:
		break;
	}
	return STORE_MOOD_unknown;
}

static void
put_traces(struct keeper *keeper, uint32_t target, uint64_t run)
{
	struct message_evidence evidence;

	for (uint32_t leg = 0; cabinet_leg(keeper->cabinet, target, run, leg, &evidence); leg++)
		store_put_trace(journal_history(keeper), &(struct store_trace){
		    .target = roll_number(&keeper->roll, target), .run = run, .leg = evidence.leg.leg,
		    .at = evidence.leg.started, .bytes = cabinet_packet(keeper->cabinet, target, run, leg) });
}

/* Below half of the room all; then what was not ok; then nothing. Where postwatch.db cannot be read, the number that a
 * target has in history.db is not known. */
static bool
has_room(const struct keeper *keeper, const struct report *result)
{
	if (keeper->unread)
		return false;
	size_t held = store_batch_bytes(keeper->journal.sides[STORE_HISTORY].open);
	return held < JOURNAL_BYTES_MAX / 2 || (result->verdict != PW_OK && held < JOURNAL_BYTES_MAX);
}

void
history_put(struct keeper *keeper, const struct report *result)
{
	const struct policy *policy = keeper->config->targets[result->target].policy;
	char names[NAMES_MAX];
	struct text list = TEXT_OVER(names);
	struct cabinet_run run;

	keeper->watched = clock_wall();
	if (!has_room(keeper, result)) {
		keeper->results_left_out++;
		return;
	}
	name_phases(policy, &list);
	bool fits = result->phase_count == policy->phase_count;
	store_put_result(journal_history(keeper), &(struct store_result){
	    .target = roll_number(&keeper->roll, result->target), .run = result->run, .at = result->started,
	    .micros = result->micros, .verdict = result->verdict, .mood = (uint32_t)mood_of(keeper, result),
	    .speaks_for = (uint32_t)(SILENT_AFTER * policy->interval / SECOND), .flags = result->flags,
	    .outcome = result->outcome, .phase_names = fits ? names : "", .phase_count = fits ? result->phase_count : 0,
	    .phases = result->phases, .text = result->verdict == PW_OK ? (struct pw_bytes){ "", 0 } : result->text });
	if (!cabinet_find(keeper->cabinet, result->target, result->run, &run) || !run.kept)
		put_traces(keeper, result->target, result->run);
}

void
history_put_attempt(struct keeper *keeper, uint32_t target, uint64_t run)
{
	if (!keeper->unread && store_batch_bytes(keeper->journal.sides[STORE_HISTORY].open) < JOURNAL_BYTES_MAX)
		put_traces(keeper, target, run);
}

void
history_say(struct keeper *keeper)
{
	if (keeper->results_left_out + keeper->journal.left_out == 0 || clock_mono() < keeper->say_next)
		return;
	duty_log(keeper->duty, LOG_WARNING, 0, "the disk does not keep up: %" PRIu64 " results and %" PRIu64
	    " pieces of evidence were left out", keeper->results_left_out, keeper->journal.left_out);
	keeper->results_left_out = keeper->journal.left_out = 0;
	keeper->say_next = clock_mono() + hourly;
}
