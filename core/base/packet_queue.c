/*
 * Queues packets that a socket did not take at once, and sends them when it does: for the links
 * between the daemon's processes. A list: nearly always empty, and where it is not, each packet has
 * a size of its own.
 */
#include "base/packet_queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/duty.h"

struct queued_packet {
	struct queued_packet *next;
	size_t size;
	int passed;
	unsigned char bytes[];
};

static void
append(struct packet_queue *queue, struct queued_packet *first, struct queued_packet **last)
{
	*(queue->first == NULL ? &queue->first : queue->last) = first;
	queue->last = last;
}

bool
packet_queue_add(struct packet_queue *queue, const void *bytes, size_t size, int passed)
{
	struct queued_packet *packet = malloc(sizeof *packet + size);

	assert(size > 0);
	if (packet == NULL)
		return false;
	*packet = (struct queued_packet){ .size = size, .passed = passed };
	memcpy(packet->bytes, bytes, size);
	append(queue, packet, &packet->next);
	queue->bytes += size;
	return true;
}

void
packet_queue_join(struct packet_queue *queue, struct packet_queue *from)
{
	if (from->first == NULL)
		return;
	append(queue, from->first, from->last);
	queue->bytes += from->bytes;
	*from = (struct packet_queue){ 0 };
}

/* Its descriptor was duplicated by the kernel when it was sent, and is of no use where it was
 * not. */
static void
drop_first(struct packet_queue *queue)
{
	struct queued_packet *packet = queue->first;

	assert(queue->bytes >= packet->size);
	queue->first = packet->next;
	queue->bytes -= packet->size;
	if (packet->passed >= 0)
		close(packet->passed);
	free(packet);
	assert((queue->first == NULL) == (queue->bytes == 0));
}

bool
packet_queue_flush(struct packet_queue *queue, int socket)
{
	struct queued_packet *packet;

	while ((packet = queue->first) != NULL
	    && packet_send(socket, packet->bytes, packet->size, packet->passed))
		drop_first(queue);
	return queue->first == NULL;
}

void
packet_queue_clear(struct packet_queue *queue)
{
	while (queue->first != NULL)
		drop_first(queue);
}
