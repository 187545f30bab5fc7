/*
 * What the monitor's record of a target says, in names, for those who show it and watch nothing: commands and pages.
 * They need no configuration for it; times are UTC microseconds.
 */
#ifndef MONITOR_VIEW_H
#define MONITOR_VIEW_H

#include "monitor/target_state.h"

/* Of the record: a state, its open series of attempts, its sentence, what was probed; and, since the version after the
 * oldest that is read, where its name has led, its steady facts and their values, and when its certificate is renewed. */
enum { WATCH_RECORD_OLDEST = 2, WATCH_RECORD_VERSION = 8 };

/* Reads the state of a record, which target_state_fini() frees. `codes` (codes_create) may serve any number of records.
 * False: malformed, or no memory; nothing is then held. */
bool view_read(struct target_state *, struct codes *, struct pw_bytes record);

#endif
