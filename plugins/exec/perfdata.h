/*
 * Parses the performance data that a Nagios plugin prints, for the probe `exec`, which makes a fact
 * of each item. The format is that of the Monitoring Plugins Development Guidelines, items
 * separated by blanks: 'label'=value[UOM];[warn];[crit];[min];[max]
 */
#ifndef EXEC_PERFDATA_H
#define EXEC_PERFDATA_H

#include <postwatch/plugin.h>

enum { PERFDATA_NAME_MAX = 40, PERFDATA_VALUE_MAX = 256 };

struct perfdatum {
	char name[PERFDATA_NAME_MAX];   /* "perf_" and the label: what is not of [a-z0-9] as "_" */
	char value[PERFDATA_VALUE_MAX]; /* "label=value" and what follows, the label without quotes */
	size_t size;                    /* of the value; it may hold anything */
};

enum perfdata { PERFDATA_END, PERFDATA_GOOD, PERFDATA_BAD };

/* Takes the next off the front of `rest`. PERFDATA_BAD: what stood there, up to a blank, is none or
 * has no room, and is the value as it was written, as far as there is room. */
enum perfdata perfdata_next(struct pw_bytes *rest, struct perfdatum *datum);

#endif
