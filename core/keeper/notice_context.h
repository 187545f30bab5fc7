/*
 * For the keeper: what went before a notice, read from the store when it is laid ready for its
 * notifier: the first notice of its incident or condition, and the last run that failed.
 */
#pragma once

#include "base/messages_outbox.h"
#include "keeper/notice_payload.h"
#include "store/find.h"
#include "store/reader.h"

/* The number of the first notice of its incident, of the condition that it ends, or of trouble of ours
 * that stands and is told again; its own where it is that. Of an incident also fills in how many
 * attempts confirmed it. `target`: the store's number. */
uint64_t context_first(struct store *, struct message_notice *, uint64_t target);

/* Counts the runs of a notice. Where it says that a target came back, the last run that failed goes
 * first and those after it follow; where it tells of a whole outage, those that confirmed it go
 * before. */
void context_add_failures(struct store *, struct message_notice *, struct notice_payload *,
    bool all_addresses);
