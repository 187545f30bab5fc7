/*
 * The holds of the monitor, for all targets and for each port: while one lasts no outage is
 * confirmed, since our own network may be at fault (the rule is hold.h). Here is what is done when
 * one begins and ends.
 */
#pragma once

#include <stdint.h>
#include "monitor/hold.h"

struct monitor;

/* Does what a rule of the hold of that port, 0: of all, has said (hold.h). */
void holds_act(struct monitor *, uint16_t port, enum hold_act);

/* Every tick: ends what has lasted long enough. */
void holds_tick(struct monitor *);
