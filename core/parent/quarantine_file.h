/*
 * What is kept of the quarantine in the state folder, for the parent that comes after a reload or a
 * restart: a line for each target that is suspected, held or on trial.
 */
#ifndef PARENT_QUARANTINE_FILE_H
#define PARENT_QUARANTINE_FILE_H

#include "base/reason.h"
#include "config/config.h"
#include "parent/quarantine.h"

/* Writes all of it, in place of what was kept before; `now` on the monotonic clock. False with a
 * reason. */
bool quarantine_keep(
    const struct quarantine *, const struct config *, int64_t now, struct reason *why);

/* Adds to an empty one what was kept, of targets that are still watched as they were. Whom another
 * version of the program held is on trial: it may have been mended. What cannot be read is left
 * aside. */
void quarantine_take_back(struct quarantine *, const struct config *, int64_t now);

#endif
