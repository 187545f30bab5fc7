/* `postwatch plugins`: what was found where plugins lie, and what one of them lets be set. */
#ifndef COMMAND_PLUGINS_H
#define COMMAND_PLUGINS_H

#include "command/command.h"

extern const struct command command_plugins;

#endif
