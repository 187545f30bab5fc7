/*
 * For the keeper: the reasons for silence (nobody is told now) that it alone knows: pauses, and
 * recurring windows. What the monitor decides is judged by the time at which it was so, however
 * late it is heard: a target that went down in a window went down in it. Reasons that the monitor
 * alone knows (a parent is down, it flaps, it is told in a digest) come with the change.
 */
#pragma once

#include "keeper/keeper.h"

/* Looks until when pauses are in force: at birth, and when one was made. */
void silences_recover(struct keeper *);

/* Whether a pause, of its own or of a tag, held the target at that time (UTC). */
bool silences_paused(const struct keeper *, uint32_t target, int64_t at);
/* The monitor has said whether we are cut off, which holds for 30 s. */
void silences_hear(struct keeper *, bool blind);
bool silences_blind(const struct keeper *);

/* Why a target was silent at that time (UTC), a word of monitor/silences.def; NULL: it was not. */
const char *silences_at(struct keeper *, uint32_t target, int64_t at);

/* Adds these reasons to a change of a target by the time at which it was confirmed. `impaired` is
 * about ourselves, and not silenced. */
void silences_stamp(struct keeper *, struct message_change *);
