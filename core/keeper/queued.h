/*
 * What is queued for a notifier, by target: deliveries that are not at their end, and those that stand in a digest that is not,
 * in the order of their notices.
 */
#ifndef KEEPER_QUEUED_H
#define KEEPER_QUEUED_H

#include "keeper/outbox.h"

/* At birth, when the targets are known. Returns false if there is no memory; the courier's `lines` are freed by the caller. */
bool queued_open(const struct keeper *, struct courier *);

/* A delivery that was made or read takes its place in its line; one that has ended, or is to be freed, leaves it. */
void queued_add(const struct keeper *, struct courier *, struct delivery *);
void queued_remove(const struct keeper *, struct courier *, const struct delivery *);

/* The first of a target (the store's number; 0: of ourselves), or the next behind one of its line; NULL: there is none. It stays the outbox's. */
struct delivery *queued_next(const struct keeper *, const struct courier *, uint64_t target, const struct delivery *behind);

/* Whether it ends something at a receiver that keeps what it is told. */
bool queued_is_end(const struct delivery *);

/* Whether an older one of its target is queued for the same recipient, but for those in the digest of that notice (0: none). What
 * is of ourselves is behind nothing. */
bool queued_is_behind(const struct keeper *, const struct courier *, const struct delivery *, uint64_t digest);

#endif
