/*
 * Messages between our processes: fields in fixed order and host byte order, one message a packet.
 * A writer that runs out of room and a reader that runs out of bytes remember it (`bad`), go on
 * harmlessly, and are asked once at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

void wire_put_u8(struct wire_out *, uint8_t);
void wire_put_u16(struct wire_out *, uint16_t);
void wire_put_u32(struct wire_out *, uint32_t);
void wire_put_u64(struct wire_out *, uint64_t);
void wire_put_i64(struct wire_out *, int64_t);
void wire_put_bytes(struct wire_out *, struct pw_bytes); /* at most 65,535 bytes, or bad */
void wire_put_name(struct wire_out *, const char *);     /* at most 255 bytes, or bad */

uint8_t wire_get_u8(struct wire_in *);
uint16_t wire_get_u16(struct wire_in *);
uint32_t wire_get_u32(struct wire_in *);
uint64_t wire_get_u64(struct wire_in *);
int64_t wire_get_i64(struct wire_in *);
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
