/* `postwatch probe`: a look at servers by hand. */
#ifndef COMMAND_PROBE_H
#define COMMAND_PROBE_H

#include "command/command.h"

extern const struct command command_probe;

#endif
