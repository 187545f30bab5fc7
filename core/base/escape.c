/*
 * Escapes foreign bytes for printing. What a terminal, a log or a reader could be fooled by is
 * shown as \xNN: control and format characters, what turns the direction of writing, what cannot be
 * seen, what is no character.
 */
#include "base/text.h"

#include <string.h>

struct range {
	uint32_t first, last;
};

/*
 * Code points from U+0080 on that are not shown, in order: C1, format characters (Cf), bidi,
 * invisible fillers, line and paragraph separators, surrogates. The non-characters at the end of
 * each plane are tested by arithmetic.
 */
static const struct range hidden[] = {
	{ 0x80, 0x9f },       { 0xad, 0xad },       { 0x34f, 0x34f },     { 0x600, 0x605 },
	        { 0x61c, 0x61c },
	{ 0x6dd, 0x6dd },     { 0x70f, 0x70f },     { 0x890, 0x891 },     { 0x8e2, 0x8e2 },
	        { 0x115f, 0x1160 },
	{ 0x17b4, 0x17b5 },   { 0x180b, 0x180f },   { 0x200b, 0x200f },   { 0x2028, 0x202e },
	      { 0x2060, 0x206f },
	{ 0x3164, 0x3164 },   { 0xd800, 0xdfff },   { 0xfdd0, 0xfdef },   { 0xfeff, 0xfeff },
	      { 0xffa0, 0xffa0 },
	{ 0xfff0, 0xfffb },   { 0x110bd, 0x110bd }, { 0x110cd, 0x110cd }, { 0x13430, 0x1343f },
	    { 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

static bool
is_hidden(uint32_t point)
{
	if ((point & 0xfffe) == 0xfffe)
		return true;
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		if (point <= hidden[i].last)
			return point >= hidden[i].first;
	return false;
}

/* RFC 3629: 2 to 4 bytes, no longer than needed, nothing above U+10FFFF. */
size_t
text_printable(const char *bytes, size_t size)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *in = (const unsigned char *)bytes;

	if (size == 0 || in[0] < 0x80)
		return size > 0 && in[0] >= 0x20 && in[0] != 0x7f;
	size_t length = in[0] >= 0xf5 ? 0 : in[0] >= 0xf0 ? 4 : in[0] >= 0xe0 ? 3 : in[0] >= 0xc2
	    ? 2 : 0;
	if (length == 0 || length > size)
		return 0;
	uint32_t point = in[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((in[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (in[i] & 0x3f);
	}
	if (point < smallest[length] || point > 0x10ffff || is_hidden(point))
		return 0;
	return length;
}

static bool
is_plain(char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '\\';
}

static void
add_hex(struct text *text, char byte)
{
	static const char digits[] = "0123456789abcdef";
	char escape[4] = { '\\', 'x', digits[(unsigned char)byte >> 4], digits[byte & 0xf] };

	text_add_whole(text, escape, sizeof escape);
}

static void
escape(struct text *text, struct pw_bytes foreign, const char *backslash)
{
	size_t at = 0;

	while (at < foreign.size && !text->cut) {
		const char *in = foreign.data + at;
		size_t left = foreign.size - at, size = 0;

		while (size < left && is_plain(in[size]))
			size++;
		if (size > 0) {
			text_add_bytes(text, in, size);
		} else if (in[0] == '\\') {
			size = 1;
			text_add_whole(text, backslash, strlen(backslash));
		} else if ((size = text_printable(in, left)) > 0) {
			text_add_whole(text, in, size);
		} else {
			size = 1;
			add_hex(text, in[0]);
		}
		at += size;
	}
}

void
text_escape(struct text *text, struct pw_bytes foreign)
{
	escape(text, foreign, "\\\\");
}

void
text_add_shown(struct text *text, struct pw_bytes shown)
{
	escape(text, shown, "\\");
}
