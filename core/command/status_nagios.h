/*
 * `postwatch status --nagios`: what the daemon knows of targets, as the output and exit status of a
 * Nagios plugin, for a passive check.
 */
#pragma once

#include "command/command.h"

/* Returns the exit status of a Nagios plugin, whatever is wrong. */
int status_nagios(const struct command *, int argc, char **argv);
