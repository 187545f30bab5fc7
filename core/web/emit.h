/*
 * For the pages and metrics of the web process: writes HTML, SVG and Prometheus text into a buffer,
 * each kind of value by a function of its own. Markup can come from string literals alone (EMIT),
 * so a byte of others cannot stand in it unescaped. Where memory runs out, or the answer would be
 * larger than EMIT_MAX, writing goes on harmlessly and `failed` is set.
 *
 *     EMIT(&emit, "<td title=\"{}\">{}</td>", AS_TEXT(target->text), AS_TIME(target->since));
 *
 * JSON is written with base/json.h, into the same buffer.
 */
#pragma once

#include "base/buffer.h"

enum { EMIT_MAX = 64 * 1024 * 1024 };

struct emit {
	struct buffer *to;
	bool failed;
};

/* A value, and the function that writes it, which is one of those below: AS_… has its name. */
struct emit_value {
	enum { EMIT_END, EMIT_IS_STRING, EMIT_IS_BYTES, EMIT_IS_I64, EMIT_IS_U64 } is;
	union {
		void (*string)(struct emit *, const char *);
		void (*bytes)(struct emit *, struct pw_bytes);
		void (*i64)(struct emit *, int64_t);
		void (*u64)(struct emit *, uint64_t);
	} put;
	union {
		const char *string;
		struct pw_bytes bytes;
		int64_t i64;
		uint64_t u64;
	};
};
#define AS_STRING(...) { .is = EMIT_IS_STRING, .put.string = emit_string, .string = __VA_ARGS__ }
#define AS_TEXT(...) { .is = EMIT_IS_BYTES, .put.bytes = emit_text, .bytes = __VA_ARGS__ }
#define AS_SENTENCE(...) { .is = EMIT_IS_BYTES, .put.bytes = emit_sentence, .bytes = __VA_ARGS__ }
#define AS_FOREIGN(...) { .is = EMIT_IS_BYTES, .put.bytes = emit_foreign, .bytes = __VA_ARGS__ }
#define AS_SEGMENT(...) { .is = EMIT_IS_BYTES, .put.bytes = emit_segment, .bytes = __VA_ARGS__ }
#define AS_LABEL(...) { .is = EMIT_IS_BYTES, .put.bytes = emit_label, .bytes = __VA_ARGS__ }
#define AS_MADE(...) { .is = EMIT_IS_BYTES, .put.bytes = emit_made, .bytes = __VA_ARGS__ }
#define AS_I64(...) { .is = EMIT_IS_I64, .put.i64 = emit_i64, .i64 = __VA_ARGS__ }
#define AS_U64(...) { .is = EMIT_IS_U64, .put.u64 = emit_u64, .u64 = __VA_ARGS__ }
#define AS_SECONDS(...) { .is = EMIT_IS_I64, .put.i64 = emit_seconds, .i64 = __VA_ARGS__ }
#define AS_THOUSANDTHS(...) { .is = EMIT_IS_I64, .put.i64 = emit_thousandths, .i64 = __VA_ARGS__ }
#define AS_AGE(...) { .is = EMIT_IS_I64, .put.i64 = emit_age, .i64 = __VA_ARGS__ }
#define AS_SPAN(...) { .is = EMIT_IS_I64, .put.i64 = emit_span, .i64 = __VA_ARGS__ }
#define AS_DURATION(...) { .is = EMIT_IS_I64, .put.i64 = emit_duration, .i64 = __VA_ARGS__ }
#define AS_TIME(...) { .is = EMIT_IS_I64, .put.i64 = emit_time, .i64 = __VA_ARGS__ }
#define AS_MOMENT(...) { .is = EMIT_IS_I64, .put.i64 = emit_moment, .i64 = __VA_ARGS__ }
#define AS_INSTANT(...) { .is = EMIT_IS_I64, .put.i64 = emit_instant, .i64 = __VA_ARGS__ }

/* Markup; a literal, or it does not compile. Each "{}" in it is the place of a value that follows it. The value of nothing
 * before them keeps the list from beginning with a comma. */
#define EMIT(emit, literal, ...) \
	emit_markup((emit), "" literal "", sizeof(literal) - 1, \
	    (const struct emit_value[]){ { 0 }, ##__VA_ARGS__, { 0 } } + 1)
/* The values are ended by EMIT_END. */
void emit_markup(struct emit *, const char *literal, size_t size, const struct emit_value *);

/* What was written by these functions before, once more. */
void emit_made(struct emit *, struct pw_bytes);

/* Text of ours, or foreign bytes that were escaped before (base/text.h: text_add_shown), for HTML (WHATWG HTML, 13.1.2.3
 * and 13.1.4): between tags, or within an attribute in double quotes. */
void emit_text(struct emit *, struct pw_bytes);
void emit_string(struct emit *, const char *); /* the same of a C string; NULL counts as "" */

/* The same of a sentence that may name times (RFC 3339, UTC, to the second): these are time elements. For between tags alone. */
void emit_sentence(struct emit *, struct pw_bytes);

/* Bytes of others as they came, made visible by text_escape(), for the same places. */
void emit_foreign(struct emit *, struct pw_bytes);

/* One segment of a path, or a value of a query, for a URL within an attribute: all but unreserved characters is
 * percent-encoded (RFC 3986, 2.3). */
void emit_segment(struct emit *, struct pw_bytes);

/* The value of a label, without its quotes (Prometheus text format 0.0.4, and OpenMetrics 1.0: "\", quotes and line ends
 * are escaped; invalid UTF-8 is made visible before). */
void emit_label(struct emit *, struct pw_bytes);

void emit_i64(struct emit *, int64_t);
void emit_u64(struct emit *, uint64_t);
/* Microseconds as decimal seconds, with six digits behind the point. */
void emit_seconds(struct emit *, int64_t microseconds);
/* Thousandths as a decimal number: 1500 is 1.5. */
void emit_thousandths(struct emit *, int64_t);

/* "12 s", "3 h 5 min" (base/text.h: text_add_age). */
void emit_age(struct emit *, int64_t microseconds);
/* "0.31 ms", "1.2 s" (base/text.h: text_add_span). */
void emit_span(struct emit *, int64_t microseconds);
/* "15s", "2h30m", as a setting has it (base/units.h: units_add_duration). */
void emit_duration(struct emit *, int64_t microseconds);
/* A time element: UTC to the second, and the machine's form in its attribute, from which the script makes the reader's own
 * time. 0: "-". */
void emit_time(struct emit *, int64_t utc);
/* The same to the minute, with a year where that is half a year away or more. */
void emit_moment(struct emit *, int64_t utc);
/* UTC to the second as RFC 3339 has it, for XML; 0: nothing. */
void emit_instant(struct emit *, int64_t utc);
