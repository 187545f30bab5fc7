/*
 * Reads a log of Nagios (also of Icinga 1 or Naemon) for `postwatch shadow`, which compares the
 * outages in it with those that Postwatch would have told. An event is a notification of a service;
 * only in a log without any notification it is a change of a service's HARD state.
 */
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
