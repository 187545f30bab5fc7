/* A change in words: its sentence, then the evidence of its attempts, a line at a time. */
#ifndef KEEPER_TELL_H
#define KEEPER_TELL_H

#include "base/zone.h"
#include "keeper/cabinet.h"

/* Takes one line: `level` as in syslog.h. */
typedef void tell_line(void *arg, int level, const char *line);

/* Says all that there is to say of a change, the sentence first. Times are shown in `zone`. */
void tell_change(const struct message_change *, const struct cabinet *, const struct zone *, tell_line *, void *arg);

#endif
