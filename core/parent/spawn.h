/* Starts child processes. */
#ifndef PARENT_SPAWN_H
#define PARENT_SPAWN_H

#include "parent/tree.h"

/* Forks a child, with its gate where it has one; both are the parent's image, with a socket to the
 * parent. Returns false with a reason. */
bool spawn_child(struct tree *, struct child *, struct reason *why);

#endif
