/*
 * Reads the messages that a child has sent to the parent (ready, alive, lines of the log,
 * requests), and acts on them.
 */
#pragma once

#include "parent/tree.h"

/* Reads what is there, up to a bound for one turn. A message that is malformed ends its sender. */
void child_messages_read(struct tree *, struct child *, int64_t now);
