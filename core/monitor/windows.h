/* Recurring windows: while one is open, its targets are watched and not told. Each knows by a flag whether one holds it. */
#ifndef MONITOR_WINDOWS_H
#define MONITOR_WINDOWS_H

#include "monitor/monitor.h"

/* Opens and closes those whose time it is. */
void windows_tick(struct monitor *);

/* States have been recovered: what was remembered of windows is compared with the clock. */
void windows_begin(struct monitor *);

#endif
