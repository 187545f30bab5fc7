/*
 * For `postwatch import`: command lines of checks of Nagios, with macros replaced (Nagios Core 4,
 * "Understanding Macros").
 */
#pragma once

#include "command/nagios_objects.h"

/* The command line of "NAME!ARG1!ARG2" for a service of a host, in the arena; a macro that is not
 * known stays. NULL: no command is called so. */
const char *nagios_expand(const struct nagios_objects *, const struct nagios_object *host,
    const struct nagios_object *service, const char *command);
