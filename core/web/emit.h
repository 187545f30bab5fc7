/*
 * Writes HTML, SVG and Prometheus text into a buffer, each kind of value by a function of its own. Markup can come from
 * string literals alone (EMIT), so a byte of others cannot stand in it unescaped. Where memory runs out, or the answer
 * would be larger than EMIT_MAX, writing goes on harmlessly and `failed` is set.
 *
 *     EMIT(&emit, "<td title=\"");
 *     emit_text(&emit, target->text);
 *     EMIT(&emit, "\">");
 *
 * JSON is written with base/json.h, into the same buffer.
 */
#ifndef WEB_EMIT_H
#define WEB_EMIT_H

#include "base/buffer.h"

enum { EMIT_MAX = 64 * 1024 * 1024 };

struct emit {
	struct buffer *to;
	bool failed;
};

/* Markup; a literal, or it does not compile. */
#define EMIT(emit, literal) emit_markup((emit), "" literal "", sizeof(literal) - 1)
void emit_markup(struct emit *, const char *literal, size_t size);

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
/* A time element: UTC to the second, and the machine's form in its attribute, from which the script makes the reader's own
 * time. 0: "-". */
void emit_time(struct emit *, int64_t utc);
/* The same to the minute and without its year, where there is room for no more. */
void emit_moment(struct emit *, int64_t utc);
/* UTC to the second as RFC 3339 has it, for XML; 0: nothing. */
void emit_instant(struct emit *, int64_t utc);

#endif
