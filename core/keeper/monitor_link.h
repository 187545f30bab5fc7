/*
 * The keeper's link to the monitor: what the monitor says is stored, and the monitor is told what
 * is committed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keeper;
struct wire_out;

/* Another monitor is at the other end of `socket`; it is told all that is known. */
void monitor_take_link(struct keeper *, int socket);
void monitor_hang_up(struct keeper *);

/* Reads what the monitor says; returns whether there may be more. */
bool monitor_hear(struct keeper *);
/* A packet of the monitor's. Returns false if it is malformed. */
bool keeper_hear(struct keeper *, const void *packet, size_t size);

/* Whether something waits for the monitor's socket. */
bool monitor_waits(const struct keeper *);
/* Tells a monitor everything that is known, as fast as it takes it; what of it is not committed;
 * then that it was everything. */
void monitor_recover(struct keeper *);
/* Says how far its runs are committed, and answers what people asked for. */
void monitor_answer(struct keeper *);

/* A message with the state of the next target behind `*cursor` (0: of the first), which is moved to
 * it, and with our own side's behind all of them. Returns false if there is none; where the store
 * cannot be read the keeper is to end, by its status or to begin anew. */
bool keeper_put_state(struct keeper *, uint64_t *cursor, struct wire_out *);
