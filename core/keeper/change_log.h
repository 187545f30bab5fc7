/*
 * A change of a target in the log: its sentence, then the evidence of its attempts, a line at a
 * time. Called by record.c for each change that is committed.
 */
#pragma once

#include "base/duty.h"
#include "base/zone.h"
#include "keeper/evidence_cache.h"

/* Says all that there is to say of a change, the sentence first, under the number `event`. Times
 * are shown in `zone`. */
void change_log_write(struct duty *, uint64_t event, const struct message_change *,
    const struct evidence_cache *, const struct zone *);
