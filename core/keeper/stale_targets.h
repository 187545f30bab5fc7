/*
 * Targets that nobody looks at, by the clock: no run of theirs has ended for longer than
 * `policy_patience` allows, whatever the reason, and whether or not anybody reports it. That is
 * told once, as `impaired` with the code `not_looked_at`, and so is its end. The clock runs only
 * while the keeper does: time in which the host or all of us stood still counts for nothing, and is
 * told by itself where it was long.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

struct keeper;

/* Reads what a keeper before us has told. */
void stale_recover(struct keeper *);

/* A run of the target has ended at that time (UTC). */
void stale_run_ended(struct keeper *, uint32_t target, int64_t ended);
/* How often it is run from now on, as in struct message_run. */
void stale_interval(struct keeper *, uint32_t target, int64_t interval);

/* In every turn of the keeper's loop: lets its clock run, looks at all targets, and tells what
 * there is to tell. */
void stale_turn(struct keeper *);

/* Appends "mx1 and 2 other targets"; nothing where all are looked at. */
void stale_add_names(struct text *, const struct keeper *);
