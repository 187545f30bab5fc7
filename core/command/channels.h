/* What the daemon has written of its own troubles: which notifiers fail, which files cannot be used, and why the heartbeat is
 * held back. */
#ifndef COMMAND_CHANNELS_H
#define COMMAND_CHANNELS_H

#include "base/messages.h"
#include "command/past.h"
#include "keeper/damage.h"

struct channels {
	struct channel_shown *rows;
	uint32_t count;
	char files[SOURCES_TEXT_MAX + 256]; /* which files probers cannot use, and what is in force instead */
	int64_t files_since; /* UTC: since when; 0: they can use all */
	struct damage_row *damaged; /* notifiers with a file that cannot be used, and what is in force instead */
	uint32_t damaged_count;
	char heartbeat[256]; /* why it is held back; "": it is not, or there is none */
};

/* False: the store cannot be read. */
bool channels_read(const struct past *, struct channels *);
void channels_free(struct channels *);

/* Until when nothing is tried by that notifier; 0: it does not rest. */
int64_t channels_rest(const struct channels *, const struct past *, const char *notifier);

/* A line for each that fails: "mail: nothing delivered for 11 min, 3 waiting: connection refused by 192.0.2.9". */
void channels_put(const struct channels *, const struct past *);
/* One object of all that, and of what waits to be told; it has no "target". */
void channels_put_json(const struct channels *, const struct past *, const struct store_waiting *);

#endif
