/* Repeats what is open to receivers that may have forgotten it, such as Prometheus' Alertmanager;
 * one notice at a time. */
#pragma once

#include "keeper/outbox.h"

/* When nothing else is to be handed out. */
void repeat_turn(struct keeper *, struct notifier *);
/* Its receipt. */
void repeat_answered(struct keeper *, struct notifier *, const struct message_receipt *);
