/* `postwatch status --nagios`: what the daemon knows of targets, as a Nagios plugin tells it. */
#pragma once

#include "command/command.h"

/* Returns the exit status of a Nagios plugin, whatever is wrong. */
int status_nagios(const struct command *, int argc, char **argv);
