/* What a monitor says to a keeper under test, each message the next of its sequence. */
#ifndef UNIT_MONITOR_SAYS_H
#define UNIT_MONITOR_SAYS_H

#include "keeper/dispatch.h"
#include "keeper/keeper.h"
#include "keeper/monitor_link.h"
#include "keeper/record.h"

#define UNUSED_HERE __attribute__((unused))

UNUSED_HERE static struct sequence
next_of(const struct keeper *keeper, enum store_file file)
{
	struct sequence taken = commit_queue_taken(keeper->commits, file);

	return (struct sequence){ taken.birth == 0 ? 1 : taken.birth, taken.number + 1 };
}

/* Commits all that there is, with what may be handed out next. */
UNUSED_HERE static void
commit_all(struct keeper *keeper)
{
	dispatch_commit(keeper);
	commit_queue_commit(keeper, STORE_HISTORY);
}

/* A whole run; false where the keeper does not take it. */
UNUSED_HERE static bool
say_whole_run(struct keeper *keeper, const struct message_run *run)
{
	static unsigned char packet[WIRE_MAX];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_run(&out, run);
	return !out.bad && keeper_hear(keeper, packet, out.size);
}

/* A run with one change, or none (NULL), and the state after it. */
UNUSED_HERE static bool
say_run_as(struct keeper *keeper, struct sequence sequence, const struct message_change *change, const struct message_state *state)
{
	static unsigned char changes[16 * 1024];
	struct wire_out one = wire_over(changes, sizeof changes);

	if (change != NULL)
		message_add_change(&one, change);
	return !one.bad && say_whole_run(keeper, &(struct message_run){ .sequence = sequence, .target = state->target,
	    .state = state->state, .change_count = change != NULL, .changes = { (const char *)changes, one.size } });
}

UNUSED_HERE static bool
say_run(struct keeper *keeper, const struct message_change *change, const struct message_state *state)
{
	return say_run_as(keeper, next_of(keeper, STORE_MAIN), change, state);
}

/* Results that message_begin_results() began. */
UNUSED_HERE static bool
say_results(struct keeper *keeper, unsigned char *packet, size_t size)
{
	message_set_sequence(packet, next_of(keeper, STORE_HISTORY));
	return keeper_hear(keeper, packet, size);
}

#endif
