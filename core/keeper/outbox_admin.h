/*
 * For the keeper: what people do with deliveries by hand, `postwatch outbox retry` and `outbox
 * drop`. Called by asks.c.
 */
#pragma once

#include "keeper/ask.h"

void outbox_admin(struct keeper *, struct ask *, const struct message_ask *);
