/*
 * Notifiers at work. Deliveries are claimed, the claim is committed, and only then is anything handed out, one notice at a time; a
 * receipt is committed before the next. What was in hand when a notifier died may have arrived: it goes out again, marked.
 */
#ifndef KEEPER_DISPATCH_H
#define KEEPER_DISPATCH_H

#include <poll.h>

#include "keeper/outbox.h"

/* There is a notifier at the other end of `fd`, in place of the one before. */
void dispatch_link(struct keeper *, uint32_t index, int fd);
/* Takes what the notifier says: its receipts are committed. */
void dispatch_hear(struct keeper *, struct courier *);
/* It has gone. */
void dispatch_lost(struct keeper *, struct courier *);

/* Commits what there is for postwatch.db, and with it claims of what may go out next. */
void dispatch_commit(struct keeper *);
/* In each turn of the loop: what is due is handed out to who is free, and once a second what is done for time passes. */
void dispatch_turn(struct keeper *);
/* When it is next to be called, on the monotonic clock. */
int64_t dispatch_next(const struct keeper *);
/* The links into `polled`, which has room for all notifiers; returns how many. */
uint32_t dispatch_poll(const struct keeper *, struct pollfd *polled);

/* Waits, microseconds: of a notifier whose way has failed so often in a row (5 s to 15 min, anywhere below), and of a
 * delivery that was refused for now. `random`: any number. */
int64_t patience_channel(uint32_t failures, uint32_t random);
int64_t patience_delivery(uint32_t attempts, uint32_t random);

#endif
