/* Versioned, since it outlives us. */
#include "keeper/rest.h"

enum { REST_VERSION = 1 };

void
rest_put(const struct notice_rest *rest, struct wire_out *out)
{
	wire_put_u8(out, REST_VERSION);
	wire_put_name(out, rest->from);
	wire_put_name(out, rest->to);
	wire_put_u8(out, (uint8_t)rest->attempt_count);
	for (uint32_t i = 0; i < rest->attempt_count; i++)
		wire_put_u64(out, rest->attempts[i]);
	wire_put_u32(out, rest->covered);
	wire_put_u8(out, (uint8_t)rest->covers_count);
	for (uint32_t i = 0; i < rest->covers_count; i++)
		wire_put_u64(out, rest->covers[i]);
}

bool
rest_get(struct notice_rest *rest, struct pw_bytes bytes)
{
	struct wire_in in = wire_from(bytes.data, bytes.size);

	*rest = (struct notice_rest){ .attempt_count = 0 };
	in.bad |= wire_get_u8(&in) != REST_VERSION;
	wire_get_name(&in, rest->from, sizeof rest->from);
	wire_get_name(&in, rest->to, sizeof rest->to);
	rest->attempt_count = wire_get_choice(&in, CHANGE_ATTEMPTS_MAX + 1);
	for (uint32_t i = 0; i < rest->attempt_count; i++)
		rest->attempts[i] = wire_get_u64(&in);
	rest->covered = wire_get_u32(&in);
	rest->covers_count = wire_get_choice(&in, REST_COVERS_MAX + 1);
	for (uint32_t i = 0; i < rest->covers_count; i++)
		rest->covers[i] = wire_get_u64(&in);
	if (wire_is_whole(&in))
		return true;
	*rest = (struct notice_rest){ .attempt_count = 0 };
	return false;
}
