/* Targets that the parent holds back or has run apart, because probers died of them. */
#pragma once

#include "base/messages.h"

struct monitor;

/* What the parent says of a target; until states are recovered it is put off, for what a target is,
 * is not known before. */
void held_targets_take(struct monitor *, const struct message_account *);
/* States are recovered: takes what was put off. */
void held_targets_begin(struct monitor *);
