/*
 * Holds the packets that the keeper has not committed yet.
 *
 * Few are held at a time where the keeper is well, so that a walk over them is short.
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
	for (struct parcel *next; list->first != NULL; list->first = next) {
		next = list->first->next;
		free(list->first);
	}
	packet_list_init(list);
}

struct parcel *
packet_list_append(struct packet_list *list, const void *bytes, size_t size, bool sent)
{
	struct parcel *parcel = malloc(sizeof *parcel + size);

	assert(!sent || list->unsent == NULL);
	if (parcel == NULL)
		return NULL;
	*parcel = (struct parcel){ .size = (uint32_t)size };
	memcpy(parcel->bytes, bytes, size);
	*list->last = parcel;
	list->last = &parcel->next;
	if (sent) {
		list->held[parcel_kind(parcel)] += size;
		return parcel;
	}
	if (list->unsent == NULL)
		list->unsent = parcel;
	list->waiting += size;
	return parcel;
}

bool
packet_list_send(struct packet_list *list, int fd)
{
	struct parcel *parcel;

	while ((parcel = list->unsent) != NULL) {
		if (!packet_send(fd, parcel->bytes, parcel->size, -1))
			return false;
		assert(list->waiting >= parcel->size);
		list->unsent = parcel->next;
		list->waiting -= parcel->size;
		list->held[parcel_kind(parcel)] += parcel->size;
	}
	assert(list->waiting == 0);
	return true;
}

void
packet_list_take_back(struct packet_list *list)
{
	for (const struct parcel *parcel = list->first; parcel != list->unsent;
	    parcel = parcel->next)
		list->waiting += parcel->size;
	memset(list->held, 0, sizeof list->held);
	list->unsent = list->first;
}

const struct parcel *
packet_list_behind(const struct packet_list *list, uint64_t run)
{
	const struct parcel *parcel = list->first;

	while (parcel != NULL && (parcel_kind(parcel) != MESSAGE_RUN || parcel->number <= run))
		parcel = parcel->next;
	return parcel;
}

/* The order of the rest is kept, as the keeper takes a number that is not the next for a loss. */
void
packet_list_release(struct packet_list *list, bool (*is_over)(const struct parcel *, void *),
    void *arg)
{
	for (struct parcel **at = &list->first, *parcel; (parcel = *at) != list->unsent;) {
		if (!is_over(parcel, arg)) {
			at = &parcel->next;
			continue;
		}
		assert(list->held[parcel_kind(parcel)] >= parcel->size);
		list->held[parcel_kind(parcel)] -= parcel->size;
		*at = parcel->next;
		if (list->last == &parcel->next)
			list->last = at;
		free(parcel);
	}
}

struct excess {
	enum message_kind kind;
	size_t bytes;
};

static bool
is_excess(const struct parcel *parcel, void *arg)
{
	struct excess *excess = arg;

	if (excess->bytes == 0 || parcel_kind(parcel) != excess->kind)
		return false;
	excess->bytes -= parcel->size < excess->bytes ? parcel->size : excess->bytes;
	return true;
}

void
packet_list_bound(struct packet_list *list, enum message_kind kind, size_t max)
{
	if (list->held[kind] > max)
		packet_list_release(list, is_excess,
		    &(struct excess){ kind, list->held[kind] - max });
}
