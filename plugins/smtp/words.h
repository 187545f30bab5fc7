/* The text of a reply: which software it names, and its words one by one. */
#ifndef SMTP_WORDS_H
#define SMTP_WORDS_H

#include <postwatch/probe.h>

/* The mail server that a greeting names ("Postfix (Debian/GNU)", "Exim 4.96"), without what changes from one greeting
 * to the next; a part of `text`, of size 0 where none is known. */
struct pw_bytes words_software(struct pw_bytes text);

/* The whole reply as one line, "554 5.7.1 go away", cut to fit; ended by NUL, NULs within shown as "?". Its length. */
size_t words_quote(const struct pw_reply *, char *into, size_t room);

bool words_equal(struct pw_bytes, struct pw_bytes); /* case aside */

/* Takes the first word off `text`. */
struct pw_bytes words_take(struct pw_bytes *text);

enum { WORDS_JOINED_MAX = 1024 };

/* The lines of a reply from `first` on, joined by `between`, cut to fit. */
struct pw_bytes words_join(const struct pw_reply *, size_t first, const char *between, char into[static WORDS_JOINED_MAX]);

/* Whether a reply to EHLO offers `wanted`: a keyword, and each further word of it among the parameters. */
bool words_offer(const struct pw_reply *, const char *wanted);

#endif
