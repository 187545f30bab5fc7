/* Hands out again what stands at a receiver that may have forgotten it; one notice at a time. */
#ifndef KEEPER_REPEAT_H
#define KEEPER_REPEAT_H

#include "keeper/outbox.h"

/* When nothing else is to be handed out. */
void repeat_turn(struct keeper *, struct notifier *);
/* Its receipt. */
void repeat_answered(struct keeper *, struct notifier *, const struct message_receipt *);

#endif
