/*
 * The encoding of messages between our processes: fields in fixed order and host byte order, one
 * message a packet. A writer that runs out of room and a reader that runs out of bytes remember it
 * (`bad`), go on harmlessly, and are asked once at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <postwatch/probe.h>

enum { WIRE_MAX = 60 * 1024 }; /* bytes of a message */

struct wire_out {
	unsigned char *bytes;
	size_t size, room;
	bool bad;
};

struct wire_in {
	const unsigned char *bytes;
	size_t size, at;
	bool bad;
};

struct wire_out wire_over(void *bytes, size_t room);
struct wire_in wire_from(const void *bytes, size_t size);

/* Where the low `width` bytes of a number lie. */
static inline void *
wire_low(uint64_t *number, size_t width)
{
	bool is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

	return (unsigned char *)number + (is_big ? sizeof *number - width : 0);
}

/* Copies 1, 2, 4 or 8 bytes: a width that the compiler knows is one instruction, and any width a
 * call. */
static inline void
wire_copy(void *to, const void *from, size_t width)
{
	switch (width) {
	case 1: memcpy(to, from, 1); break;
	case 2: memcpy(to, from, 2); break;
	case 4: memcpy(to, from, 4); break;
	default: memcpy(to, from, 8);
	}
}

/* Numbers of 1, 2, 4 or 8 bytes; bad where one is wider. */
void wire_put_number(struct wire_out *, uint64_t, size_t width);
uint64_t wire_get_number(struct wire_in *, size_t width);

/* wire_put_u8(), wire_get_u8() and so on. */
#define WIRE_NUMBER(name_, type_) \
	static inline void wire_put_##name_(struct wire_out *out, type_ value) \
	{ wire_put_number(out, (uint64_t)value, sizeof value); } \
	static inline type_ wire_get_##name_(struct wire_in *in) \
	{ return (type_)wire_get_number(in, sizeof(type_)); }
WIRE_NUMBER(u8, uint8_t)
WIRE_NUMBER(u16, uint16_t)
WIRE_NUMBER(u32, uint32_t)
WIRE_NUMBER(u64, uint64_t)
WIRE_NUMBER(i64, int64_t)
void wire_put_bytes(struct wire_out *, struct pw_bytes); /* at most 65,535 bytes, or bad */
void wire_put_name(struct wire_out *, const char *);     /* at most 255 bytes, or bad */

struct pw_bytes wire_get_bytes(struct wire_in *);                      /* a view into the message */
void wire_get_name(struct wire_in *, char *name, size_t room);         /* bad where it does not fit
                                                                        * or is not printable ASCII
                                                                        * */
uint8_t wire_get_choice(struct wire_in *, uint8_t limit);              /* the same for a u8 */

struct pw_bytes wire_get_text(struct wire_in *, size_t max);           /* bad beyond `max`, and with
                                                                        * a control character in it
                                                                        * */
void wire_require(struct wire_in *, bool holds);                       /* bad where it does not */

/* All was well and nothing is left over. */
bool wire_is_whole(const struct wire_in *);
