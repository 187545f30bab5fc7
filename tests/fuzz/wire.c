/* The first bytes say which fields are read from the rest: a reader never leaves its bytes, and what is read whole is
 * written as the same bytes again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
copy_field(uint8_t kind, struct wire_in *in, struct wire_out *out)
{
	char name[256];

	switch (kind % 8) {
	case 0: wire_put_u8(out, wire_get_u8(in)); break;
	case 1: wire_put_u16(out, wire_get_u16(in)); break;
	case 2: wire_put_u32(out, wire_get_u32(in)); break;
	case 3: wire_put_u64(out, wire_get_u64(in)); break;
	case 4: wire_put_i64(out, wire_get_i64(in)); break;
	case 5: wire_put_bytes(out, wire_get_bytes(in)); break;
	case 6:
		wire_get_name(in, name, sizeof name);
		assert(strlen(name) < sizeof name);
		wire_put_name(out, name);
		break;
	case 7: wire_put_u8(out, wire_get_choice(in, 9)); break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0 || size > WIRE_MAX)
		return 0;
	size_t fields = bytes[0] < size ? bytes[0] : size - 1;
	const uint8_t *message = bytes + 1 + fields;
	size_t message_size = size - 1 - fields, room = message_size + 8 * fields + 8;
	uint8_t *again = malloc(room);
	struct wire_in in = wire_from(message, message_size);
	struct wire_out out = wire_over(again, room);

	for (size_t i = 0; i < fields; i++)
		copy_field(bytes[1 + i], &in, &out);
	assert(in.at <= in.size && out.size <= room);
	if (!in.bad) {
		assert(!out.bad && out.size == in.at);
		assert(memcmp(again, message, out.size) == 0);
	}
	free(again);
	return 0;
}
