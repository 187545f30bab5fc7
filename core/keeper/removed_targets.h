/*
 * Targets that are no longer watched. What was open of them is closed, and whoever was told of its
 * beginning, and nobody else, is told of that end: `stopped` where the target was said to be down,
 * `cleared` for each condition.
 */
#pragma once

struct keeper;

/* At birth, when targets are matched and deliveries are read. */
void removed_targets_tell(struct keeper *);
