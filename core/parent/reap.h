/* Handles the deaths of child processes. */
#pragma once

#include "parent/tree.h"

/* Takes all that have ended: reads their last words, tells why they ended and with which target in
 * hand, and plans what follows. */
void reap_children(struct tree *, int64_t now);
