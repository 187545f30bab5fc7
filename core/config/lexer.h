/*
 * The words of a configuration file, before libconfig sees them: @include is resolved, and what libconfig reads as
 * something else without a word (numbers beyond 32 bits, \x00, a second setting of the same name) is a fault with its
 * place. What comes out is one text without includes, and the place of each of its lines.
 */
#ifndef CONFIG_LEXER_H
#define CONFIG_LEXER_H

#include "config/faults.h"

enum { LEXER_BAD_NUMBER = INT32_MIN }; /* stands in the text for a number that was a fault */
#define LEXER_TWICE '*'                /* begins a key that stands in the text for one that was set before */

struct lexed {
	char *text; /* ended by NUL; the caller frees both by lexed_fini() */
	size_t size, room;
	struct place *lines; /* of line i + 1 of the text */
	size_t line_count, line_room;
};

/* False: faults that leave no text to go on with (they are told); others leave one. */
bool lexed_read(struct lexed *, struct faults *, const char *path);
void lexed_fini(struct lexed *);

/* Where a line of the text comes from. */
struct place lexed_place(const struct lexed *, unsigned line);

#endif
