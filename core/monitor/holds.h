/* Suspected blindness, kept for all that is watched and for each port (hold.h), and what is done
 * when it begins and ends. */
#pragma once

#include <stdint.h>
#include "monitor/hold.h"

struct monitor;

/* Does what a rule of the hold of that port, 0: of all, has said (hold.h). */
void holds_act(struct monitor *, uint16_t port, enum hold_act);

/* Every tick: ends what has lasted long enough. */
void holds_tick(struct monitor *);
