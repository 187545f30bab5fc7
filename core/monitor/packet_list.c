/*
 * A list of packets that the monitor has sent to the keeper and that are not committed there yet,
 * and of those that wait to be sent. Few are held at a time where the keeper is well, so that a
 * walk over them is short.
 */
#include "monitor/packet_list.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/duty.h"

void
packet_list_init(struct packet_list *list)
{
	*list = (struct packet_list){ .first = NULL };
	list->last = &list->first;
}

void
packet_list_clear(struct packet_list *list)
{
	for (struct packet *next; list->first != NULL; list->first = next) {
		next = list->first->next;
		free(list->first);
	}
	packet_list_init(list);
}

struct packet *
packet_list_append(struct packet_list *list, const void *bytes, size_t size, bool sent)
{
	struct packet *packet = malloc(sizeof *packet + size);

	assert(!sent || list->unsent == NULL);
	if (packet == NULL)
		return NULL;
	*packet = (struct packet){ .size = (uint32_t)size };
	memcpy(packet->bytes, bytes, size);
	*list->last = packet;
	list->last = &packet->next;
	if (sent) {
		list->held[packet_kind(packet)] += size;
		return packet;
	}
	if (list->unsent == NULL)
		list->unsent = packet;
	list->waiting += size;
	return packet;
}

bool
packet_list_send(struct packet_list *list, int fd)
{
	struct packet *packet;

	while ((packet = list->unsent) != NULL) {
		if (!packet_send(fd, packet->bytes, packet->size, -1))
			return false;
		assert(list->waiting >= packet->size);
		list->unsent = packet->next;
		list->waiting -= packet->size;
		list->held[packet_kind(packet)] += packet->size;
	}
	assert(list->waiting == 0);
	return true;
}

void
packet_list_take_back(struct packet_list *list)
{
	for (const struct packet *packet = list->first; packet != list->unsent;
	    packet = packet->next)
		list->waiting += packet->size;
	memset(list->held, 0, sizeof list->held);
	list->unsent = list->first;
}

const struct packet *
packet_list_behind(const struct packet_list *list, uint64_t run)
{
	const struct packet *packet = list->first;

	while (packet != NULL && (packet_kind(packet) != MESSAGE_RUN || packet->number <= run))
		packet = packet->next;
	return packet;
}

/* The order of the rest is kept, as the keeper takes a number that is not the next for a loss. */
void
packet_list_release(struct packet_list *list, bool (*is_over)(const struct packet *, void *),
    void *arg)
{
	for (struct packet **at = &list->first, *packet; (packet = *at) != list->unsent;) {
		if (!is_over(packet, arg)) {
			at = &packet->next;
			continue;
		}
		assert(list->held[packet_kind(packet)] >= packet->size);
		list->held[packet_kind(packet)] -= packet->size;
		*at = packet->next;
		if (list->last == &packet->next)
			list->last = at;
		free(packet);
	}
}

struct excess {
	enum message_kind kind;
	size_t bytes;
};

static bool
is_excess(const struct packet *packet, void *arg)
{
	struct excess *excess = arg;

	if (excess->bytes == 0 || packet_kind(packet) != excess->kind)
		return false;
	excess->bytes -= packet->size < excess->bytes ? packet->size : excess->bytes;
	return true;
}

void
packet_list_bound(struct packet_list *list, enum message_kind kind, size_t max)
{
	if (list->held[kind] > max)
		packet_list_release(list, is_excess,
		    &(struct excess){ kind, list->held[kind] - max });
}
