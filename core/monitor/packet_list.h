/*
 * Packets to a reader that may end before it has made them durable: one list, of which the first
 * part was sent and is held until it is known to be durable, and the rest waits to be sent. The
 * monitor's link to the keeper uses it (keeper_link.c).
 */
#pragma once

#include "base/messages.h"

/* A packet, of the kind that its first byte says. */
struct packet {
	struct packet *next;
	uint64_t number;     /* in the sequence of its kind; 0: it has none */
	uint64_t own_change; /* the last change of our own that it holds, 0: none */
	uint32_t size;
	unsigned char bytes[];
};

struct packet_list {
	struct packet *first, **last;
	struct packet *unsent;       /* the first that waits; NULL: all was sent */
	size_t waiting;              /* bytes of what waits */
	size_t held[MESSAGE_KINDS];  /* bytes of what was sent, by kind */
};

void packet_list_init(struct packet_list *);
/* Frees all packets. */
void packet_list_clear(struct packet_list *);

static inline enum message_kind
packet_kind(const struct packet *packet)
{
	return message_kind(packet->bytes, packet->size);
}

/* A copy of the packet, at the end; `sent`: it was, by somebody else, and nothing waits. NULL: no
 * memory. */
struct packet *packet_list_append(struct packet_list *, const void *bytes, size_t size, bool sent);

/* Sends what the socket takes now of what waits; true where nothing is left. */
bool packet_list_send(struct packet_list *, int fd);

/* All that was sent waits again, in its order. */
void packet_list_take_back(struct packet_list *);

/* The first run above that number; NULL: none is held. */
const struct packet *packet_list_behind(const struct packet_list *, uint64_t run);

/* Frees all that was sent and is over; the order of the rest is kept. `is_over` is asked for one
 * after the other. */
void packet_list_release(struct packet_list *, bool (*is_over)(const struct packet *, void *),
    void *arg);

/* The same for the oldest of a kind, where more than `max` bytes of it were sent. */
void packet_list_bound(struct packet_list *, enum message_kind, size_t max);
