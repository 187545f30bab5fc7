/*
 * A bounded string builder. It writes into the caller's bytes, and is the one place where foreign
 * bytes become printable. A text never overflows: what does not fit is cut (never within an escape,
 * a number or a UTF-8 sequence), `cut` is set, and all that would follow is left out.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <postwatch/probe.h>

struct text {
	char *bytes; /* always ended by NUL */
	size_t size, room;
	bool cut;
};

/* A text over `room` bytes at `bytes`, room > 0. The caller keeps the bytes. */
struct text text_over(char *bytes, size_t room);
#define TEXT_OVER(array) text_over((array), sizeof(array))
/* The same over bytes of its own, which last as long as the block around it. */
#define TEXT_ROOM(size) text_over((char[size]){ "" }, (size))

/* `from` and a NUL, cut where `room` (> 0) ends. */
void text_copy(char *into, size_t room, const char *from);

/* "s" behind the name of what is counted, where it is not one: "2 runs". */
static inline const char *
plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* A string as bytes, without its NUL; NULL counts as "". */
struct pw_bytes text_view(const char *string);

bool text_same(struct pw_bytes left, struct pw_bytes right);

void text_add(struct text *, const char *ours);
void text_add_bytes(struct text *, const char *ours, size_t size);
void text_add_whole(struct text *, const char *ours, size_t size); /* all of it, or cut here */
void text_add_u64(struct text *, uint64_t);
void text_add_i64(struct text *, int64_t);
void text_format(struct text *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_format_v(struct text *, const char *format,
    va_list) __attribute__((format(printf, 2, 0)));

/*
 * Foreign bytes, made safe for a terminal, a log line or a plain text body: printable UTF-8 stays;
 * C0, DEL, C1, invalid sequences, surrogates, non-characters, line and paragraph separators, bidi
 * and other format characters become \xNN, byte by byte; a backslash becomes \\ so that nothing can
 * be forged.
 */
void text_escape(struct text *, struct pw_bytes foreign);

/*
 * Text that another process of ours has made of foreign bytes: a backslash stays, for it was
 * written by text_escape(). What is not printable is escaped after all: a process that talks to
 * servers is not believed to have done it.
 */
void text_add_shown(struct text *, struct pw_bytes shown);

/* What text_format() makes of it, into so many bytes; FORMAT() has them in the block around it. */
const char *text_formatted(char *bytes, size_t room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#define FORMAT(room, ...) text_formatted((char[room]){ "" }, (room), __VA_ARGS__)

/* The length of the valid, printable UTF-8 sequence at `bytes` (1 to 4), or 0 where its first byte
 * has to be escaped. */
size_t text_printable(const char *bytes, size_t size);

/* The size of `bytes` without an incomplete UTF-8 sequence at its end. */
size_t text_whole(const char *bytes, size_t size);

/* "0.31 ms", "0.004 s", "60.0 s", "2 min 5 s", "1 h 5 min", "3 d 2 h": a time span for people, from
 * microseconds. */
void text_add_span(struct text *, int64_t microseconds);

/* The same for text_format() and lines of the log; SPAN() has its bytes in the block around it. */
enum { TEXT_SPAN_MAX = 32 };
const char *text_span(char bytes[static TEXT_SPAN_MAX], int64_t microseconds);
#define SPAN(microseconds) text_span((char[TEXT_SPAN_MAX]){ "" }, (microseconds))

/* "4 s", "2 min", "1 h 5 min", "3 d 2 h": the same where whole seconds are enough, of ten minutes
 * and more whole minutes, of ten days and more whole days. */
void text_add_age(struct text *, int64_t microseconds);

/* "0.004213": decimal seconds for machines, always with six digits behind the point. */
void text_add_seconds(struct text *, int64_t microseconds);

/* Looks for what was meant by a word: of those that are tried the one nearest by edit distance, if
 * near enough; the first of several. All strings are the caller's. */
struct nearest {
	const char *word;
	const char *best; /* NULL: none so far */
	size_t size, distance;
};
struct nearest nearest_to(const char *word);
void nearest_try(struct nearest *, const char *other);
