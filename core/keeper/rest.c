/* Versioned, since it outlives us. */
#include "keeper/rest.h"

/* Behind what version 1 has stand the names. */
enum { REST_OLDEST = 1, REST_VERSION = 2 };

static const struct wire_form rest_form = { WIRE_FORM(notice_rest,
	WIRE_FIELD(NAME, notice_rest, from),
	WIRE_FIELD(NAME, notice_rest, to),
	WIRE_LIST(U64, notice_rest, attempts, attempt_count),
	WIRE_FIELD(U32, notice_rest, covered),
	WIRE_LIST(U64, notice_rest, covers, covers_count),
	WIRE_OPTIONAL(notice_rest, names, named, .form = &notice_names_form, .since = 2)) };

void
rest_put(const struct notice_rest *rest, struct wire_out *out)
{
	wire_put_u8(out, REST_VERSION);
	wire_put_form(out, &rest_form, rest);
}

bool
rest_get(struct notice_rest *rest, struct pw_bytes bytes)
{
	struct wire_in in = wire_from(bytes.data, bytes.size);
	struct wire_terms terms = { .version = wire_get_u8(&in) };

	*rest = (struct notice_rest){ .attempt_count = 0 };
	in.bad |= terms.version < REST_OLDEST || terms.version > REST_VERSION;
	wire_get_form(&in, &rest_form, rest, &terms);
	if (wire_is_whole(&in))
		return true;
	*rest = (struct notice_rest){ .attempt_count = 0 };
	return false;
}
