/*
 * For the keeper: lines for the log that the parent process has not taken yet. Those of a change
 * come in bursts, and the keeper waits for nobody: they are kept in their order while there is room
 * for them, and sent when the parent reads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/packet_queue.h"

struct duty;

struct log_lines {
	struct duty *duty;
	struct packet_queue waiting;
};

/* From here on the lines of that duty go through `lines`, until lines_fini. */
void lines_init(struct log_lines *, struct duty *);
/* Drops what has not been sent. */
void lines_fini(struct log_lines *);

/* Sends what the parent takes now. */
void lines_flush(struct log_lines *);
/* Whether something waits for the parent to read. */
bool lines_wait(const struct log_lines *);
/* Sends what waits, for so long (milliseconds) at most: at the end. */
void lines_end(struct log_lines *, int patience);
