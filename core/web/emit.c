/*
 * For the pages and metrics of the web process: writes HTML, SVG and Prometheus text with escapes.
 */
#include "web/emit.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"

enum { PIECE = 2048 }; /* bytes of others that are escaped at a time; each becomes four at most */

static void
put(struct emit *emit, const char *bytes, size_t size)
{
	struct buffer *to = emit->to;

	if (size > 0 && size <= to->room - to->size && to->room <= EMIT_MAX) {
		memcpy(to->data + to->size, bytes, size);
		to->size += (uint32_t)size;
	} else if (!buffer_add(emit->to, bytes, size, EMIT_MAX))
		emit->failed = true;
}

void
emit_markup(struct emit *emit, const char *literal, size_t size, const struct emit_value *value)
{
	const char *end = literal + size, *place = literal;

	for (; value->is != EMIT_END; value++, literal = place += 2) {
		while (place < end && (place[0] != '{' || place[1] != '}'))
			place++;
		assert(place < end);
		put(emit, literal, (size_t)(place - literal));
		switch (value->is) {
		case EMIT_IS_STRING: value->put.string(emit, value->string); break;
		case EMIT_IS_BYTES: value->put.bytes(emit, value->bytes); break;
		case EMIT_IS_I64: value->put.i64(emit, value->i64); break;
		case EMIT_IS_U64: value->put.u64(emit, value->u64); break;
		case EMIT_END: break;
		}
	}
	put(emit, literal, (size_t)(end - literal));
}

void
emit_made(struct emit *emit, struct pw_bytes made)
{
	put(emit, made.data, made.size);
}

/* Quotes of both kinds are escaped, so that one function serves text and attributes. */
static void
put_escaped(struct emit *emit, const char *bytes, size_t size)
{
	for (size_t begin = 0, i = 0; i <= size; i++) {
		const char *entity = i == size ? ""
		    : bytes[i] == '&'      ? "&amp;"
		    : bytes[i] == '<'      ? "&lt;"
		    : bytes[i] == '>'      ? "&gt;"
		    : bytes[i] == '"'      ? "&#34;"
		    : bytes[i] == '\''     ? "&#39;"
		                           : NULL;

		if (entity == NULL)
			continue;
		put(emit, bytes + begin, i - begin);
		put(emit, entity, strlen(entity));
		begin = i + 1;
	}
}

/* Most of what is written needs no escape of any kind: so many bytes of it. */
static size_t
plain_size(struct pw_bytes from)
{
	size_t size = 0;

	while (size < from.size && from.data[size] >= ' ' && from.data[size] <= '~' && from.data[size] != '&' && from.data[size] != '<'
	    && from.data[size] != '>' && from.data[size] != '"' && from.data[size] != '\'' && from.data[size] != '\\')
		size++;
	return size;
}

/* In pieces that end with a whole UTF-8 sequence, so that none is torn and taken for invalid. */
static void
put_pieces(struct emit *emit, struct pw_bytes from, void (*escape)(struct text *, struct pw_bytes))
{
	char shown[4 * PIECE + 1];

	if (plain_size(from) == from.size) {
		put(emit, from.data, from.size);
		return;
	}
	while (from.size > 0) {
		size_t size = from.size <= PIECE ? from.size : text_whole(from.data, PIECE);
		struct text text = TEXT_OVER(shown);

		if (size == 0)
			size = PIECE;
		assert(size > 0 && size <= from.size);
		escape(&text, (struct pw_bytes){ from.data, size });
		put_escaped(emit, shown, text.size);
		from = (struct pw_bytes){ from.data + size, from.size - size };
	}
}

void
emit_text(struct emit *emit, struct pw_bytes ours)
{
	put_pieces(emit, ours, text_add_shown);
}

void
emit_string(struct emit *emit, const char *ours)
{
	emit_text(emit, text_view(ours));
}

void
emit_foreign(struct emit *emit, struct pw_bytes foreign)
{
	put_pieces(emit, foreign, text_escape);
}

void
emit_segment(struct emit *emit, struct pw_bytes bytes)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (size_t i = 0; i < bytes.size; i++) {
		char escaped[4];

		if (bytes.data[i] != '\0' && strchr(unreserved, bytes.data[i]) != NULL)
			put(emit, &bytes.data[i], 1);
		else
			put(emit, escaped, (size_t)snprintf(escaped, sizeof escaped, "%%%02X",
			    (unsigned)(unsigned char)bytes.data[i]));
	}
}

/* The backslashes that text_add_shown() has made are doubled, as all others: a reader of the format gets them back. */
void
emit_label(struct emit *emit, struct pw_bytes bytes)
{
	char shown[4 * PIECE + 1];
	struct text text;

	if (plain_size(bytes) == bytes.size && bytes.size < PIECE) {
		put(emit, bytes.data, bytes.size);
		return;
	}
	text = text_over(shown, sizeof shown);
	text_add_shown(&text, (struct pw_bytes){ bytes.data, bytes.size < PIECE ? bytes.size : text_whole(bytes.data, PIECE) });
	for (size_t i = 0; i < text.size; i++) {
		if (shown[i] == '\\' || shown[i] == '"')
			put(emit, "\\", 1);
		if (shown[i] == '\n')
			put(emit, "\\n", 2);
		else
			put(emit, &shown[i], 1);
	}
}

void
emit_i64(struct emit *emit, int64_t number)
{
	if (number < 0)
		put(emit, "-", 1);
	emit_u64(emit, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

/* Decimal digits, `least` of them at least, into the end of the room; returns how many. */
static size_t
put_digits(char *end, uint64_t number, size_t least)
{
	size_t count = 0;

	for (; number > 0 || count < least; number /= 10)
		*(end - ++count) = (char)('0' + number % 10);
	return count;
}

void
emit_u64(struct emit *emit, uint64_t number)
{
	char bytes[24];
	size_t size = put_digits(bytes + sizeof bytes, number, 1);

	put(emit, bytes + sizeof bytes - size, size);
}

static void
put_text(struct emit *emit, void (*add)(struct text *, int64_t), int64_t number)
{
	char bytes[64];
	struct text text = TEXT_OVER(bytes);

	add(&text, number);
	put(emit, bytes, text.size);
}

void
emit_seconds(struct emit *emit, int64_t microseconds)
{
	uint64_t size = microseconds < 0 ? -(uint64_t)microseconds : (uint64_t)microseconds;
	char digits[8];

	if (microseconds < 0)
		put(emit, "-", 1);
	emit_u64(emit, size / (uint64_t)SECOND);
	(void)put_digits(digits + sizeof digits, size % (uint64_t)SECOND, 6);
	digits[1] = '.';
	put(emit, digits + 1, sizeof digits - 1);
}

void
emit_thousandths(struct emit *emit, int64_t thousandths)
{
	char bytes[32];
	int64_t whole = thousandths / 1000, rest = thousandths % 1000;

	put(emit, bytes, (size_t)snprintf(bytes, sizeof bytes, "%s%" PRId64 ".%03" PRId64, thousandths < 0 && whole == 0 ? "-" : "",
	    whole, rest < 0 ? -rest : rest));
}

void
emit_age(struct emit *emit, int64_t microseconds)
{
	put_text(emit, text_add_age, microseconds < 0 ? 0 : microseconds);
}

void
emit_span(struct emit *emit, int64_t microseconds)
{
	put_text(emit, text_add_span, microseconds);
}

void
emit_duration(struct emit *emit, int64_t microseconds)
{
	put_text(emit, units_add_duration, microseconds);
}

void
emit_instant(struct emit *emit, int64_t utc)
{
	time_t seconds = (time_t)(utc / SECOND);
	struct tm parts;
	char bytes[32];

	if (utc != 0 && gmtime_r(&seconds, &parts) != NULL)
		put(emit, bytes, strftime(bytes, sizeof bytes, "%Y-%m-%dT%H:%M:%SZ", &parts));
}

static void
put_time(struct emit *emit, int64_t utc, bool is_short)
{
	static const int64_t half_a_year = INT64_C(182) * 86400 * SECOND;
	time_t seconds = (time_t)(utc / SECOND);
	struct tm parts;
	char shown[32];

	if (utc == 0 || gmtime_r(&seconds, &parts) == NULL) {
		EMIT(emit, "-");
		return;
	}
	EMIT(emit, "<time");
	if (is_short)
		EMIT(emit, " class=\"short\"");
	EMIT(emit, " datetime=\"");
	emit_instant(emit, utc);
	EMIT(emit, "\">");
	put(emit, shown, !is_short ? strftime(shown, sizeof shown, "%Y-%m-%d %H:%M:%S UTC", &parts)
	    : llabs(clock_wall() - utc) < half_a_year ? strftime(shown, sizeof shown, "%-d %b %H:%M UTC", &parts)
						      : strftime(shown, sizeof shown, "%-d %b %Y %H:%M UTC", &parts));
	EMIT(emit, "</time>");
}

void
emit_time(struct emit *emit, int64_t utc)
{
	put_time(emit, utc, false);
}

void
emit_moment(struct emit *emit, int64_t utc)
{
	put_time(emit, utc, true);
}

/* The instant that begins there, "2026-11-29T20:55:27Z"; 0: none does. */
static int64_t
time_at(struct pw_bytes from, size_t at)
{
	enum { SIZE = sizeof "2026-11-29T20:55:27Z" - 1 };
	struct tm parts = { .tm_mday = 0 };
	char bytes[SIZE + 1];
	const char *end;

	if (from.size - at < SIZE || from.data[at + SIZE - 1] != 'Z' || from.data[at] < '1' || from.data[at] > '9')
		return 0;
	memcpy(bytes, from.data + at, SIZE);
	bytes[SIZE] = '\0';
	end = strptime(bytes, "%Y-%m-%dT%H:%M:%SZ", &parts);
	return end == bytes + SIZE ? (int64_t)timegm(&parts) * SECOND : 0;
}

void
emit_sentence(struct emit *emit, struct pw_bytes ours)
{
	size_t begin = 0;

	for (size_t i = 0; i < ours.size; i++) {
		int64_t time = i > 0 && ours.data[i - 1] >= '0' && ours.data[i - 1] <= '9' ? 0 : time_at(ours, i);

		if (time == 0)
			continue;
		emit_text(emit, (struct pw_bytes){ ours.data + begin, i - begin });
		emit_time(emit, time);
		begin = i + sizeof "2026-11-29T20:55:27Z" - 1;
		i = begin - 1;
	}
	emit_text(emit, (struct pw_bytes){ ours.data + begin, ours.size - begin });
}
