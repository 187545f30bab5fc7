/*
 * For the keeper: what may not be told now. Each queued delivery is checked before it is claimed,
 * and once more when it is handed out; for what is told of a target may be held back after it was
 * queued: by a pause, a window, a parent that went down, our own blindness, an acknowledgement, its
 * end.
 *
 * What may not be told ends dropped, with the reason, and the ledger (what the notifier was told)
 * goes back to what was sent. When the reason has ended, what is true is compared with what was
 * told. But what has arrived at some of its recipients, or may have, stays and waits for that end:
 * it cannot be taken back.
 *
 * Our own notices, tests, and what a person retries by hand are not checked. But what is retried
 * goes with what was before it of the same target, where that is taken back.
 */
#pragma once

#include "keeper/outbox.h"

/* Why nothing of a target may be told now: a word; NULL: it may. */
const char *withhold_target(const struct keeper *, uint32_t target);

/* The same, or the monitor keeps it silent because it flaps, which does not hold back what is
 * queued. */
bool withhold_is_silent(const struct keeper *, uint32_t target);

/* Why one delivery may not be told now. */
const char *withhold_delivery(const struct keeper *, const struct notifier *,
    const struct delivery *);

/* What may not be told for that reason, and all of its target that may not either, ends where it
 * can be taken back. Returns false if nothing can: it waits. */
bool withhold_take_back(struct keeper *, struct notifier *, const struct delivery *,
    const char *why);

/* The notice of a delivery is about to be handed out, to all recipients for whom it is claimed.
 * Returns whether some of it still is. */
bool withhold_claimed(struct keeper *, struct notifier *, const struct delivery *);

/* The incident of a target was acknowledged. */
void withhold_acknowledged(struct keeper *, uint32_t target);

/* What is true of the target is to be compared when it may be told of; `quiet`: that has been done,
 * but for notifiers in their quiet hours, at the end of which it is done for them. */
void withhold_later(struct keeper *, uint32_t target, bool quiet);

/* Whether something was withheld of a target since what is true was compared with what was told. */
void withhold_mark(struct keeper *, uint32_t target, bool withheld);
/* The reason of the monitor's for which the last word on a target was kept silent (NULL: none), and
 * that it flaps. `why` lasts. */
void withhold_note(struct keeper *, uint32_t target, const char *why, bool flapping);

/* Puts of which targets something was withheld into the batch that fills, where that has changed:
 * it is kept with what was. */
void withhold_keep(struct keeper *);

/* At birth, when all is read: of which targets something was withheld. */
void withhold_recover(struct keeper *);
