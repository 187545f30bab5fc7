/*
 * For the parent: handles the deaths of child processes (SIGCHLD): finds out which one died and
 * why, logs it, and plans its replacement.
 */
#pragma once

#include "parent/tree.h"

/* Takes all that have ended: reads their last words, tells why they ended and with which target in
 * hand, and plans what follows. */
void reap_children(struct tree *, int64_t now);
