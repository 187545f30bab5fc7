/* Reads the targets of configuration files: single entries, and entries that name a file with a
 * target a line. */
#pragma once

#include "config/layer.h"
#include "config/target_list.h"

/* Reads all groups of `targets`. */
void targets_take(struct reader *);

/*
 * Adds a target whose draft is complete: checked as a whole, and changed as the command line says.
 * `layer` has its settings (for those that the command line lays over them); NULL: the target is
 * the command line's own.
 */
void targets_finish(struct reader *, struct draft *, const struct layer *);
