/*
 * For the keeper: decides for each change which notifiers are told of it, and queues a delivery for
 * each.
 */
#pragma once

#include "base/messages.h"
#include "keeper/notifier_filters.h"

/* A notice was recorded in the open batch; of ours the audience is told, NULL: all are. */
struct notify_row {
	uint64_t notice, target, incident; /* the store's numbers */
	const struct store_incident *row;  /* of the incident, where there is one */
};
void notify_of(struct keeper *, const struct message_change *, const struct notify_row *,
    const struct audience *);
/* The reasons for silence of a target have ended: what is true is compared with what that notifier
 * (CONFIG_NONE: each) was told. Returns false if that could not be read: it is compared later. */
bool notify_compare(struct keeper *, uint32_t target, uint32_t notifier);
