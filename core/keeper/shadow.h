/*
 * For the keeper: with `shadow = true` nobody is told, so that Postwatch can run beside another
 * monitor for a while. A delivery whose turn has come is dropped, with SHADOW_RECEIPT as its
 * receipt, and counts as sent in its ledger (what the notifier was told) and in the limit of
 * notices a minute. So what is recorded is what would have been told.
 *
 * When shadow ends the notifiers are taken to have been told nothing: what was recorded is not
 * sent, and what is true then is told once.
 */
#pragma once

#include "keeper/outbox.h"

#define SHADOW_RECEIPT "shadow: nobody is told"
/* Of the store: since when nobody is told, int64_t, microseconds UTC; empty: that is not so. */
#define SHADOW_META "shadow"

/* Whether the notice of a claimed delivery is told to nobody: then it has ended. What somebody
 * waits for (`postwatch test`) goes out. */
bool shadow_takes(struct keeper *, struct notifier *, const struct delivery *);

/* At birth, before what is true is compared with what was told. */
void shadow_recover(struct keeper *);
