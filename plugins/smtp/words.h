/* What the text of a reply means: which software, whose fault. */
#ifndef SMTP_WORDS_H
#define SMTP_WORDS_H

#include <postwatch/probe.h>

/* The mail server that a greeting names ("Postfix (Debian/GNU)", "Exim 4.96"), without what changes from one greeting
 * to the next; a part of `text`, of size 0 where none is known. */
struct pw_bytes words_software(struct pw_bytes text);

/* The reply speaks of block lists, reputation or policy, in words or by its enhanced code (x.7.x). */
bool words_are_policy(const struct pw_reply *);

/* The reply finds fault with the name that we said in EHLO. */
bool words_are_helo(const struct pw_reply *);

/* The whole reply as one line, "554 5.7.1 go away", cut to fit; ended by NUL, NULs within shown as "?". Its length. */
size_t words_quote(const struct pw_reply *, char *into, size_t room);

bool words_equal(struct pw_bytes, struct pw_bytes); /* case aside */

/* Takes the first word off `text`. */
struct pw_bytes words_take(struct pw_bytes *text);

#endif
