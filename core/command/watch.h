/* `postwatch status --watch`: the table of `status` on a whole terminal, refreshed by itself. */
#pragma once

#include "command/past.h"

/* `past` has the options of the command line, whose words end with NULL. Returns the exit status; a
 * signal that ended it is sent once more, with the terminal as it was before. */
int watch(const struct past *past, const struct command *, const char *const *words);
