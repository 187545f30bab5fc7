/* `postwatch status`: how every target stands. */
#ifndef COMMAND_STATUS_H
#define COMMAND_STATUS_H

#include "command/command.h"

extern const struct command command_status;

#endif
