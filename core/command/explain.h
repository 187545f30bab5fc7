/* `postwatch explain`: why a target is in the state it is, and the tables of rules. */
#ifndef COMMAND_EXPLAIN_H
#define COMMAND_EXPLAIN_H

#include "command/command.h"

extern const struct command command_explain;

#endif
