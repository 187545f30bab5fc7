/* Deliveries in people's hands: `outbox retry` and `outbox drop`. */
#ifndef KEEPER_OUTBOX_ADMIN_H
#define KEEPER_OUTBOX_ADMIN_H

#include "keeper/ask.h"

void outbox_admin(struct keeper *, struct ask *, const struct message_ask *);

#endif
