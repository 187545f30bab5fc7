/* `postwatch history`: the runs of a target. */
#ifndef COMMAND_HISTORY_H
#define COMMAND_HISTORY_H

#include "command/command.h"

extern const struct command command_history;

#endif
