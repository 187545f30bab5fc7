/*
 * What the monitor says. A run is taken whole: its changes and the state after it go into one batch with its place in the
 * sequence, so that a store which knows of a `down` has the state in which it is told. What was taken before, by us or by a
 * keeper before us, is left aside; and where something is missing the monitor is replaced, since what it says then is not
 * what happened.
 */
#include "base/clock.h"
#include "keeper/asks.h"
#include "keeper/beat.h"
#include "keeper/evidence.h"
#include "keeper/keeper.h"
#include "keeper/record.h"

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

	if (!message_get_evidence(in, &evidence, keeper->config->target_count))
		return false;
	note_run(keeper, evidence.run);
	evidence_take(keeper, &evidence, in->bytes, in->size);
	return true;
}

static bool
take_run(struct keeper *keeper, struct wire_in *in)
{
	struct message_run run;

	if (!message_get_run(in, &run, keeper->config->target_count) || run.sequence.birth == 0)
		return false;
	switch (sequence_place(keeper->journal.sides[STORE_MAIN].taken, run.sequence)) {
	case SEQUENCE_TAKEN:
		return true;
	case SEQUENCE_GAP:
		return false;
	case SEQUENCE_NEXT:
		break;
	}
	record_run(keeper, &run, (struct pw_bytes){ (const char *)in->bytes, in->size });
	if (run.target != CONFIG_NONE)
		unseen_interval(keeper, run.target, run.interval);
	return true;
}

static void
take_result(struct keeper *keeper, const struct report *result)
{
	note_run(keeper, result->run);
	evidence_of_result(keeper, result);
	unseen_run_ended(keeper, result->target, result->started + result->micros);
	keeper->done++;
	if (result->verdict != PW_UNKNOWN)
		record_seen(keeper, result->target, result->run);
	/* A result comes behind the changes of its run. */
	if (result->verdict == PW_OK) {
		evidence_of_pass(keeper, result->target, result->run);
		record_settle(keeper, result->target, result->run);
	}
}

/* Of results the monitor holds only so many: where it had to let some go, those behind them are taken all the same. */
static bool
take_results(struct keeper *keeper, struct wire_in *in)
{
	struct sequence sequence;
	struct report result;

	if (!message_get_results(in, &sequence) || sequence.birth == 0)
		return false;
	if (sequence_place(keeper->journal.sides[STORE_HISTORY].taken, sequence) == SEQUENCE_TAKEN)
		return true;
	journal_take(keeper, STORE_HISTORY, sequence);
	while (message_next_result(in, &result, keeper->config->target_count))
		take_result(keeper, &result);
	return wire_is_whole(in);
}

bool
keeper_hear(struct keeper *keeper, const void *packet, size_t size)
{
	struct wire_in in = wire_from(packet, size);

	switch (message_kind(packet, size)) {
	case MESSAGE_EVIDENCE:
		return take_evidence(keeper, &in);
	case MESSAGE_RUN:
		return take_run(keeper, &in);
	case MESSAGE_RESULTS:
		return take_results(keeper, &in);
	case MESSAGE_ASK:
		return asks_hear(keeper, &in);
	case MESSAGE_HEALTH:
		return beat_hear(keeper, &in);
	default:
		return false;
	}
}
