/* Which notifier is told of what. */
#ifndef KEEPER_TELLING_H
#define KEEPER_TELLING_H

#include "base/messages.h"

struct keeper;

/* A notice was recorded in the open batch. */
void telling_notice(struct keeper *, const struct message_change *, uint64_t notice, uint64_t target_number,
    uint64_t incident);
/* The reasons for silence of a target have ended: what is true is compared with what that notifier (CONFIG_NONE: each) was
 * told. */
void telling_compare(struct keeper *, uint32_t target, uint32_t courier);

#endif
