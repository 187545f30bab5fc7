/* Why nobody is told of a target, a line each: who acknowledged or paused it, its windows, its parents. */
#ifndef COMMAND_REASONS_H
#define COMMAND_REASONS_H

#include "command/standing.h"

/* Lines that begin with so many blanks. */
void reasons_put_verbs(const struct past *, const struct standing *, int indent);
/* only_in_force: not those that open later, nor parents that are up. */
void reasons_put_windows(const struct past *, const struct standing *, int indent, bool only_in_force);
void reasons_put_parents(const struct past *, const struct standings *, const struct standing *, int indent, bool only_in_force);

#endif
