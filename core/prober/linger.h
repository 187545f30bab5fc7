/*
 * For the prober: lingering close of connections. A connection is over on our side, and the peer
 * may still say that it is on its own. To close at once would answer its last record with a reset,
 * which its log then tells of us. What comes is thrown away; when the peer has closed, or after 200
 * ms, the descriptor is closed.
 */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

struct lingers;

/* Room for `most` at once. NULL: out of memory. */
struct lingers *lingers_create(struct ev_loop *, uint32_t most);

/* Closes all that are left. */
void lingers_destroy(struct lingers **);

/* Takes a connected socket whose sending side is shut, and closes it later. Where there is no
 * room for another one, the oldest is closed at once. */
void lingers_add(struct lingers *, int fd);

/* How many are still open. */
uint32_t lingers_count(const struct lingers *);
