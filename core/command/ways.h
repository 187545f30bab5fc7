/* Whether what is told would arrive: ways through servers that are watched, and ways that have never been proved. */
#ifndef COMMAND_WAYS_H
#define COMMAND_WAYS_H

#include "config/config.h"

struct ways {
	uint32_t warnings;
	uint32_t untold; /* targets of which nobody would be told that they are down */
};

/* Looks up the relays and the targets, 5 s at most in all, and warns of relays that lie where a target does, and of targets
 * that are told of through themselves alone; on standard output, with the file and line of the notifier. */
void ways_check(const struct config *, struct ways *);

/* Advises to test notifiers of which nothing that is kept says that they have ever delivered anything. Returns how many pieces
 * of advice can be followed: before postwatch has run there is nothing to test with. */
uint32_t ways_advise(const struct config *);

#endif
