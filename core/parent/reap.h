/* The ends of child processes. */
#ifndef PARENT_REAP_H
#define PARENT_REAP_H

#include "parent/tree.h"

/* Takes all that have ended: reads their last words, tells why they ended and with which target in
 * hand, and plans what follows. */
void reap_children(struct tree *, int64_t now);

#endif
