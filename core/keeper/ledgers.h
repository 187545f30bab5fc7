/*
 * For the keeper: the ledgers (ledger.h), which record what each notifier was told of each target,
 * as rows of the store. A ledger has two pages: `queued`, up to the last notice that was queued,
 * which already counts as told, and `sent`, up to the last that was sent. When a delivery ends
 * unsent, `queued` is made anew: from `sent`, and from the deliveries that are still queued. What
 * is to be told next is decided in ledger.h.
 */
#pragma once

#include "keeper/outbox.h"

/* `notifier`: its index in the outbox. Of what it was never told of the ledger is empty. */
void ledgers_read(const struct keeper *, uint32_t target, uint32_t notifier, struct ledger *);
/* Whether the last that was queued says that the target is down, or flaps. */
bool ledgers_is_down(const struct keeper *, uint32_t target, uint32_t notifier);

/* A notice was queued for the notifier, which counts as told. `ledger`: as it was read before, here
 * and below. */
void ledgers_queued(struct keeper *, uint32_t target, uint32_t notifier, struct ledger *,
    const struct ledger_word *);

/* A notice need not be told to the notifier: that counts as told, too. */
void ledgers_note(struct keeper *, uint32_t target, uint32_t notifier, struct ledger *,
    const struct ledger_word *);

/* The delivery arrived, and its row says so; or it stands in a digest that has arrived. */
void ledgers_sent(struct keeper *, const struct notifier *, const struct delivery *);

/* Somebody has received a digest, and with it all that stand in it. */
void ledgers_digest_sent(struct keeper *, struct notifier *, uint64_t notice);
/* A delivery of it has ended: with the last one, so have those that stand in it. */
void ledgers_digest_end(struct keeper *, struct notifier *, uint64_t notice);

/* A delivery of the target (the store's number) ended unsent, and its row says so. */
void ledgers_go_back(struct keeper *, const struct notifier *, uint64_t target);

/* Whether the notifier has received a word of the target that says that it is down, or flaps, and
 * none that ends it. */
bool ledgers_sent_down(const struct keeper *, uint32_t target, const struct notifier *);

/* From now on the notifier is known to have been told nothing that stands. Returns false if that is
 * so already. */
bool ledgers_begin_anew(struct keeper *, uint32_t target, uint32_t notifier);

/* Its target is no longer watched: the ledger is empty from now on. */
void ledgers_forget(struct keeper *, const struct store_ledger *);
