/* Prints for `postwatch explain` the settings that a target is watched by, and who is told of it. */
#pragma once

#include "command/status_rows.h"

/* Pace, limits and where they come from. Without a configuration it says that it has none. */
void explain_settings(const struct past *, const struct status_row *);
/* Who would be told, and what each was told. */
void explain_telling(struct past *, const struct status_row *);
