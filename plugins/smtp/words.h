/* The text of a reply: its lines, and its words one by one. */
#ifndef SMTP_WORDS_H
#define SMTP_WORDS_H

#include <postwatch/probe.h>

/* The whole reply as one line, "554 5.7.1 go away", cut to fit; ended by NUL, NULs within shown as "?". Its length. */
size_t words_quote(const struct pw_reply *, char *into, size_t room);

bool words_equal(struct pw_bytes, struct pw_bytes); /* case aside */

/* Digits alone, all of them zero. */
bool words_are_zero(struct pw_bytes);

static inline bool
words_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Takes the first word off `text`. */
struct pw_bytes words_take(struct pw_bytes *text);

enum { WORDS_JOINED_MAX = 1024 };

/* The lines of a reply from `first` on, joined by `between`, cut to fit. */
struct pw_bytes words_join(const struct pw_reply *, size_t first, const char *between, char into[static WORDS_JOINED_MAX]);

/* Whether a reply to EHLO offers `wanted`: a keyword, and each further word of it among the parameters. */
bool words_offer(const struct pw_reply *, const char *wanted);

#endif
