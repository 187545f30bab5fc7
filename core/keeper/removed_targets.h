/*
 * For the keeper: targets that are no longer watched. What was open of them is closed, and
 * notifiers that were told of its beginning, and no others, are told of that end: `stopped` where
 * the target was said to be down, `cleared` for each condition.
 */
#pragma once

struct keeper;

/* At birth, when targets are matched and deliveries are read. */
void removed_targets_tell(struct keeper *);
