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

struct view {
	struct target_state state; /* its times are UTC */
	const char *outcome;       /* of the last run; belongs to the codes */
	struct pw_bytes text;      /* the sentence of the open suspicion or incident, else empty; a view into the record */
	uint32_t attempts;         /* runs in the open series */
	bool flapping, slow, held, quarantined;
};

/* `codes` (codes_create) may serve any number of records. False: malformed, or no memory; nothing is then held. */
bool view_read(struct view *, struct codes *, struct pw_bytes record);
void view_fini(struct view *);

#endif
