/* Deliveries in people's hands: `outbox retry` and `outbox drop`. */
#ifndef KEEPER_HANDS_H
#define KEEPER_HANDS_H

#include "keeper/ask.h"

void hands_outbox(struct keeper *, struct ask *, const struct message_ask *);

#endif
