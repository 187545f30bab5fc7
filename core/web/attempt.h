/*
 * For pages and the API of the web process: how the dialogue of a run with one address (a leg)
 * went: its steps as a waterfall against their limits, what was odd, and the transcript.
 */
#pragma once

#include <stdbool.h>

#include "base/messages.h"
#include "store/list.h"
#include "web/site.h"

/* Of evidence as the store has it; NULL: that cannot be read is told so. `open`: the transcript is not folded. */
void attempt_put(struct view *, const struct message_evidence *, bool open);

/* The legs of a run, of whichever targets: those of an incident or a suspicion, else those of the results. They are closed whether
 * there were any or not; false: they could not be read, so there may be more. */
struct attempt_legs {
	struct store_list list;
	uint64_t run;
	uint64_t target;       /* of the leg at hand */
	struct pw_bytes bytes; /* its evidence, until the next one */
};
void attempt_legs_open(struct attempt_legs *, struct store_reader *, uint64_t run);
bool attempt_legs_next(struct attempt_legs *);
bool attempt_legs_close(struct attempt_legs *);

/* A run of which the result alone is kept: how long its steps took, against the limits in force. */
void attempt_put_steps(struct view *, const struct board_row *, struct run_steps);

/* The page of one run of a target. */
void attempt_answer(struct view *, const struct board_row *, uint64_t run);
