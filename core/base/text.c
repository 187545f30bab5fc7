/*
 * A bounded string builder. What is called 20,000 times a second (add, escape, spans, numbers) is
 * written by hand; only text_format pays for printf.
 */
#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct text
text_over(char *bytes, size_t room)
{
	assert(room > 0);
	bytes[0] = '\0';
	return (struct text){ .bytes = bytes, .room = room };
}

size_t
text_whole(const char *bytes, size_t size)
{
	for (size_t back = 1; back <= 3 && back <= size; back++) {
		unsigned char byte = (unsigned char)bytes[size - back];
		size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;

		if ((byte & 0xc0) != 0x80)
			return length > back ? size - back : size;
	}
	return size;
}

static void
append(struct text *text, const char *bytes, size_t size)
{
	memcpy(text->bytes + text->size, bytes, size);
	text->size += size;
	text->bytes[text->size] = '\0';
}

void
text_add_bytes(struct text *text, const char *ours, size_t size)
{
	if (text->cut)
		return;
	size_t left = text->room - text->size - 1;
	if (size <= left) {
		append(text, ours, size);
		return;
	}
	text->cut = true;
	append(text, ours, text_whole(ours, left));
}

void
text_add_whole(struct text *text, const char *ours, size_t size)
{
	if (text->cut || size >= text->room - text->size)
		text->cut = true;
	else
		append(text, ours, size);
}

void
text_copy(char *into, size_t room, const char *from)
{
	struct text text = text_over(into, room);

	text_add(&text, from);
}

struct pw_bytes
text_view(const char *string)
{
	return (struct pw_bytes){ string == NULL ? "" : string,
	    string == NULL ? 0 : strlen(string) };
}

bool
text_same(struct pw_bytes left, struct pw_bytes right)
{
	return left.size == right.size
	    && (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);
}

void
text_add(struct text *text, const char *ours)
{
	text_add_bytes(text, ours, strlen(ours));
}

void
text_add_u64(struct text *text, uint64_t number)
{
	char digits[20];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	text_add_whole(text, digits + at, sizeof digits - at);
}

void
text_add_i64(struct text *text, int64_t number)
{
	if (number >= 0) {
		text_add_u64(text, (uint64_t)number);
		return;
	}
	text_add(text, "-");
	text_add_u64(text, 0 - (uint64_t)number);
}

/* vsnprintf() may cut within a UTF-8 sequence, which no reader could show. */
void
text_format_v(struct text *text, const char *format, va_list arguments)
{
	if (text->cut)
		return;
	size_t left = text->room - text->size;
	int made = vsnprintf(text->bytes + text->size, left, format, arguments);
	if (made >= 0 && (size_t)made < left) {
		text->size += (size_t)made;
		return;
	}
	text->cut = true;
	if (made < 0)
		text->bytes[text->size] = '\0';
	text->size += strlen(text->bytes + text->size);
	text->size = text_whole(text->bytes, text->size);
	assert(text->size < text->room);
	text->bytes[text->size] = '\0';
}

void
text_format(struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text_format_v(text, format, arguments);
	va_end(arguments);
}

const char *
text_formatted(char *bytes, size_t room, const char *format, ...)
{
	struct text text = text_over(bytes, room);
	va_list arguments;

	va_start(arguments, format);
	text_format_v(&text, format, arguments);
	va_end(arguments);
	return bytes;
}

/* A number with `places` digits behind the point: 604, 1 is "60.4". */
static void
add_decimal(struct text *text, uint64_t number, int places)
{
	char digits[24];
	size_t at = sizeof digits;

	for (int place = 0; place <= places || number > 0; place++, number /= 10) {
		if (place == places)
			digits[--at] = '.';
		digits[--at] = (char)('0' + number % 10);
	}
	text_add_whole(text, digits + at, sizeof digits - at);
}

void
text_add_seconds(struct text *text, int64_t microseconds)
{
	uint64_t amount = (uint64_t)microseconds;

	if (microseconds < 0) {
		text_add(text, "-");
		amount = 0 - amount;
	}
	add_decimal(text, amount, 6);
}

static uint64_t
nearest(uint64_t amount, uint64_t unit)
{
	return amount / unit + (amount % unit >= unit - unit / 2);
}

static void
add_units(struct text *text, uint64_t large, const char *large_unit, uint64_t small,
    const char *small_unit)
{
	text_add_u64(text, large);
	text_add(text, large_unit);
	if (small > 0) {
		text_add(text, " ");
		text_add_u64(text, small);
		text_add(text, small_unit);
	}
}

/* What took time at all is not shown as nothing. The amount is rounded in the unit it is shown in
 * before it is split, so that no "60 s" stands beside a minute. */
void
text_add_span(struct text *text, int64_t microseconds)
{
	uint64_t amount = (uint64_t)microseconds;

	if (microseconds < 0) {
		text_add(text, "-");
		amount = 0 - amount;
	}
	uint64_t millis = nearest(amount, 1000), tenths = nearest(amount, 100 * 1000);
	uint64_t seconds = nearest(amount, 1000 * 1000),
	    minutes = nearest(amount, 60 * 1000 * 1000);
	uint64_t hours = nearest(amount, 3600ull * 1000 * 1000);

	if (amount > 0 && amount < 1000)
		add_decimal(text, amount < 10 ? 1 : nearest(amount, 10), 2);
	else if (millis < 1000)
		add_decimal(text, millis, 3);
	else if (tenths < 1200)
		add_decimal(text, tenths, 1);
	else if (seconds < 3600)
		add_units(text, seconds / 60, " min", seconds % 60, " s");
	else if (minutes < 24 * 60)
		add_units(text, minutes / 60, " h", minutes % 60, " min");
	else
		add_units(text, hours / 24, " d", hours % 24, " h");
	if (tenths < 1200)
		text_add(text, amount > 0 && amount < 1000 ? " ms" : " s");
}

const char *
text_span(char bytes[static TEXT_SPAN_MAX], int64_t microseconds)
{
	struct text text = text_over(bytes, TEXT_SPAN_MAX);

	text_add_span(&text, microseconds);
	assert(!text.cut);
	return bytes;
}

/* What has not passed is not counted: of nobody it is said that he waits for 2 min after 90 s. */
void
text_add_age(struct text *text, int64_t microseconds)
{
	uint64_t seconds = microseconds < 0 ? 0 : (uint64_t)microseconds / (1000 * 1000);

	if (seconds < 60)
		add_units(text, seconds, " s", 0, "");
	else if (seconds < 600)
		add_units(text, seconds / 60, " min", seconds % 60, " s");
	else if (seconds < 3600)
		add_units(text, seconds / 60, " min", 0, "");
	else if (seconds < 24 * 3600)
		add_units(text, seconds / 3600, " h", seconds / 60 % 60, " min");
	else
		add_units(text, seconds / (24 * 3600), " d",
		    seconds < 10 * 24 * 3600 ? seconds / 3600 % 24 : 0, " h");
}

static char
lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

enum { WORD_MAX = 63 };

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t d = a < b ? a : b;

	return d < c ? d : c;
}

/*
 * Edit distance where swapping two neighbours is one edit (optimal string alignment), case aside.
 */
static size_t
distance(const char *left, size_t left_size, const char *right, size_t right_size)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= right_size; j++)
		above[j] = before[j] = j;
	for (size_t i = 1; i <= left_size; i++) {
		row[0] = i;
		for (size_t j = 1; j <= right_size; j++) {
			char a = lower(left[i - 1]), b = lower(right[j - 1]);

			row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b));
			if (i > 1 && j > 1 && a == lower(right[j - 2]) && b == lower(left[i - 2]))
				row[j] = least(row[j], row[j], before[j - 2] + 1);
		}
		size_t *spare = before;
		before = above, above = row, row = spare;
	}
	return above[right_size];
}

/* A word of eight letters may have been meant by one with three mistakes; a word that is too long
 * to be compared has no distance that anything is below. */
struct nearest
nearest_to(const char *word)
{
	size_t size = strnlen(word, WORD_MAX + 1);

	return (struct nearest){
		.word = word, .size = size, .distance = size > WORD_MAX ? 0 : 2 + size / 4
	};
}

void
nearest_try(struct nearest *nearest, const char *other)
{
	size_t other_size = strnlen(other, WORD_MAX + 1), d;

	if (nearest->distance == 0 || other_size > WORD_MAX)
		return;
	d = distance(nearest->word, nearest->size, other, other_size);
	if (d < nearest->distance && d < nearest->size) {
		nearest->distance = d;
		nearest->best = other;
	}
}

/*
 * Escapes foreign bytes for printing. What a terminal, a log or a reader could be fooled by is
 * shown as \xNN: control and format characters, what turns the direction of writing, what cannot be
 * seen, what is no character.
 */

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

static void
escape(struct text *text, struct pw_bytes foreign, const char *backslash)
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;

	while (at < foreign.size && !text->cut) {
		const char *in = foreign.data + at;
		size_t left = foreign.size - at, size = 0;

		while (size < left && in[size] >= 0x20 && in[size] < 0x7f && in[size] != '\\')
			size++;
		if (size > 0) {
			text_add_bytes(text, in, size);
		} else if (in[0] == '\\') {
			size = 1;
			text_add_whole(text, backslash, strlen(backslash));
		} else if ((size = text_printable(in, left)) > 0) {
			text_add_whole(text, in, size);
		} else {
			const char hex[] = { '\\', 'x', digits[(unsigned char)in[0] >> 4],
				digits[in[0] & 0xf] };

			size = 1;
			text_add_whole(text, hex, sizeof hex);
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
