/*
 * For the keeper: hands deliveries to the worker processes of notifiers and takes their receipts.
 * Deliveries are claimed in the store, the claim is committed, and only then is anything handed
 * out, one notice at a time; a receipt is committed before the next. What was handed out when a
 * notifier's process died may have arrived: it goes out again, marked.
 */
#pragma once

#include "keeper/outbox.h"

/* There is a notifier at the other end of `fd`, in place of the one before. */
void dispatch_link(struct keeper *, uint32_t index, int fd);
/* Takes what the notifier says: its receipts are committed. */
void dispatch_hear(struct keeper *, struct notifier *);
/* It has gone. */
void dispatch_lost(struct keeper *, struct notifier *);

/* Commits what there is for postwatch.db, and with it claims of what may go out next. */
void dispatch_commit(struct keeper *);
/* In each turn of the loop: what is due is handed out to who is free, and once a second what is
 * done for time passes. */
void dispatch_turn(struct keeper *);
/* When it is next to be called, on the monotonic clock. */
int64_t dispatch_next(const struct keeper *);
