/*
 * Encodes and decodes structs by their forms, tables with a row for each member: for messages
 * between processes and for records that are stored.
 */
#include "base/wire_form.h"

#include <assert.h>
#include <string.h>

#include "base/address.h"

/* Bytes of the kinds that are numbers. */
static const uint8_t widths[] = { [WIRE_U8] = 1, [WIRE_U16] = 2, [WIRE_U32] = 4, [WIRE_U64] = 8,
	[WIRE_INDEX] = 4, [WIRE_INDEX_OR_NONE] = 4 };

/* A member may be wider than its field: an enum, a bool, a uint32_t with a small range. */
static uint64_t
load(const void *member, size_t size)
{
	uint64_t value = 0;

	assert(size <= sizeof value);
	wire_copy(wire_low(&value, size), member, size);
	return value;
}

static void
save(void *member, size_t size, uint64_t value)
{
	assert(size <= sizeof value);
	wire_copy(member, wire_low(&value, size), size);
}

uint32_t
wire_count(const struct wire_field *field, const void *record)
{
	if (field->fixed)
		return field->room;
	return field->room > 0 ? (uint32_t)load((const char *)record + field->count,
	    field->counted) : 1;
}

uint64_t
wire_number(const struct wire_field *field, const void *member)
{
	return load(member, field->size);
}

/* Returns the last of the rows that share the byte. */
static const struct wire_field *
put_bits(struct wire_out *out, const struct wire_field *field, const char *record)
{
	unsigned bits = 0, count = 0;

	for (; field[count].kind == WIRE_BIT; count++)
		bits |= (unsigned)*(const bool *)(record + field[count].offset) << count;
	assert(count <= 8);
	wire_put_u8(out, (uint8_t)bits);
	return &field[count - 1];
}

static void
put_item(struct wire_out *out, const struct wire_field *field, const void *member,
    const void *context)
{
	switch (field->kind) {
	case WIRE_U8:
	case WIRE_U16:
	case WIRE_U32:
	case WIRE_U64:
	case WIRE_INDEX:
	case WIRE_INDEX_OR_NONE:
		wire_put_number(out, load(member, field->size), widths[field->kind]);
		break;
	case WIRE_I64:
		wire_put_i64(out, *(const int64_t *)member);
		break;
	case WIRE_NAME:
		wire_put_name(out, member);
		break;
	case WIRE_STRING:
		wire_put_bytes(out, (struct pw_bytes){ member, strnlen(member, field->size) });
		break;
	case WIRE_BYTES:
	case WIRE_TEXT:
	case WIRE_LINES:
		wire_put_bytes(out, *(const struct pw_bytes *)member);
		break;
	case WIRE_ADDRESS:
		wire_put_bytes(out, address_bytes(member));
		break;
	case WIRE_PART:
		wire_put_form_as(out, field->form, member, context);
		break;
	case WIRE_OWN:
		field->type->put(out, member, context);
		break;
	case WIRE_BIT:
		break;
	}
}

void
wire_put_form(struct wire_out *out, const struct wire_form *form, const void *record)
{
	wire_put_form_as(out, form, record, NULL);
}

void
wire_put_form_as(struct wire_out *out, const struct wire_form *form, const void *record,
    const void *context)
{
	for (const struct wire_field *field = form->fields; field->name != NULL; field++) {
		const char *member = (const char *)record + field->offset;
		uint32_t count = wire_count(field, record);

		assert(field->room <= UINT8_MAX);
		if (field->kind == WIRE_BIT) {
			field = put_bits(out, field, record);
			continue;
		}
		if (field->room > 0 && !field->fixed) {
			out->bad |= count > field->room;
			wire_put_u8(out, (uint8_t)count);
		}
		for (uint32_t i = 0; i < count && !out->bad; i++)
			put_item(out, field, member + (size_t)i * field->size, context);
	}
}

static void
get_number(struct wire_in *in, const struct wire_field *field, void *member, uint32_t limit)
{
	unsigned width = widths[field->kind];
	uint64_t value = wire_get_number(in, width);
	bool holds = value >= (uint64_t)field->min && (field->max == 0 || value <= field->max);

	assert(width <= field->size && field->min >= 0);
	if (field->kind == WIRE_INDEX || field->kind == WIRE_INDEX_OR_NONE)
		holds = value < limit || (field->kind == WIRE_INDEX_OR_NONE && value == UINT32_MAX);
	wire_require(in, holds);
	save(member, field->size, in->bad ? 0 : value);
}

/* Text (wire_get_text) with line feeds. */
static struct pw_bytes
get_lines(struct wire_in *in, size_t max)
{
	struct pw_bytes lines = wire_get_bytes(in);

	wire_require(in, lines.size <= max);
	for (size_t i = 0; i < lines.size && !in->bad; i++) {
		unsigned char c = (unsigned char)lines.data[i];
		wire_require(in, (c >= ' ' && c != 0x7f) || c == '\n');
	}
	return lines;
}

static void
get_string(struct wire_in *in, char *into, size_t room)
{
	struct pw_bytes text = wire_get_text(in, room - 1);

	into[0] = '\0';
	if (in->bad)
		return;
	memcpy(into, text.data, text.size);
	into[text.size] = '\0';
}

static void
get_address(struct wire_in *in, struct address *address)
{
	struct pw_bytes bytes = wire_get_bytes(in);

	if (bytes.size == sizeof address->v4.sin_addr)
		*address = address_ipv4(bytes.data, 0);
	else if (bytes.size == sizeof address->v6.sin6_addr)
		*address = address_ipv6(bytes.data, 0);
	else
		in->bad = true;
}

static void
get_item(struct wire_in *in, const struct wire_field *field, void *member,
    const struct wire_terms *terms)
{
	size_t max = field->max == 0 ? SIZE_MAX : (size_t)field->max;

	switch (field->kind) {
	case WIRE_U8:
	case WIRE_U16:
	case WIRE_U32:
	case WIRE_U64:
	case WIRE_INDEX:
	case WIRE_INDEX_OR_NONE:
		get_number(in, field, member, terms->limit);
		break;
	case WIRE_I64:
		*(int64_t *)member = wire_get_i64(in);
		wire_require(in, *(int64_t *)member >= field->min);
		break;
	case WIRE_NAME:
		wire_get_name(in, member, field->size);
		break;
	case WIRE_STRING:
		get_string(in, member, field->size);
		break;
	case WIRE_BYTES:
		*(struct pw_bytes *)member = wire_get_bytes(in);
		wire_require(in, ((struct pw_bytes *)member)->size <= max);
		break;
	case WIRE_TEXT:
		*(struct pw_bytes *)member = wire_get_text(in, max);
		break;
	case WIRE_LINES:
		*(struct pw_bytes *)member = get_lines(in, max);
		break;
	case WIRE_ADDRESS:
		get_address(in, member);
		break;
	case WIRE_PART:
		wire_get_form(in, field->form, member, terms);
		break;
	case WIRE_OWN:
		field->type->get(in, member, terms->context);
		break;
	case WIRE_BIT:
		break;
	}
}

/* Returns the last of the rows that share the byte, which has no bit beyond them. */
static const struct wire_field *
get_bits(struct wire_in *in, const struct wire_field *field, char *record)
{
	unsigned bits = wire_get_u8(in), count = 0;

	for (; field[count].kind == WIRE_BIT; count++)
		*(bool *)(record + field[count].offset) = bits >> count & 1;
	wire_require(in, bits >> count == 0);
	return &field[count - 1];
}

/* How many items follow; none where that is more than there is room for. */
static uint32_t
get_count(struct wire_in *in, const struct wire_field *field, void *record)
{
	uint32_t count = wire_get_u8(in);

	wire_require(in, count <= field->room);
	if (in->bad)
		count = 0;
	save((char *)record + field->count, field->counted, count);
	return count;
}

/* What is read behind an error is zero and harmless, so that only the end is asked whether all
 * was well. */
void
wire_get_form(struct wire_in *in, const struct wire_form *form, void *record,
    const struct wire_terms *terms)
{
	for (const struct wire_field *field = form->fields; field->name != NULL; field++) {
		char *member = (char *)record + field->offset;

		if (field->since > terms->version)
			continue;
		if (field->kind == WIRE_BIT) {
			field = get_bits(in, field, record);
			continue;
		}
		uint32_t count = field->room > 0 && !field->fixed ? get_count(in, field, record)
		    : wire_count(field, record);
		for (uint32_t i = 0; i < count; i++)
			get_item(in, field, member + (size_t)i * field->size, terms);
	}
	if (!in->bad && form->holds != NULL)
		wire_require(in, form->holds(record));
}
