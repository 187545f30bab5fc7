/* Any bytes as key, text and foreign string give valid JSON in valid UTF-8, and foreign bytes can be told from it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char *
take(const char *at, const char *literal)
{
	assert(strncmp(at, literal, strlen(literal)) == 0);
	return at + strlen(literal);
}

/* Reads a JSON string, strictly; adds what it means to `meaning`. */
static const char *
take_string(const char *at, struct buffer *meaning, size_t max)
{
	at = take(at, "\"");
	while (*at != '"') {
		size_t size = text_printable(at, strlen(at));
		char byte = *at;

		assert(size > 0);
		if (byte != '\\') {
			assert(buffer_add(meaning, at, size, max));
			at += size;
			continue;
		}
		byte = at[1];
		if (byte == 'u') {
			char digits[5] = { at[2], at[3], at[4], at[5], '\0' };

			byte = (char)strtol(digits, NULL, 16);
			assert(strspn(digits, "0123456789abcdef") == 4 && digits[0] == '0' && digits[1] == '0');
			at += 4;
		} else if (byte == 'n') {
			byte = '\n';
		} else {
			assert(byte == '"' || byte == '\\');
		}
		assert(buffer_add(meaning, &byte, 1, max));
		at += 2;
	}
	return at + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct buffer out = { .data = NULL }, meaning = { .data = NULL }, text = { .data = NULL };
	struct json json = json_to_buffer(&out, 1 << 20);
	struct pw_bytes input = { (const char *)bytes, size };
	char *key = strndup((const char *)bytes, size);

	if (size > 10000) {
		free(key);
		return 0;
	}
	json_begin_object(&json, NULL);
	json_text(&json, key, input);
	json_foreign(&json, "foreign", input);
	json_end(&json);
	assert(json_finish_line(&json) && buffer_add(&out, "", 1, 1 << 20));
	assert(strlen(out.data) == out.size - 1u);

	const char *at = take_string(take(out.data, "{"), &text, 1 << 20);
	at = take_string(take(at, ":"), &text, 1 << 20);
	at = take_string(take(at, ",\"foreign\":"), &meaning, 1 << 20);
	assert(strcmp(at, "}\n") == 0);

	char *escaped_bytes = malloc(4 * size + 1);
	struct text escaped = text_over(escaped_bytes, 4 * size + 1);
	text_escape(&escaped, input);
	assert(meaning.size == escaped.size);
	assert(escaped.size == 0 || memcmp(meaning.data, escaped.bytes, escaped.size) == 0);
	free(escaped_bytes);
	free(key);
	buffer_fini(&out), buffer_fini(&meaning), buffer_fini(&text);
	return 0;
}
