/*
 * For the keeper: the next deliveries of a notifier. What is due, at most `storm` in a minute, and
 * above that one digest of many notices.
 */
#pragma once

#include "keeper/outbox.h"

/* Claims what may go out next, or nothing; it goes when that is committed. */
void next_delivery_claim(struct keeper *, struct notifier *);
/* A notice was handed out, which counts for what is told in a minute. */
void next_delivery_count(struct keeper *, struct notifier *, const struct delivery *);
