/* Packets on their way to one child, in order, with the descriptors they hand over; kept where its socket is full. */
#ifndef PARENT_PACKETS_H
#define PARENT_PACKETS_H

#include <stdbool.h>
#include <stddef.h>

struct packet;

/* Starts as zeroes. */
struct packets {
	struct packet *first, **last;
};

/* Sends, or keeps. `passed` (-1: none) is taken over and closed when it was sent. */
void packets_send(struct packets *, int socket, const void *bytes, size_t size, int passed);
void packets_flush(struct packets *, int socket);
bool packets_are_waiting(const struct packets *);
/* Drops all, descriptors too. */
void packets_fini(struct packets *);

#endif
