/* The options -c FILE and -L FOLDER of commands that read a configuration, and its errors and
 * warnings as lines. */
#pragma once

#include <stdio.h>

#include "command/command.h"
#include "config/read.h"

/* Takes -c FILE and -L FOLDER into the source, and any other option as `other` (NULL: there is
 * none). Returns the place of the first word behind. */
int take_config_options(
    const struct command *, int argc, char **argv, struct config_source *, bool *other);

/* Prints each error and warning on a line, as config_print_diagnostics() words them. */
void print_diagnostics(FILE *, const struct config_diagnostics *);

/* Returns whether there are errors, and all of them are of the command line. */
bool diagnostics_are_of_words(const struct config_diagnostics *);
