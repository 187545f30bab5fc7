/* `postwatch run`: the daemon. */
#ifndef COMMAND_RUN_H
#define COMMAND_RUN_H

#include "command/command.h"

extern const struct command command_run;

#endif
