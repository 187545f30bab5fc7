/* A leg whose probe has a program run in place of talking to the target. */
#pragma once

#include "prober/leg.h"

bool leg_program_is_run(const struct leg *);

/* The slots that the leg waits for: programs take none of those of connections. */
struct slots *leg_program_slots(const struct leg *);

/* Has the runner run the program; its end is the end of the leg. */
void leg_program_begin(struct leg *);

/* The deadline has come. */
void leg_program_expired(struct leg *, int64_t now, struct dialogue_step *);

/* A program that is under way is killed by its runner. Fine where there is none. */
void leg_program_end(struct leg *);
