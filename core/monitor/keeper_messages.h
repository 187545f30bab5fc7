/* What the keeper says. */
#ifndef MONITOR_KEEPER_MESSAGES_H
#define MONITOR_KEEPER_MESSAGES_H

#include "monitor/monitor.h"

/* Takes a packet; false where it is malformed. */
bool keeper_messages_take(struct monitor *, const void *packet, size_t size);

#endif
