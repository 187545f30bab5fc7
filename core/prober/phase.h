/*
 * The phases of a dialogue of the prober (connect, banner, ehlo, ...) and their time limits, and
 * the lines that say in its transcript what happened in them.
 */
#pragma once

#include "prober/dialogue_private.h"

/* The index of a phase of the policy, NO_PHASE where it has none of that name. */
uint8_t phase_find(const struct dialogue *, const char *name);
int64_t phase_limit(const struct dialogue *, uint8_t phase);
int64_t leg_limit(const struct dialogue *);
int64_t leg_deadline(const struct dialogue *);
/* Leaves the phase before and begins this one; going on in the same phase renews no limit. */
void phase_enter(struct dialogue *, uint8_t phase, int64_t now);
void phase_leave(struct dialogue *, int64_t now);
/* Microseconds that our own loop lost since the phase, or the leg, began. */
int64_t phase_lost(const struct dialogue *);
int64_t leg_lost(const struct dialogue *);

/* A line of the transcript, and a line of our own words that is said once in a dialogue: `bit` is
 * that of `noted`. */
void dialogue_line(struct dialogue *, int64_t now, enum evidence_dir, const char *bytes,
    size_t size);
void dialogue_note_once(struct dialogue *, int64_t now, uint8_t bit, const char *words);
