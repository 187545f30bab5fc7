/*
 * Packets on their way through one socket between the daemon's processes, in order, with the
 * descriptors that they hand over: what the socket does not take at once is kept and sent later.
 * Starts as zeroes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct queued_packet;

struct packet_queue {
	struct queued_packet *first, **last;
	size_t bytes; /* of all packets that wait */
};

/*
 * Copies a packet to the end. `passed` is a descriptor that goes with it, -1: none; it is taken
 * over, and closed when it was sent. Returns false if there is no memory: the descriptor then stays
 * the caller's.
 */
bool packet_queue_add(struct packet_queue *, const void *bytes, size_t size, int passed);

/* Moves all packets of `from` to the end. */
void packet_queue_join(struct packet_queue *, struct packet_queue *from);

/* Sends what the socket takes now. Returns true if nothing is left. */
bool packet_queue_flush(struct packet_queue *, int socket);

/* Drops and frees all, descriptors too. */
void packet_queue_clear(struct packet_queue *);

static inline bool
packet_queue_is_empty(const struct packet_queue *queue)
{
	return queue->first == NULL;
}
