/*
 * For the parent: starts child processes (monitor, keeper, probers, notifiers, web), each by a fork
 * and the function of what it is for.
 */
#pragma once

#include "parent/tree.h"

/* Forks a child, with its gate where it has one; both are the parent's image, with a socket to the
 * parent. Returns false with a reason. */
bool spawn_child(struct tree *, struct child *, struct reason *why);
