/* What commands share that read a configuration: the options that name it, and its faults,
 * printed. */
#ifndef COMMAND_FAULTS_H
#define COMMAND_FAULTS_H

#include <stdio.h>

#include "command/command.h"
#include "config/read.h"

/* Takes -c FILE and -L FOLDER into the source, and any other option as `other` (NULL: there is
 * none). Returns the place of the first word behind. */
int faults_take_options(
    const struct command *, int argc, char **argv, struct config_source *, bool *other);

/* Each fault and warning on a line, as config_print_faults() words them. */
void faults_print(FILE *, const struct config_faults *);

/* Whether all that is wrong was said on the command line. */
bool faults_are_of_words(const struct config_faults *);

#endif
