/* `postwatch version`: what a report of a fault should say about us. */
#ifndef COMMAND_VERSION_H
#define COMMAND_VERSION_H

#include "command/command.h"

extern const struct command command_version;

#endif
