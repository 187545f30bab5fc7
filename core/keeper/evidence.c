/*
 * For the keeper: stores the evidence of runs (steps, facts, transcripts) in postwatch.db, and the
 * results of all runs in history.db.
 *
 * Which evidence is kept: of an open suspicion all attempts; of an incident the attempts that
 * confirmed it, each change of outcome, one an hour, the last failure and what passed behind it; of
 * a notice without an incident its attempts. The rest goes to the history, or nowhere.
 */
#include "keeper/evidence.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "keeper/record_private.h"
#include "keeper/servers.h"
#include "keeper/silences.h"
#include "store/list.h"

enum { NAMES_MAX = PHASES_MAX * 25, SILENT_AFTER = 5 };
static const int64_t hourly = 3600 * (int64_t)SECOND;

void
evidence_take(struct keeper *keeper, const struct message_evidence *evidence,
    struct pw_bytes packet)
{
	const struct policy *policy = keeper->config->targets[evidence->target].policy;
	uint32_t tries = policy->tries > CHANGE_ATTEMPTS_RAISED ? policy->tries
	    : CHANGE_ATTEMPTS_RAISED;
	uint32_t runs = tries + policy->recover_tries + 2; /* whose evidence may still be wanted */

	cache_put(keeper->cache, evidence, packet, runs < CHANGE_ATTEMPTS_MAX ? runs
	    : CHANGE_ATTEMPTS_MAX);
}

/* Puts a leg's evidence from the store into memory. */
static void
take_back(struct keeper *keeper, uint32_t target, const struct store_evidence *row)
{
	struct message_evidence evidence;

	if (!message_read_evidence(row->bytes, &evidence))
		return;
	evidence.target = target; /* and not by the number that it had then */
	evidence_take(keeper, &evidence, row->bytes);
	cache_mark(keeper->cache, target, evidence.run);
}

static void
put_run(struct keeper *keeper, uint32_t target, uint64_t run, uint64_t incident, const char *role)
{
	const struct cached_leg *leg;

	for (uint32_t i = 0; (leg = cache_leg(keeper->cache, target, run, i)) != NULL; i++) {
		if (!store_has_room(keeper->store)) {
			keeper->record->left_out++;
			return;
		}
		store_put_evidence(commit_queue_main(keeper),
		    &(struct store_evidence){ .target = registry_number(keeper->registry, target),
		    .run = run, .leg = leg->leg, .at = leg->started,
		    .incident = incident, .role = role, .bytes = leg->packet });
	}
	cache_mark(keeper->cache, target, run);
}

/* What was seen before we were born, or has given way in memory, is read from the store. */
static void
fetch(struct keeper *keeper, const struct message_change *change)
{
	uint64_t target = registry_number(keeper->registry, change->target);

	for (uint32_t i = 0; i < change->attempt_count; i++) {
		struct store_evidence row = { .target = target, .run = change->attempts[i] };
		struct cached_run found;

		if (cache_find(keeper->cache, change->target, change->attempts[i], &found))
			continue;
		for (; store_find_leg(keeper->store, &row); row.leg++)
			take_back(keeper, change->target, &row);
	}
}

static const char *
role_in(const struct message_change *change, bool passed)
{
	if (strcmp(change->kind, "changed") == 0)
		return "changed";
	if (strcmp(change->to, "down") == 0)
		return "confirmed";
	return passed ? "passed" : "failed";
}

static void
put_own(struct keeper *keeper, uint64_t notice, uint64_t run, uint32_t leg, struct pw_bytes bytes)
{
	if (store_has_room(keeper->store))
		store_put_notice_evidence(commit_queue_main(keeper),
		    &(struct store_notice_evidence){ .notice = notice, .run = run, .leg = leg,
		    .at = clock_wall(), .bytes = bytes });
	else
		keeper->record->left_out++;
}

/* Where no incident keeps it: whoever is told late, or told again, is told it with its evidence. */
static void
put_with_notice(struct keeper *keeper, const struct message_change *change, uint64_t notice)
{
	const struct cached_leg *leg;
	struct store_trace row;

	for (uint32_t i = 0; i < change->attempt_count; i++) {
		uint64_t run = change->attempts[i];
		uint32_t legs = 0;
		for (; (leg = cache_leg(keeper->cache, change->target, run, legs)) != NULL; legs++)
			put_own(keeper, notice, run, leg->leg, leg->packet);
		if (legs > 0)
			continue;
		STORE_EACH(&row, store_inside(keeper->store), STORE_LIST_RUN_TRACES, run)
			if (row.target == registry_number(keeper->registry, change->target))
				put_own(keeper, notice, run, row.leg, row.bytes);
	}
}

void
evidence_of_change(struct keeper *keeper, const struct message_change *change, uint64_t notice,
    uint64_t incident)
{
	uint64_t target = registry_number(keeper->registry, change->target);
	bool down = strcmp(change->to, "down") == 0;
	struct cached_run found;

	if (incident == 0) {
		put_with_notice(keeper, change, notice);
		return;
	}
	fetch(keeper, change);
	for (uint32_t i = 0; i < change->attempt_count; i++) {
		uint64_t run = change->attempts[i];
		bool here = cache_find(keeper->cache, change->target, run, &found);
		if (here && (!found.kept || found.over)) /* what is over has left the store */
			put_run(keeper, change->target, run, incident,
			    role_in(change, found.passed));
		else if (down)
			store_attach_evidence(commit_queue_main(keeper), target, run, incident,
			    "confirmed");
	}
	for (uint32_t i = 0; down && cache_run(keeper->cache, change->target, i, &found); i++)
		cache_mark(keeper->cache, change->target, found.run);
	if (down && change->attempt_count > 0)
		store_drop_evidence_upto(commit_queue_main(keeper), target,
		    change->attempts[0] - 1);
}

/* While a target is down: what a failing run is kept as. It gives way to newer where neither its
 * outcome nor the hour is new. */
static const char *
role_while_down(struct keeper *keeper, const struct store_incident *incident,
    const struct cached_leg *leg)
{
	struct store *store = keeper->store;
	struct message_evidence last;
	struct store_evidence row;

	if (store_find_last_failure(store, incident->number, &row)
	    && message_read_outcome(row.bytes, &last)
	    && strcmp(last.leg.outcome, leg->outcome) != 0)
		return "changed";
	if (store_find_last_kept(store, incident->number, &row)
	    && llabs(leg->started - row.at) < hourly)
		return "failed";
	return "hourly";
}

void
evidence_of_state(struct keeper *keeper, uint32_t target)
{
	struct store_incident incident;
	struct cached_run run;
	bool down;

	if (!cache_run(keeper->cache, target, 0, &run))
		return;
	down = registry_open_incident(keeper->registry, target, &incident);
	for (uint32_t i = 0; cache_run(keeper->cache, target, i, &run); i++) {
		const char *role = "passed";

		if (run.kept || (!down && run.passed))
			continue;
		if (down && !run.passed) {
			role = role_while_down(keeper, &incident,
			    cache_leg(keeper->cache, target, run.run, 0));
			store_drop_loose(commit_queue_main(keeper), incident.target,
			    incident.number);
		}
		put_run(keeper, target, run.run, down ? incident.number : 0,
		    down ? role : "attempt");
	}
	/* What has given way in memory would only have given way later. */
	(void)cache_run(keeper->cache, target, 0, &run);
	if (!down && run.kept)
		store_drop_evidence_upto(commit_queue_main(keeper),
		    registry_number(keeper->registry, target), run.run - 1);
}

/* Whether history.db still takes something, of so many halves of the room. Where postwatch.db
 * cannot be read, the number that a target has in history.db is not known. */
static bool
has_history(const struct keeper *keeper, size_t halves)
{
	return !commit_queue_is_unread(keeper->commits)
	    && commit_queue_history_bytes(keeper->commits) < halves * (COMMIT_BYTES_MAX / 2);
}

static void
put_traces(struct keeper *keeper, uint32_t target, uint64_t run)
{
	const struct cached_leg *leg;

	for (uint32_t i = 0; (leg = cache_leg(keeper->cache, target, run, i)) != NULL; i++)
		store_put_trace(commit_queue_history(keeper), &(struct store_trace){
		    .target = registry_number(keeper->registry, target), .run = run,
		    .leg = leg->leg, .at = leg->started, .bytes = leg->packet });
}

void
evidence_of_pass(struct keeper *keeper, uint32_t target, uint64_t until)
{
	struct cached_run run;
	bool any = false;

	if (registry_is_down(keeper->registry, target))
		return;
	for (uint32_t i = 0; cache_run(keeper->cache, target, i, &run) && run.run <= until; i++) {
		any |= run.kept && !run.over;
		/* What failed alone may be told later, with others of its kind. */
		if (run.kept && !run.over && !run.passed && has_history(keeper, 2))
			put_traces(keeper, target, run.run);
	}
	cache_close(keeper->cache, target, until);
	if (any)
		store_drop_evidence_upto(commit_queue_main(keeper),
		    registry_number(keeper->registry, target), until);
}

static enum store_mood
mood_of(struct keeper *keeper, const struct report *result)
{
	if (silences_at(keeper, result->target, result->started) != NULL)
		return STORE_MOOD_paused;
	const bool is_down = registry_is_down(keeper->registry, result->target);
	switch ((enum pw_verdict)result->verdict) {
	case PW_OK:
	case PW_FAILED: /* not confirmed, so it is up still */
		return is_down ? STORE_MOOD_down : STORE_MOOD_up;
	case PW_DEGRADED:
	case PW_BLOCKED:
		return is_down ? STORE_MOOD_down : STORE_MOOD_degraded;
	case PW_UNKNOWN: /* also of one that was down when it was last seen */
		break;
	}
	return STORE_MOOD_unknown;
}

void
evidence_of_result(struct keeper *keeper, const struct report *result)
{
	const struct policy *policy = keeper->config->targets[result->target].policy;
	char names[NAMES_MAX];
	struct text list = TEXT_OVER(names);
	struct cached_run run;

	assert(result->target < keeper->config->target_count);
	keeper->record->done++;
	keeper->record->watched = clock_wall();
	if (!has_history(keeper, result->verdict == PW_OK ? 1 : 2)) { /* of what was ok less */
		keeper->record->results_left_out++;
		return;
	}
	for (uint32_t i = 0; i < policy->phase_count; i++)
		text_format(&list, "%s%s", i == 0 ? "" : " ", policy->phases[i].name);
	bool fits = result->phase_count == policy->phase_count;
	store_put_result(commit_queue_history(keeper), &(struct store_result){
	    .target = registry_number(keeper->registry, result->target), .run = result->run,
	    .at = result->started, .micros = result->micros, .verdict = result->verdict,
	    .mood = (uint32_t)mood_of(keeper, result),
	    .speaks_for = (uint32_t)(SILENT_AFTER * policy->interval / SECOND),
	    .flags = result->flags, .outcome = result->outcome, .phase_names = fits ? names : "",
	    .phase_count = fits ? result->phase_count : 0, .phases = result->phases,
	    .text = result->verdict == PW_OK ? (struct pw_bytes){ "", 0 } : result->text });
	servers_learn(keeper, result->target, result->run);
	if (!cache_find(keeper->cache, result->target, result->run, &run) || !run.kept)
		put_traces(keeper, result->target, result->run);
}

void
evidence_say(struct keeper *keeper)
{
	if (keeper->record->results_left_out + keeper->record->left_out == 0
	    || clock_mono() < keeper->record->say_next)
		return;
	keeper_log(keeper, LOG_WARNING,
	    "the disk does not keep up: %" PRIu64 " results and %" PRIu64 " pieces of evidence were"
	    " left out", keeper->record->results_left_out, keeper->record->left_out);
	keeper->record->results_left_out = keeper->record->left_out = 0;
	keeper->record->say_next = clock_mono() + hourly;
}

bool
evidence_recover(struct keeper *keeper, struct reason *why)
{
	struct store_evidence row;
	struct store_list list;
	enum store_reading answer;

	store_list_open(&list, store_inside(keeper->store), STORE_LIST_EVIDENCE, 0);
	while (store_list_next(&list, &row)) {
		uint32_t target = registry_target(keeper->registry, row.target);

		if (target != CONFIG_NONE)
			take_back(keeper, target, &row);
	}
	answer = store_list_close(&list);
	if (answer == STORE_READ_BROKEN)
		reason_set(why, "what was kept cannot be read: %s",
		    store_reader_why(store_inside(keeper->store)));
	return answer != STORE_READ_BROKEN;
}
