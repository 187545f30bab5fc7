/* Faults of a configuration, printed. */
#ifndef COMMAND_FAULTS_H
#define COMMAND_FAULTS_H

#include <stdio.h>

#include "config/read.h"

/* Each fault and warning on a line, as config_print_faults() words them. */
void faults_print(FILE *, const struct config_faults *);

/* Whether all that is wrong was said on the command line. */
bool faults_are_of_words(const struct config_faults *);

#endif
