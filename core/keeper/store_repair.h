/*
 * For the keeper: recovery from a disk that is full or fails. Tries the file of the store again,
 * and has people told of the trouble.
 */
#pragma once

#include "store/store.h"

struct keeper;

/* Says what is sick, tries to mend it when it is time, and says what has been well for long enough.
 * After each commit. */
void store_repair_turn(struct keeper *);
/* Where what cannot be read of postwatch.db is damaged, the file is set aside at once. Returns
 * whether the keeper has to begin anew. */
bool store_repair_distrust(struct keeper *);
/* What is in a log that was removed is saved before it is closed. */
void store_repair_end(struct keeper *);
/* Whether a trouble was told whose end was not. */
void store_repair_recover(struct keeper *);
/* Where a file was set aside, or what it held is gone. */
void store_repair_say_found(struct keeper *, enum store_file, const struct store_found *);
