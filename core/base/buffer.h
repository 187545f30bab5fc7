/*
 * A growable byte buffer with a hard maximum size. It holds what was received of an unfinished
 * line, a transcript, what a write left over. Starts as zeroes and holds no memory until something
 * is put into it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <postwatch/probe.h>

struct buffer {
	char *data; /* not ended by NUL; NULL while nothing was ever put into it */
	uint32_t size, room;
};

/* Appends. False, with nothing changed: it would then hold more than `max` bytes, or there is no
 * memory. */
bool buffer_add(struct buffer *, const void *bytes, size_t size, size_t max);

/* Room for `size` more bytes, to be written behind the end and counted by adding to ->size. NULL as
 * above. */
char *buffer_reserve(struct buffer *, size_t size, size_t max);

/* Takes `size` bytes out from offset `at`; what follows moves up. */
void buffer_remove(struct buffer *, size_t at, size_t size);

/* Empties it and keeps the memory; buffer_fini gives the memory back and leaves zeroes, ready for
 * use again. */
void buffer_clear(struct buffer *);
void buffer_fini(struct buffer *);

/* A view, good until the buffer changes. */
static inline struct pw_bytes
buffer_view(const struct buffer *buffer)
{
	return (struct pw_bytes){ buffer->data == NULL ? "" : buffer->data, buffer->size };
}
