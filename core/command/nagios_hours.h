/*
 * For `postwatch import`: timeperiods of Nagios as hours of our configuration. Nagios names the
 * hours in which somebody is told; quiet hours and windows are the rest of the week.
 */
#pragma once

#include "command/import_draft.h"
#include "command/nagios_objects.h"

/* Whether it is the whole week, and nothing else. */
bool nagios_hours_are_all(const struct nagios_objects *, const struct nagios_object *timeperiod);

/* The `quiet` of a notifier, by the name of the timeperiod; what has no counterpart is a comment of
 * the entry. */
void nagios_hours_quiet(const struct nagios_objects *, const char *name, struct draft_entry *);

/* The tag of targets for which the windows of a timeperiod are, in the arena. */
const char *nagios_hours_tag(const struct nagios_objects *, const struct nagios_object *timeperiod);

/* A window for all ranges of the rest of the week. */
void nagios_hours_windows(
    const struct nagios_objects *, const struct nagios_object *timeperiod, struct draft *);
