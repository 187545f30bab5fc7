/*
 * The lines and words of a reply.
 */
#ifndef SMTP_WORDS_H
#define SMTP_WORDS_H

#include <postwatch/probe.h>

/* Writes the whole reply as one line, "554 5.7.1 go away", cut to `room`, a NUL within it as "?".
 * Returns its length. */
size_t words_quote(const struct pw_reply *, char *into, size_t room);

/* Whether `word` stands in the reply as a whole word, case aside. */
bool words_mention(const struct pw_reply *, const char *word);

/* Compares without regard to case. */
bool words_equal(struct pw_bytes, struct pw_bytes);

/* Returns whether there are only zeros, at least one. */
bool words_are_zero(struct pw_bytes);

static inline bool
words_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Removes the first word from `text` and returns it, of size 0 at the end. */
struct pw_bytes words_take(struct pw_bytes *text);

enum { WORDS_JOINED_MAX = 1024 };

/* Joins the lines of a reply from index `first` on with `between`, cut to fit. Returns a part of
 * `into`. */
struct pw_bytes words_join(const struct pw_reply *, size_t first, const char *between,
    char into[static WORDS_JOINED_MAX]);

/* Returns whether a reply to EHLO offers `wanted`, "AUTH PLAIN": the keyword, with each further
 * word among its parameters. */
bool words_offer(const struct pw_reply *, const char *wanted);

#endif
