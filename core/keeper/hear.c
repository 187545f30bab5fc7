/*
 * What the monitor says. Changes of a target wait for the state that follows them, so that both become durable together:
 * a store that knew of a `down` beside a state in which it is not would later know of no `up`.
 */
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "keeper/asks.h"
#include "keeper/beat.h"
#include "keeper/keeper.h"

static const int64_t pending_max = 5 * (int64_t)SECOND;

static void
note_run(struct keeper *keeper, uint64_t run)
{
	if (run > keeper->run)
		keeper->run = run;
}

static bool
take_evidence(struct keeper *keeper, struct wire_in *in)
{
	struct message_evidence evidence;
	struct cabinet_run run;

	if (!message_get_evidence(in, &evidence, keeper->config->target_count))
		return false;
	note_run(keeper, evidence.run);
	for (uint32_t i = 0; cabinet_run(keeper->cabinet, evidence.target, i, &run); i++)
		if (run.run == evidence.run && run.kept)
			return true; /* said again, and known */
	cabinet_put(keeper->cabinet, &evidence, in->bytes, in->size, keeper_runs_wanted(keeper, evidence.target));
	return true;
}

static void
record_pending(struct keeper *keeper, struct pending **link)
{
	struct pending *pending = *link;
	struct wire_in in = wire_from(pending->packet, pending->size);
	struct message_change change;

	if (message_get_change(&in, &change, keeper->config->target_count))
		record_change(keeper, &change, (struct pw_bytes){ (const char *)pending->packet, pending->size });
	*link = pending->next;
	if (*link == NULL)
		keeper->pending_last = link;
	free(pending);
}

static bool
take_change(struct keeper *keeper, struct wire_in *in)
{
	struct message_change change;
	struct pending *pending;

	if (!message_get_change(in, &change, keeper->config->target_count))
		return false;
#ifdef KEEPER_ANSWERS_EARLY /* a build of the tests, to show that they see it */
	keeper_committed(keeper, keeper->generation, change.number);
#endif
	pending = malloc(sizeof *pending + in->size);
	if (pending == NULL) {
		record_change(keeper, &change, (struct pw_bytes){ (const char *)in->bytes, in->size });
		return true;
	}
	*pending = (struct pending){ .target = change.target, .number = change.number, .came = clock_mono(),
		.size = (uint32_t)in->size };
	memcpy(pending->packet, in->bytes, in->size);
	*keeper->pending_last = pending;
	keeper->pending_last = &pending->next;
	return true;
}

static bool
take_results(struct keeper *keeper, struct wire_in *in)
{
	struct report result;

	while (message_next_result(in, &result, keeper->config->target_count)) {
		note_run(keeper, result.run);
		history_put(keeper, &result);
		unseen_run_ended(keeper, result.target, result.started + result.micros);
		keeper->done++;
		if (result.verdict != PW_UNKNOWN)
			record_seen(keeper, result.target, result.run);
		/* A result comes behind the changes of its run. */
		if (result.verdict == PW_OK) {
			record_passed(keeper, result.target, result.run);
			journal_settle(keeper, result.target, result.run);
		}
	}
	return wire_is_whole(in);
}

static bool
take_state(struct keeper *keeper, struct wire_in *in)
{
	struct message_state state;

	if (!message_get_state(in, &state, keeper->config->target_count))
		return false;
	for (struct pending **link = &keeper->pending; *link != NULL;)
		if ((*link)->target == state.target)
			record_pending(keeper, link);
		else
			link = &(*link)->next;
	record_state(keeper, &state);
	if (state.target != CONFIG_NONE)
		unseen_interval(keeper, state.target, state.interval);
	return true;
}

void
keeper_age_pending(struct keeper *keeper)
{
	while (keeper->pending != NULL && clock_mono() - keeper->pending->came > pending_max)
		record_pending(keeper, &keeper->pending);
}

void
keeper_forget_pending(struct keeper *keeper)
{
	while (keeper->pending != NULL) {
		struct pending *next = keeper->pending->next;
		free(keeper->pending);
		keeper->pending = next;
	}
	keeper->pending_last = &keeper->pending;
}

bool
keeper_hear(struct keeper *keeper, const void *packet, size_t size)
{
	struct wire_in in = wire_from(packet, size);

	switch (message_kind(packet, size)) {
	case MESSAGE_EVIDENCE:
		return take_evidence(keeper, &in);
	case MESSAGE_CHANGE:
		return take_change(keeper, &in);
	case MESSAGE_RESULTS:
		return take_results(keeper, &in);
	case MESSAGE_STATE:
		return take_state(keeper, &in);
	case MESSAGE_ASK:
		return asks_hear(keeper, &in);
	case MESSAGE_HEALTH:
		return beat_hear(keeper, &in);
	default:
		return false;
	}
}
