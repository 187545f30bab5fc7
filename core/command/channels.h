/* What the daemon has written of the ways to people: which notifiers fail, and why the heartbeat is held back. */
#ifndef COMMAND_CHANNELS_H
#define COMMAND_CHANNELS_H

#include "command/past.h"

struct channels {
	struct channel_shown *rows;
	uint32_t count;
	char heartbeat[256]; /* why it is held back; "": it is not, or there is none */
};

/* False: the store cannot be read. */
bool channels_read(const struct past *, struct channels *);
void channels_free(struct channels *);

/* Until when nothing is tried by that notifier; 0: it does not rest. */
int64_t channels_rest(const struct channels *, const struct past *, const char *notifier);

/* A line for each that fails: "mail: nothing delivered for 11 min, 3 waiting: connection refused by 192.0.2.9". */
void channels_put(const struct channels *, const struct past *);

#endif
