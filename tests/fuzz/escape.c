/* What text_escape makes is printable, does not change when escaped again but for its backslashes, tells the original
 * bytes, and when cut is a beginning of the whole. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static uint8_t
digit(char c)
{
	assert((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void
check_printable(const struct text *text)
{
	for (size_t at = 0, size; at < text->size; at += size) {
		size = text_printable(text->bytes + at, text->size - at);
		assert(size > 0);
	}
}

static void
check_reversible(const struct text *text, const uint8_t *bytes, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < text->size; i++, at++) {
		uint8_t byte = (uint8_t)text->bytes[i];

		if (byte == '\\' && text->bytes[++i] == 'x') {
			byte = (uint8_t)(digit(text->bytes[i + 1]) << 4 | digit(text->bytes[i + 2]));
			i += 2;
		} else {
			assert(byte != '\\' || text->bytes[i] == '\\');
		}
		assert(at < size && byte == bytes[at]);
	}
	assert(at == size);
}

/* A cut ends between two escapes or sequences: the pieces of the whole, of which some are missing. */
static void
check_cut(const struct text *whole, const uint8_t *bytes, size_t size, size_t room)
{
	char *cut_bytes = malloc(room);
	struct text cut = text_over(cut_bytes, room);
	size_t at = 0;

	text_escape(&cut, (struct pw_bytes){ (const char *)bytes, size });
	assert(cut.size < room && cut.bytes[cut.size] == '\0');
	assert(cut.size <= whole->size && memcmp(cut.bytes, whole->bytes, cut.size) == 0);
	assert(cut.cut == (cut.size < whole->size));
	while (at < cut.size) {
		if (whole->bytes[at] == '\\')
			at += whole->bytes[at + 1] == 'x' ? 4 : 2;
		else
			at += text_printable(whole->bytes + at, whole->size - at);
	}
	assert(at == cut.size);
	free(cut_bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	size_t room = 4 * size + 1;
	char *whole_bytes = malloc(room);
	struct text whole = text_over(whole_bytes, room);

	text_escape(&whole, (struct pw_bytes){ (const char *)bytes, size });
	assert(!whole.cut && strlen(whole.bytes) == whole.size);
	check_printable(&whole);
	check_reversible(&whole, bytes, size);
	for (size_t cut = 1; cut <= whole.size + 1 && cut < 200; cut++)
		check_cut(&whole, bytes, size, cut);
	free(whole_bytes);
	return 0;
}
