/* Prints a struct by its form: "duty=2 index=3", foreign bytes as printable ASCII and hexadecimal. Every view is read whole. */
#ifndef TESTS_WIRE_PRINT_H
#define TESTS_WIRE_PRINT_H

#include <inttypes.h>
#include <string.h>

#include "base/address.h"
#include "base/text.h"
#include "base/wire_form.h"

static inline void
print_bytes(struct text *text, struct pw_bytes bytes)
{
	text_add(text, "\"");
	for (size_t i = 0; i < bytes.size; i++) {
		unsigned char c = (unsigned char)bytes.data[i];
		text_format(text, c >= ' ' && c < 0x7f && c != '"' && c != '\\' ? "%c" : "\\x%02x", c);
	}
	text_add(text, "\"");
}

static inline void wire_print(struct text *text, const struct wire_form *form, const void *record);

static inline void
print_item(struct text *text, const struct wire_field *field, const void *member)
{
	switch (field->kind) {
	case WIRE_U8:
	case WIRE_U16:
	case WIRE_U32:
	case WIRE_U64:
	case WIRE_INDEX:
	case WIRE_INDEX_OR_NONE:
		text_format(text, "%" PRIu64, wire_number(field, member));
		break;
	case WIRE_I64:
		text_format(text, "%" PRId64, *(const int64_t *)member);
		break;
	case WIRE_NAME:
	case WIRE_STRING:
		print_bytes(text, (struct pw_bytes){ member, strlen(member) });
		break;
	case WIRE_BYTES:
	case WIRE_TEXT:
	case WIRE_LINES:
		print_bytes(text, *(const struct pw_bytes *)member);
		break;
	case WIRE_ADDRESS:
		address_add(text, member);
		break;
	case WIRE_PART:
		text_add(text, "{ ");
		wire_print(text, field->form, member);
		text_add(text, "}");
		break;
	case WIRE_BIT:
		text_add(text, *(const bool *)member ? "1" : "0");
		break;
	case WIRE_OWN:
		text_add(text, "…");
		break;
	}
}

static inline void
wire_print(struct text *text, const struct wire_form *form, const void *record)
{
	for (const struct wire_field *field = form->fields; field->name != NULL; field++) {
		uint32_t count = wire_count(field, record);

		text_format(text, "%s=", field->name);
		for (uint32_t i = 0; i < count; i++) {
			text_add(text, i > 0 ? "," : "");
			print_item(text, field, (const char *)record + field->offset + (size_t)i * field->size);
		}
		text_add(text, " ");
	}
}

#endif
