/*
 * Encoder and decoder of the fields of messages between our processes: integers, strings and bytes
 * in host byte order, every length checked.
 */
#include "base/wire.h"

#include <assert.h>
#include <string.h>

struct wire_out
wire_over(void *bytes, size_t room)
{
	return (struct wire_out){ .bytes = bytes, .room = room };
}

struct wire_in
wire_from(const void *bytes, size_t size)
{
	return (struct wire_in){ .bytes = bytes, .size = size };
}

static void
put(struct wire_out *out, const void *bytes, size_t size)
{
	if (out->bad || size > out->room - out->size) {
		out->bad = true;
		return;
	}
	if (size > 0)
		memcpy(out->bytes + out->size, bytes, size);
	out->size += size;
}

/* `size` bytes of the message, NULL where it has no more so many. */
static const void *
take(struct wire_in *in, size_t size)
{
	if (in->bad || size > in->size - in->at) {
		in->bad = true;
		return NULL;
	}
	in->at += size;
	return in->bytes + in->at - size;
}

/* A number is its bytes as the host has them: packets and records are read on the machine that
 * wrote them. */
void
wire_put_number(struct wire_out *out, uint64_t value, size_t width)
{
	assert(width <= sizeof value);
	out->bad |= width > out->room - out->size
	    || (width < sizeof value && value >> 8 * width != 0);
	if (out->bad)
		return;
	wire_copy(out->bytes + out->size, wire_low(&value, width), width);
	out->size += width;
}

uint64_t
wire_get_number(struct wire_in *in, size_t width)
{
	const void *bytes = take(in, width);
	uint64_t value = 0;

	if (bytes != NULL)
		wire_copy(wire_low(&value, width), bytes, width);
	return value;
}

void
wire_put_bytes(struct wire_out *out, struct pw_bytes bytes)
{
	if (bytes.size > UINT16_MAX)
		out->bad = true;
	wire_put_u16(out, (uint16_t)bytes.size);
	put(out, bytes.data, bytes.size);
}

void
wire_put_name(struct wire_out *out, const char *name)
{
	size_t size = strlen(name);

	if (size > UINT8_MAX)
		out->bad = true;
	wire_put_u8(out, (uint8_t)size);
	put(out, name, size);
}

struct pw_bytes
wire_get_bytes(struct wire_in *in)
{
	size_t size = wire_get_u16(in);
	const char *data = take(in, size);

	return data == NULL ? (struct pw_bytes){ "", 0 } : (struct pw_bytes){ data, size };
}

/* Printable ASCII alone: names are compared, logged and written to columns without escaping. */
void
wire_get_name(struct wire_in *in, char *name, size_t room)
{
	size_t size = wire_get_u8(in);
	const char *data = take(in, size);

	bool printable = data != NULL && size < room;
	for (size_t i = 0; printable && i < size; i++)
		printable &= data[i] >= 0x20 && data[i] < 0x7f;
	wire_require(in, printable);
	if (printable)
		memcpy(name, data, size);
	name[printable ? size : 0] = '\0';
}

uint8_t
wire_get_choice(struct wire_in *in, uint8_t limit)
{
	uint8_t value = wire_get_u8(in);

	wire_require(in, value < limit);
	return value < limit ? value : 0;
}

struct pw_bytes
wire_get_text(struct wire_in *in, size_t max)
{
	struct pw_bytes text = wire_get_bytes(in);

	wire_require(in, text.size <= max);
	for (size_t i = 0; i < text.size; i++)
		wire_require(in, (unsigned char)text.data[i] >= ' ' && text.data[i] != 0x7f);
	return text;
}

void
wire_require(struct wire_in *in, bool holds)
{
	if (!holds)
		in->bad = true;
}

bool
wire_is_whole(const struct wire_in *in)
{
	assert(in->at <= in->size);
	return !in->bad && in->at == in->size;
}
