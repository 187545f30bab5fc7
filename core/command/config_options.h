/*
 * For commands that read a configuration (check, run, probe ...): prints its errors and warnings,
 * each as a line.
 */
#pragma once

#include <stdio.h>

#include "config/read.h"

/* Prints each error and warning on a line, as config_print_diagnostics() words them. */
void print_diagnostics(FILE *, const struct config_diagnostics *);

/* Returns whether there are errors, and all of them are of the command line. */
bool diagnostics_are_of_words(const struct config_diagnostics *);
