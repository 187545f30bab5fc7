/*
 * Targets that crashed the probers which ran them: as the parent says (parent/quarantine.h), the
 * monitor has them run apart from all others or not at all, and tells people.
 */
#pragma once

#include "base/messages.h"

struct monitor;

/* What the parent says of a target; until states are recovered it is put off, for what a target is,
 * is not known before. */
void held_targets_take(struct monitor *, const struct message_account *);
/* States are recovered: takes what was put off. */
void held_targets_begin(struct monitor *);
