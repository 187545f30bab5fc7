/* `postwatch test NOTIFIER`: its receipts are the answer. */
#ifndef KEEPER_TRIAL_H
#define KEEPER_TRIAL_H

#include "keeper/ask.h"

void trial_begin(struct keeper *, struct ask *, const struct message_ask *);
/* Whether the receipts of that notice are waited for. */
bool trial_waits(const struct keeper *, const struct courier *, uint64_t notice);
/* A receipt came, and its delivery's row was written; or the notifier was lost with the notice in
 * hand. */
void trial_receipt(struct keeper *, struct courier *, const struct delivery *, const struct message_receipt *);
void trial_lost(struct keeper *, struct courier *, uint64_t notice);
/* What takes too long is told so. */
void trial_turn(struct keeper *);

#endif
