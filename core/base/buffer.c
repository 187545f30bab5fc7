/*
 * A growable byte buffer with a maximum size. It doubles from a small beginning: thousands of
 * buffers are held at once, and most stay short.
 */
#include "base/buffer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64, BUFFER_MAX = 1 << 30 };

char *
buffer_reserve(struct buffer *buffer, size_t size, size_t max)
{
	size_t room = buffer->room == 0 ? FIRST_ROOM : buffer->room;

	assert(max > 0 && max <= BUFFER_MAX);
	if (buffer->size > max || size > max - buffer->size)
		return NULL;
	if (size > buffer->room - buffer->size || buffer->data == NULL) {
		while (room < buffer->size + size)
			room *= 2;
		room = room > max ? max : room;
		char *data = realloc(buffer->data, room);
		if (data == NULL)
			return NULL;
		buffer->data = data;
		buffer->room = (uint32_t)room;
	}
	assert(buffer->size <= buffer->room && size <= buffer->room - buffer->size);
	return buffer->data + buffer->size;
}

bool
buffer_add(struct buffer *buffer, const void *bytes, size_t size, size_t max)
{
	if (size == 0)
		return true;
	char *end = buffer_reserve(buffer, size, max);
	if (end == NULL)
		return false;
	memcpy(end, bytes, size);
	buffer->size += (uint32_t)size;
	return true;
}

void
buffer_remove(struct buffer *buffer, size_t at, size_t size)
{
	assert(buffer->size <= buffer->room && at <= buffer->size && size <= buffer->size - at);
	size_t behind = buffer->size - at - size;
	if (behind > 0)
		memmove(buffer->data + at, buffer->data + at + size, behind);
	buffer->size -= (uint32_t)size;
}

void
buffer_clear(struct buffer *buffer)
{
	buffer->size = 0;
}

void
buffer_fini(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){ .data = NULL };
}
