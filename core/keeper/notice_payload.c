/*
 * For the keeper: encodes and decodes the part of a notice that has no columns of its own in the
 * store, as bytes of one column. The bytes have a version, since later versions of the program read
 * them.
 */
#include "keeper/notice_payload.h"

/* Behind what version 1 has stand the names, behind those the tag. */
enum { PAYLOAD_OLDEST = 1, PAYLOAD_VERSION = 3 };

static const struct wire_form payload_form = { WIRE_FORM(notice_payload,
	WIRE_FIELD(NAME, notice_payload, from),
	WIRE_FIELD(NAME, notice_payload, to),
	WIRE_LIST(U64, notice_payload, attempts, attempt_count),
	WIRE_FIELD(U32, notice_payload, covered),
	WIRE_LIST(U64, notice_payload, covers, covers_count),
	WIRE_OPTIONAL(notice_payload, names, named, .form = &notice_names_form, .since = 2),
	WIRE_FIELD(STRING, notice_payload, tag, .since = 3)) };

void
payload_put(const struct notice_payload *payload, struct wire_out *out)
{
	wire_put_u8(out, PAYLOAD_VERSION);
	wire_put_form(out, &payload_form, payload);
}

bool
payload_get(struct notice_payload *payload, struct pw_bytes bytes)
{
	struct wire_in in = wire_from(bytes.data, bytes.size);
	struct wire_terms terms = { .version = wire_get_u8(&in) };

	*payload = (struct notice_payload){ .attempt_count = 0 };
	in.bad |= terms.version < PAYLOAD_OLDEST || terms.version > PAYLOAD_VERSION;
	wire_get_form(&in, &payload_form, payload, &terms);
	if (wire_is_whole(&in))
		return true;
	*payload = (struct notice_payload){ .attempt_count = 0 };
	return false;
}
