/* Probing by hand, by a child (command/probe_child.h): what it tells is printed in the order in which the targets were named. */
#ifndef COMMAND_PROBE_RUN_H
#define COMMAND_PROBE_RUN_H

#include "command/probe_child.h"

/* Prints what comes of each target, and on a terminal what is waited for; SIGINT and SIGTERM end it with what was seen until
 * then, and so does the end of `limit` microseconds (0: none). Returns the exit status of all. */
int probe_run(const struct probe_orders *, int64_t limit);

#endif
