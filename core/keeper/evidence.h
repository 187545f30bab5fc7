/*
 * For the keeper: stores evidence and results of runs. Decides which evidence (steps, facts,
 * transcripts) is kept, and for how long; results are stored of all runs.
 */
#pragma once

#include "base/messages.h"
#include "base/reason.h"

struct keeper;

/* At birth: that of open suspicions. Returns false if it cannot be read. */
bool evidence_recover(struct keeper *, struct reason *why);

/* A leg of a run, in the packet that it came in. */
void evidence_take(struct keeper *, const struct message_evidence *, struct pw_bytes packet);

/* A change that became a notice, of an incident (0: of none): the evidence of its attempts is
 * kept. */
void evidence_of_change(struct keeper *, const struct message_change *, uint64_t notice,
    uint64_t incident);
/* The target's state was written: what its newest runs left is kept with it. */
void evidence_of_state(struct keeper *, uint32_t target);
/* A run passed: what was kept of a suspicion is over with it. */
void evidence_of_pass(struct keeper *, uint32_t target, uint64_t run);

/* A run has ended. */
void evidence_of_result(struct keeper *, const struct report *);

/* Says how much was left out, once an hour at most. */
void evidence_say(struct keeper *);
