/*
 * A streaming JSON writer (RFC 8259), for commands, the API and notices: commas, nesting and
 * escapes.
 */
#include "base/json.h"

#include <assert.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "base/zone.h"

struct json
json_to_file(FILE *file)
{
	return (struct json){ .file = file };
}

struct json
json_to_buffer(struct buffer *buffer, size_t max)
{
	return (struct json){ .buffer = buffer, .max = max };
}

/* After a failure nothing more is written, and the caller is told once, at the end. */
static void
put(struct json *json, const char *bytes, size_t size)
{
	if (json->bad || size == 0)
		return;
	if (json->file != NULL)
		json->bad = fwrite(bytes, 1, size, json->file) != size;
	else
		json->bad = !buffer_add(json->buffer, bytes, size, json->max);
}

/* One byte that cannot stand for itself. `foreign`: as text_escape shows it, its backslashes quoted
 * in turn. */
static void
put_escaped(struct json *json, char byte, bool foreign)
{
	struct text text = TEXT_ROOM(8);
	unsigned value = (unsigned char)byte;

	if (byte == '"')
		text_add(&text, "\\\"");
	else if (byte == '\\')
		text_add(&text, foreign ? "\\\\\\\\" : "\\\\");
	else if (byte == '\n' && !foreign)
		text_add(&text, "\\n");
	else
		text_format(&text, !foreign && value < 0x20 ? "\\u%04x" : "\\\\x%02x", value);
	put(json, text.bytes, text.size);
}

/* Plain bytes are written in runs: nearly all are. */
static void
put_string(struct json *json, struct pw_bytes string, bool foreign)
{
	const char *at = string.data;
	size_t left = string.size;

	put(json, "\"", 1);
	while (left > 0) {
		size_t size = 0;

		while (size < left && at[size] >= 0x20 && at[size] < 0x7f && at[size] != '"'
		    && at[size] != '\\')
			size++;
		if (size == 0 && at[0] != '"' && at[0] != '\\')
			size = text_printable(at, left);
		if (size > 0) {
			put(json, at, size);
		} else {
			put_escaped(json, at[0], foreign);
			size = 1;
		}
		at += size;
		left -= size;
	}
	put(json, "\"", 1);
}

/* What stands before a value. */
static void
begin(struct json *json, const char *key)
{
	bool in_object = json->depth > 0 && (json->arrays & 1u << (json->depth - 1)) == 0;

	assert(in_object == (key != NULL));
	assert(json->depth > 0 || !json->has_items);
	if (json->has_items)
		put(json, ",", 1);
	json->has_items = true;
	if (key != NULL) {
		put_string(json, (struct pw_bytes){ key, strlen(key) }, false);
		put(json, ":", 1);
	}
}

static void
open_level(struct json *json, const char *key, bool array)
{
	begin(json, key);
	assert(json->depth < JSON_DEPTH_MAX);
	put(json, array ? "[" : "{", 1);
	json->arrays &= ~(1u << json->depth);
	json->arrays |= (uint32_t)array << json->depth;
	json->depth++;
	json->has_items = false;
}

void
json_begin_object(struct json *json, const char *key)
{
	open_level(json, key, false);
}

void
json_begin_array(struct json *json, const char *key)
{
	open_level(json, key, true);
}

void
json_end(struct json *json)
{
	assert(json->depth > 0);
	json->depth--;
	put(json, json->arrays & 1u << json->depth ? "]" : "}", 1);
	json->has_items = true;
}

void
json_string(struct json *json, const char *key, const char *text)
{
	if (text == NULL)
		json_null(json, key);
	else
		json_text(json, key, (struct pw_bytes){ text, strlen(text) });
}

void
json_text(struct json *json, const char *key, struct pw_bytes text)
{
	begin(json, key);
	put_string(json, text, false);
}

void
json_foreign(struct json *json, const char *key, struct pw_bytes foreign)
{
	begin(json, key);
	put_string(json, foreign, true);
}

void
json_int(struct json *json, const char *key, int64_t number)
{
	struct text text = TEXT_ROOM(24);

	begin(json, key);
	text_add_i64(&text, number);
	put(json, text.bytes, text.size);
}

void
json_seconds(struct json *json, const char *key, int64_t microseconds)
{
	struct text text = TEXT_ROOM(32);

	begin(json, key);
	text_add_seconds(&text, microseconds);
	put(json, text.bytes, text.size);
}

void
json_time(struct json *json, const char *key, int64_t utc)
{
	struct text text = TEXT_ROOM(40);

	zone_add_utc(&text, utc);
	json_string(json, key, utc == 0 ? NULL : text.bytes);
}

void
json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	put(json, value ? "true" : "false", value ? 4 : 5);
}

void
json_null(struct json *json, const char *key)
{
	begin(json, key);
	put(json, "null", 4);
}

struct json
json_begin_line(FILE *file)
{
	struct json json = json_to_file(file);

	json_begin_object(&json, NULL);
	return json;
}

bool
json_finish_line(struct json *json)
{
	assert(json->depth == 0 && json->has_items);
	put(json, "\n", 1);
	bool good = !json->bad;
	json->bad = json->has_items = false;
	return good;
}

bool
json_end_line(struct json *json)
{
	json_end(json);
	return json_finish_line(json);
}
