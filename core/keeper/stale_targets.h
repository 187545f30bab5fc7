/*
 * For the keeper: has people told when targets are not looked at, that is when no run of theirs
 * has ended for longer than policy_patience() (config.h) allows, whatever the reason. There is one
 * notice for all of them (`impaired`, code `not_looked_at`), and one when all are looked at again.
 * Time in which the host or the keeper stood still does not count. Where that was longer than 10
 * min, a notice of its own (`impaired`, code `standstill`) says so.
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
