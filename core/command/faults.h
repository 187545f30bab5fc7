/* Faults of a configuration, printed. */
#ifndef COMMAND_FAULTS_H
#define COMMAND_FAULTS_H

#include <stdio.h>

#include "config/config.h"

/* Each fault and warning on a line, as config_print_faults() words them. */
void faults_print(FILE *, const struct config_faults *);

#endif
