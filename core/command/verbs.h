/* The commands that ask the daemon that runs. */
#ifndef COMMAND_VERBS_H
#define COMMAND_VERBS_H

#include "command/command.h"

extern const struct command command_ack, command_pause, command_resume, command_test, command_probe_now, command_reload;

#endif
