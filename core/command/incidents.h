/* `postwatch incidents` and `postwatch show`: outages, and the whole story of one. */
#ifndef COMMAND_INCIDENTS_H
#define COMMAND_INCIDENTS_H

#include "command/command.h"

extern const struct command command_incidents, command_show;

#endif
