/*
 * The send queue of packets to one child, nearly always empty: a child reads its parent before all
 * else.
 */
#include "parent/packets.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/duty.h"

struct packet {
	struct packet *next;
	int passed;
	size_t size;
	unsigned char bytes[];
};

bool
packets_are_waiting(const struct packets *packets)
{
	return packets->first != NULL;
}

static void
drop_first(struct packets *packets)
{
	struct packet *packet = packets->first;

	packets->first = packet->next;
	if (packet->passed >= 0)
		close(packet->passed);
	free(packet);
}

void
packets_flush(struct packets *packets, int socket)
{
	struct packet *packet;

	while ((packet = packets->first) != NULL && packet_send(socket, packet->bytes, packet->size, packet->passed))
		drop_first(packets);
}

void
packets_send(struct packets *packets, int socket, const void *bytes, size_t size, int passed)
{
	struct packet *packet = malloc(sizeof *packet + size);

	if (packet == NULL)
		abort();
	packet->next = NULL;
	packet->passed = passed;
	packet->size = size;
	memcpy(packet->bytes, bytes, size);
	*(packets->first == NULL ? &packets->first : packets->last) = packet;
	packets->last = &packet->next;
	packets_flush(packets, socket);
}

void
packets_fini(struct packets *packets)
{
	while (packets->first != NULL)
		drop_first(packets);
}
