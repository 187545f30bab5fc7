/* Deliveries in people's hands: `outbox retry` and `outbox drop`. */
#pragma once

#include "keeper/ask.h"

void outbox_admin(struct keeper *, struct ask *, const struct message_ask *);
