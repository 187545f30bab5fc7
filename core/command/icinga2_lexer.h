/*
 * For `postwatch import`: the words (tokens) of a file in the language of Icinga 2, one after the
 * other.
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"

enum icinga_token {
	ICINGA_END,
	ICINGA_NEWLINE,
	ICINGA_WORD,
	ICINGA_TEXT,
	ICINGA_DIGITS,
	ICINGA_SIGN
};

struct icinga_lexer {
	struct arena *arena;
	const char *path, *at;
	unsigned line; /* of the word */
	unsigned next_line;
	enum icinga_token token;
	const char *text; /* of the word, or the bytes of the string */
	double number;
	int within;       /* of parentheses and brackets, in which newlines do not count */
	const char *fault; /* NULL: none so far */
};

/* Begins with the first word of a text, which lasts. */
void icinga_lex(struct icinga_lexer *, struct arena *, const char *path, const char *bytes);
/* The next word; behind a fault only ICINGA_END. */
void icinga_advance(struct icinga_lexer *);
bool icinga_at(const struct icinga_lexer *, const char *sign_or_word);
/* Passes over a function's body, from its "{" or "{{" on to the end of it. */
void icinga_skip_body(struct icinga_lexer *);
/* `what` is wrong here; only the first counts. */
void icinga_blame(struct icinga_lexer *, const char *what);
