/* What children say to the parent: ready, alive, lines of the log, and what they ask for. */
#ifndef PARENT_CHILD_MESSAGES_H
#define PARENT_CHILD_MESSAGES_H

#include "parent/tree.h"

/* Reads what is there, up to a bound for one turn. A message that is malformed ends its sender. */
void child_messages_read(struct tree *, struct child *, int64_t now);

#endif
