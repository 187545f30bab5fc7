/*
 * For the monitor: one reported run, with what the rules make of it, and all that follows for the
 * log, the keeper, the schedule and the targets that have this one as their parent.
 */
#pragma once

#include "monitor/observation.h"

struct monitor;

/*
 * Judges a run that was asked for, with its times on our clock, and what its report says of it;
 * both are changed where what they say is not the target's. `facts`: which steady facts are others
 * than before, NULL: none.
 */
void process_run(struct monitor *, struct observation *, struct report *, const char *facts);
