/* Versioned, since it outlives us. */
#include "keeper/rest.h"

/* Behind what version 1 has stand the names. */
enum { REST_OLDEST = 1, REST_VERSION = 2 };

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
	wire_put_u8(out, rest->named);
	if (rest->named)
		message_put_names(out, &rest->names);
}

bool
rest_get(struct notice_rest *rest, struct pw_bytes bytes)
{
	struct wire_in in = wire_from(bytes.data, bytes.size);
	uint8_t version = wire_get_u8(&in);

	*rest = (struct notice_rest){ .attempt_count = 0 };
	in.bad |= version < REST_OLDEST || version > REST_VERSION;
	wire_get_name(&in, rest->from, sizeof rest->from);
	wire_get_name(&in, rest->to, sizeof rest->to);
	rest->attempt_count = wire_get_choice(&in, CHANGE_ATTEMPTS_MAX + 1);
	for (uint32_t i = 0; i < rest->attempt_count; i++)
		rest->attempts[i] = wire_get_u64(&in);
	rest->covered = wire_get_u32(&in);
	rest->covers_count = wire_get_choice(&in, REST_COVERS_MAX + 1);
	for (uint32_t i = 0; i < rest->covers_count; i++)
		rest->covers[i] = wire_get_u64(&in);
	rest->named = version > REST_OLDEST && wire_get_choice(&in, 2) != 0;
	if (rest->named)
		message_get_names(&in, &rest->names);
	if (wire_is_whole(&in))
		return true;
	*rest = (struct notice_rest){ .attempt_count = 0 };
	return false;
}
