/*
 * For the parent: notes in the state folder, which the web page "Us" shows: starts and reloads,
 * processes that were replaced, and spells in which the schedule, or the loop of a process, was
 * more than a second late.
 */
#pragma once

#include "parent/tree.h"

/* A start, or a reload, whose processes are new. */
void process_log_begin(struct tree *, bool is_reload);
/* Once a second: hears what the children said last. */
void process_log_turn(struct tree *);
