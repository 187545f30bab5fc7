/*
 * For the keeper: the time of day as far as it is believed for deleting old rows, and the mark in
 * the store until when the keeper ran, by which the next one finds the time in which nobody
 * watched.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct keeper;

/* At birth. Time in which nobody watched is unknown time: a long one is told, once. */
void watch_recover(struct keeper *);

/* In each turn of the loop: whether the clock was set. */
void watch_clock(struct keeper *);
/* Puts that we watched until here, so that a gap can be told: once a minute, or at once. */
void watch_mark(struct keeper *, bool at_once);

/* The newest time that is stored (UTC), where the clock says less and nobody has set it back since;
 * 0: it does not. */
int64_t watch_newest(const struct keeper *);
/* Whether the clock is believed, so that what is old may go. */
bool watch_may_tend(const struct keeper *);
