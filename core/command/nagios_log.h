/* The log of Nagios (also of Icinga 1, Naemon): what it told of services, or where it told nothing,
 * how they stood. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/reason.h"

enum nagios_event_kind { NAGIOS_EVENT_UP, NAGIOS_EVENT_WARNING, NAGIOS_EVENT_DOWN };

/* CRITICAL and UNKNOWN are down. */
struct nagios_event {
	struct nagios_event *next;
	int64_t at; /* microseconds UTC */
	const char *host, *service, *output;
	enum nagios_event_kind kind;
};

struct nagios_log {
	struct nagios_event *first; /* in the order of the file */
	bool is_of_alerts;          /* it has no notifications: changes of HARD states count */
};

/* Into the arena. Returns false with a reason: it cannot be read, or no line has a time of Nagios'
 * form. Other lines are passed over. */
bool nagios_log_read(struct arena *, const char *path, struct nagios_log *, struct reason *why);
