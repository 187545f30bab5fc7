/*
 * For the parent: keeps the child processes running while the daemon is, and does what is due:
 * starts, kills for silence, replacements. Time is an argument.
 */
#pragma once

#include "parent/tree.h"

/* Does what is due: starts, kills for silence, releases from quarantine, renewals. */
void supervisor_turn(struct tree *, int64_t now);
/* When it is next to be called. */
int64_t supervisor_next(const struct tree *, int64_t now);

/* Reads what children said, writes what waits for them. */
void supervisor_read(struct tree *, int64_t now);

/* Has all probers started again, one after the other, each when it has finished what is under way.
 */
void supervisor_renew_probers(struct tree *);
/* The same of a notifier, between two deliveries. */
void supervisor_renew_notifier(struct tree *, uint32_t index);
