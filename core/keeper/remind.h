/*
 * For the keeper: notices that are sent because time passes: a target that is still down, a
 * notifier that could not deliver and has another stand in for it, the weekly test of a notifier.
 */
#pragma once

#include <stdint.h>
#include "base/reason.h"

struct keeper;

/* At birth, when incidents and notices are read. */
void remind_recover(struct keeper *);

/* Once a second. */
void remind_turn(struct keeper *);

/* The last time at or before `now` at which it was to be said that what stands since `since` still
 * does; 0: none yet. Waits are in microseconds, the first for the first time, the last for all that
 * follow; there is one at least. */
int64_t remind_last(const int64_t *waits, uint32_t count, int64_t since, int64_t now);
