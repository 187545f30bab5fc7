/* `postwatch check`: the configuration, and what only a look outside can tell. */
#ifndef COMMAND_CHECK_H
#define COMMAND_CHECK_H

#include "command/command.h"

extern const struct command command_check;

#endif
