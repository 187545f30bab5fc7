/* Encodes a row as bytes and decodes it, field by field, for the answers that the web process
 * gives to commands. */
#include "store/row_bytes.h"

#include <string.h>

#include "base/hash.h"

static bool
put_bytes(struct buffer *into, size_t max, struct pw_bytes bytes)
{
	uint32_t size = (uint32_t)bytes.size;

	return bytes.size == size && buffer_add(into, &size, sizeof size, max)
	    && (size == 0 || buffer_add(into, bytes.data, size, max));
}

/* A text goes with its NUL: whoever reads it needs no copy to have one. */
bool
row_put(struct buffer *into, size_t max, const struct field *field, const void *record)
{
	bool good = true;

	for (; good && field->column != NULL; field++) {
		const void *member = (const char *)record + field->offset;
		const char *text;

		switch (field->type) {
		case FIELD_U32:
			good = buffer_add(into, member, sizeof(uint32_t), max);
			break;
		case FIELD_I64:
			good = buffer_add(into, member, sizeof(int64_t), max);
			break;
		case FIELD_TEXT:
			text = *(const char *const *)member;
			text = text == NULL ? "" : text;
			good = put_bytes(into, max, (struct pw_bytes){ text, strlen(text) + 1 });
			break;
		case FIELD_BYTES:
			good = put_bytes(into, max, *(const struct pw_bytes *)member);
			break;
		}
	}
	return good;
}

static bool
get(struct pw_bytes *from, void *into, size_t size)
{
	if (from->size < size)
		return false;
	memcpy(into, from->data, size);
	from->data += size;
	from->size -= size;
	return true;
}

static bool
get_bytes(struct pw_bytes *from, struct pw_bytes *bytes)
{
	uint32_t size;

	if (!get(from, &size, sizeof size) || from->size < size)
		return false;
	*bytes = (struct pw_bytes){ from->data, size };
	from->data += size;
	from->size -= size;
	return true;
}

/* Commands print texts as they are. A text ends with a NUL, which is looked at, too. */
static bool
has_controls(const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)text[0], next = (unsigned char)text[1];

		if ((byte < ' ' && byte != '\n' && byte != '\t') || byte == 0x7f
		    || (byte == 0xc2 && next >= 0x80 && next < 0xa0)) /* U+0080 to U+009F */
			return true;
	}
	return false;
}

bool
row_get(struct pw_bytes *from, const struct field *field, void *record)
{
	bool good = true;

	for (; good && field->column != NULL; field++) {
		void *member = (char *)record + field->offset;
		struct pw_bytes bytes;

		switch (field->type) {
		case FIELD_U32:
			good = get(from, member, sizeof(uint32_t));
			break;
		case FIELD_I64:
			good = get(from, member, sizeof(int64_t));
			break;
		case FIELD_TEXT:
			good = get_bytes(from, &bytes) && bytes.size > 0
			    && memchr(bytes.data, '\0', bytes.size)
			        == bytes.data + bytes.size - 1
			    && !has_controls(bytes.data);
			if (good)
				*(const char **)member = bytes.data;
			break;
		case FIELD_BYTES:
			good = get_bytes(from, member);
			break;
		}
	}
	return good;
}

size_t
row_least(const struct field *field)
{
	size_t least = 0;

	for (; field->column != NULL; field++)
		least += field->type == FIELD_I64 ? sizeof(int64_t)
		    : sizeof(uint32_t) + (field->type == FIELD_TEXT); /* and its NUL */
	return least;
}

uint64_t
row_hash(uint64_t hash, const struct field *field)
{
	for (; field->column != NULL; field++) {
		hash = hash_add_string(hash, field->column);
		hash = hash_add(hash, &field->type, sizeof field->type);
	}
	return hash;
}
