/*
 * For the SMTP probes: reads the text of a server's reply: quotes it, finds words in it, joins its
 * lines, and reads keywords of EHLO.
 */
#ifndef SMTP_REPLY_TEXT_H
#define SMTP_REPLY_TEXT_H

#include <postwatch/probe.h>

/* Writes the whole reply as one line, "554 5.7.1 go away", cut to `room`, a NUL within it as "?".
 * Returns its length. */
size_t reply_quote(const struct pw_reply *, char *into, size_t room);

/* Whether `word` stands in the reply as a whole word, case aside. */
bool reply_mentions(const struct pw_reply *, const char *word);

/* Compares without regard to case. */
bool equals_ignoring_case(struct pw_bytes, struct pw_bytes);

/* Returns whether there are only zeros, at least one. */
bool is_all_zeros(struct pw_bytes);

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Removes the first word from `text` and returns it, of size 0 at the end. */
struct pw_bytes take_word(struct pw_bytes *text);

enum { REPLY_JOINED_MAX = 1024 };

/* Joins the lines of a reply from index `first` on with `between`, cut to fit. Returns a part of
 * `into`. */
struct pw_bytes reply_join(const struct pw_reply *, size_t first, const char *between,
    char into[static REPLY_JOINED_MAX]);

/* Returns whether a reply to EHLO offers `wanted`, "AUTH PLAIN": the keyword, with each further
 * word among its parameters. */
bool reply_offers(const struct pw_reply *, const char *wanted);

#endif
