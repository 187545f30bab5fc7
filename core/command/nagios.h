/*
 * For commands with --nagios (probe, status): what a Nagios plugin prints, by the Monitoring
 * Plugins Development Guidelines: SERVICE STATUS - text | label=value;warn;crit;min ..., seconds;
 * more about it on lines of their own behind it. And its exit statuses.
 */
#pragma once

#include <postwatch/probe.h>
#include <stdbool.h>
#include <stdio.h>

#include "command/command.h"

/* Exit statuses of a plugin. */
enum nagios_status { NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN, NAGIOS_STATUSES };

/* "OK", "WARNING" ... */
const char *nagios_name(enum nagios_status);

/* 0 ok, 1 degraded or blocked, 2 failed, 3 unknown. */
enum nagios_status nagios_of_verdict(enum pw_verdict);

/* Whether that form is wanted of a command that has --nagios, -n, however wrong the rest of its
 * command line is. */
bool nagios_is_asked(const struct command *, char **argv);

/* Text of ours or that was escaped before, on one line and without `|`, at which Nagios ends it. */
void nagios_put_text(FILE *, struct pw_bytes);

/* "SMTP CRITICAL - mx1: ", of a probe and a target. */
void nagios_put_head(FILE *, const char *probe, enum nagios_status, const char *target);

/* " banner@192.0.2.10=0.035000s;8.000000;30.000000;0", microseconds. Without an address where that
 * is empty, without thresholds where they are 0; one of slowness at or above the limit is never
 * met. */
void nagios_put_measure(FILE *, const char *label, struct pw_bytes address, int64_t micros,
    int64_t slow, int64_t limit);

/* A line that says what is wrong with us, on standard output; returns NAGIOS_UNKNOWN. */
int nagios_put_trouble(const char *text);
