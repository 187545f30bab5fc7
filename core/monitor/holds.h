/* Suspected blindness, kept for all that is watched and for each port (hold.h), and what is done
 * when it begins and ends. */
#ifndef MONITOR_HOLDS_H
#define MONITOR_HOLDS_H

#include <stdint.h>
#include "monitor/hold.h"

struct monitor;

/* The instants at which anybody beyond this host was heard, and a target passed on that port, end
 * holds. */
void holds_heard(struct monitor *, int64_t at);
void holds_passed(struct monitor *, uint16_t port, int64_t at);
/* A target turned us away there, in words of that likeness. */
void holds_answered(struct monitor *, uint16_t port, uint64_t likeness, int64_t at);

/* A target failed in a way that may be ours: for the hold of that port, 0: of all. `few`: as
 * hold_suspect() has it. */
void holds_suspect(struct monitor *, uint16_t port, const struct suspect *,
    const struct hold_all *few);

/* Nobody who was asked since then has given a word: nothing is confirmed for a while. */
void holds_begin(struct monitor *, int64_t since);

/* Every tick: ends what has lasted long enough. */
void holds_tick(struct monitor *);

#endif
