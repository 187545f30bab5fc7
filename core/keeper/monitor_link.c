/*
 * For the keeper: reads the messages of the monitor, which decides on the state of targets: runs,
 * results and evidence, to be stored and told to people. Tells the monitor what is committed.
 *
 * A run is taken whole: its changes and the state after it go into one batch with its place in the
 * sequence, so that a store which knows of a `down` has the state in which it is told. A run that
 * was taken before, by this keeper or one before it, is left aside; and where runs are missing in
 * the sequence the monitor is replaced, since what it says then is not what happened.
 */
#include "keeper/monitor_link.h"

#include <syslog.h>
#include <unistd.h>

#include "keeper/asks.h"
#include "keeper/heartbeat.h"
#include "keeper/evidence.h"
#include "keeper/record.h"
#include "keeper/service_private.h"
#include "keeper/store_repair.h"
#include "keeper/silences.h"
#include "keeper/stale_targets.h"
#include "keeper/watch_time.h"
#include "store/list.h"

enum { PACKETS_A_TURN = 256, BROKEN = 70 };

static void
note_run(struct keeper *keeper, uint64_t run)
{
	if (run > keeper->service->link.run)
		keeper->service->link.run = run;
}

static bool
take_evidence(struct keeper *keeper, struct wire_in *in)
{
	struct message_evidence evidence;

	if (!message_get_evidence(in, &evidence, keeper->config->target_count))
		return false;
	note_run(keeper, evidence.run);
	evidence_take(keeper, &evidence,
	    (struct pw_bytes){ (const char *)in->bytes, in->size });
	return true;
}

static bool
take_run(struct keeper *keeper, struct wire_in *in)
{
	struct message_run run;

	if (!message_get_run(in, &run, keeper->config->target_count) || run.sequence.birth == 0)
		return false;
	switch (sequence_place(commit_queue_taken(keeper->commits, STORE_MAIN), run.sequence)) {
	case SEQUENCE_TAKEN:
		return true;
	case SEQUENCE_GAP:
		return false;
	case SEQUENCE_NEXT:
		break;
	}
	record_run(keeper, &run, (struct pw_bytes){ (const char *)in->bytes, in->size });
	if (run.target != CONFIG_NONE)
		stale_interval(keeper, run.target, run.interval);
	return true;
}

static void
take_result(struct keeper *keeper, const struct report *result)
{
	note_run(keeper, result->run);
	evidence_of_result(keeper, result);
	stale_run_ended(keeper, result->target, result->started + result->micros);
	if (result->verdict != PW_UNKNOWN)
		record_seen(keeper, result->target, result->run);
	/* A result comes behind the changes of its run. */
	if (result->verdict == PW_OK) {
		evidence_of_pass(keeper, result->target, result->run);
		record_settle(keeper, result->target, result->run);
	}
}

/* Of results the monitor holds only so many: where it had to let some go, those behind them are
 * taken all the same. */
static bool
take_results(struct keeper *keeper, struct wire_in *in)
{
	struct sequence sequence;
	struct report result;

	if (!message_get_results(in, &sequence) || sequence.birth == 0)
		return false;
	if (sequence_place(commit_queue_taken(keeper->commits, STORE_HISTORY), sequence)
	    == SEQUENCE_TAKEN)
		return true;
	commit_queue_take(keeper, STORE_HISTORY, sequence);
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
		return heartbeat_hear(keeper, &in);
	default:
		return false;
	}
}

void
monitor_hang_up(struct keeper *keeper)
{
	struct monitor_link *link = &keeper->service->link;

	if (link->socket >= 0)
		close(link->socket);
	link->socket = -1;
	link->recovering = false;
	asks_forget(keeper);
}

bool
monitor_hear(struct keeper *keeper)
{
	struct monitor_link *link = &keeper->service->link;
	static unsigned char packet[WIRE_MAX];

	for (int count = PACKETS_A_TURN; count > 0 && link->socket >= 0; count--) {
		ssize_t size = packet_read(link->socket, packet, sizeof packet, NULL);

		if (size < 0)
			return false;
		if (size > 0 && keeper_hear(keeper, packet, (size_t)size))
			continue;
		if (size > 0)
			keeper_blame(keeper, DUTY_MONITOR, 0);
		monitor_hang_up(keeper);
	}
	return link->socket >= 0;
}

static struct message_committed
committed_so_far(const struct keeper *keeper)
{
	return (struct message_committed){ commit_queue_committed(keeper->commits, STORE_MAIN),
		commit_queue_committed(keeper->commits, STORE_HISTORY) };
}

/* Puts the next state that is kept behind the cursor, which is moved; at the end it is UINT64_MAX.
 * Returns false where it cannot be read. */
static bool
put_kept(struct keeper *keeper, uint64_t *cursor, struct wire_out *out)
{
	struct store_state row;
	struct store_list list;

	store_list_open(&list, store_inside(keeper->store), STORE_LIST_STATES, 0);
	store_list_behind(&list, *cursor);
	store_list_limit(&list, 1);
	if (store_list_next(&list, &row)) {
		uint32_t target = registry_target(keeper->registry, row.target);

		*cursor = row.target;
		if (target != CONFIG_NONE && row.record.size > 0)
			message_put_state(out, &(struct message_state){ target,
			    row.state[0] == '\0', row.record });
	} else
		*cursor = UINT64_MAX;
	return store_list_close(&list) != STORE_READ_BROKEN;
}

bool
keeper_put_state(struct keeper *keeper, uint64_t *cursor, struct wire_out *out)
{
	static char own[WIRE_MAX];
	uint64_t next = *cursor;
	bool good = true;
	int64_t size;

	while (good && next != UINT64_MAX && out->size == 0)
		good = put_kept(keeper, &next, out);
	if (!good) {
		keeper_log(keeper, LOG_ERR, "keeper: what was kept cannot be read: %s",
		    store_reader_why(store_inside(keeper->store)));
		if (!store_repair_distrust(keeper))
			keeper->end.status = BROKEN;
		return false;
	}
	if (*cursor == UINT64_MAX)
		return false;
	*cursor = next;
	if (out->size > 0)
		return true;
	size = store_read_meta(store_inside(keeper->store), OWN_META, own, sizeof own);
	if (size > 0 && size <= (int64_t)sizeof own)
		message_put_state(out, &(struct message_state){ CONFIG_NONE, false,
		    { own, (size_t)size } });
	return out->size > 0;
}

/* Everything that is known, as fast as the monitor takes it; what of it is not committed; then that
 * it was everything. */
void
monitor_recover(struct keeper *keeper)
{
	static unsigned char packet[WIRE_MAX];
	struct monitor_link *link = &keeper->service->link;

	while (link->recovering) {
		struct wire_out out = wire_over(packet, sizeof packet);
		uint64_t cursor = link->cursor;
		const struct pending_run *run = NULL;
		bool more = keeper_put_state(keeper, &cursor, &out);

		if (keeper->end.status >= 0 || keeper->end.begin_anew)
			return;
		if (!more)
			run = commit_queue_uncommitted(keeper->commits, link->run_sent);
		if (!more && run == NULL)
			message_put_recovered(&out,
			    &(struct message_recovered){ .runs = committed_so_far(keeper).runs,
			    .runs_taken = commit_queue_taken(keeper->commits, STORE_MAIN).number,
			    .results = committed_so_far(keeper).results,
			    .results_taken = commit_queue_taken(keeper->commits,
			    STORE_HISTORY).number,
			    .run = link->run, .newest = watch_newest(keeper) });
		if (!packet_send(link->socket, run != NULL ? run->packet : packet, run != NULL
		    ? run->size : out.size, -1))
			return;
		link->cursor = cursor;
		link->recovering = more || run != NULL;
		if (run != NULL)
			link->run_sent = run->number;
		if (!link->recovering)
			link->answered = committed_so_far(keeper);
	}
}

bool
monitor_waits(const struct keeper *keeper)
{
	const struct monitor_link *link = &keeper->service->link;
	const struct message_committed now = committed_so_far(keeper);

	return link->recovering || asks_wait(keeper) || (link->socket >= 0
	    && !(sequence_is_same(now.runs, link->answered.runs)
	    && sequence_is_same(now.results, link->answered.results)));
}

void
monitor_answer(struct keeper *keeper)
{
	struct monitor_link *link = &keeper->service->link;
	unsigned char packet[64];
	struct wire_out out = wire_over(packet, sizeof packet);
	const struct message_committed now = committed_so_far(keeper);

	if (link->socket < 0 || link->recovering)
		return;
	if (!(sequence_is_same(now.runs, link->answered.runs)
	    && sequence_is_same(now.results, link->answered.results))) {
		message_put_committed(&out, &now);
		if (packet_send(link->socket, packet, out.size, -1))
			link->answered = now;
	}
	asks_turn(keeper);
}

void
monitor_take_link(struct keeper *keeper, int socket)
{
	while (monitor_hear(keeper)) /* the last words of the one before are taken first */
		continue;
	monitor_hang_up(keeper);
	keeper->service->link = (struct monitor_link){ .socket = socket, .recovering = true,
		.run = keeper->service->link.run, .answered = keeper->service->link.answered };
	silences_hear(keeper, false);
}
