/*
 * Lexer of configuration files. It gives the tokens of a file and of all it includes, one after the
 * other, each with its place.
 */
#ifndef CONFIG_LEXER_H
#define CONFIG_LEXER_H

#include "config/faults.h"

enum token_kind {
	TOKEN_END,    /* of the whole */
	TOKEN_NAME,   /* [A-Za-z*][-A-Za-z0-9_*]*: a key, true, false */
	TOKEN_STRING, /* with its quotes; may run over lines */
	TOKEN_NUMBER, /* as libconfig writes them: 5, -5, 0x1f, 1.5e3, 5L */
	TOKEN_SIGN,   /* one of = : ; , { } ( ) [ ] */
	TOKEN_OTHER   /* one character that begins nothing */
};

struct token {
	enum token_kind kind;
	const char *bytes; /* valid as long as the lexer */
	size_t size;
	struct place place, end; /* of its first byte, and of what follows it */
	bool glued;              /* nothing stands between it and the word before */
	bool first;              /* of its line */
};

struct lexer;

/* Begins with the file. Returns NULL after a fault, told in `faults`: it cannot be read. */
struct lexer *lexer_open(struct faults *, const char *path);
void lexer_close(struct lexer **);

/* The next word. Returns false after a fault behind which nothing can be understood: a string or a
 * comment without an end. */
bool lexer_next(struct lexer *, struct token *);

/* Whether a file could not be included, which has been told. */
bool lexer_is_torn(const struct lexer *);

/* Whether a number is one that libconfig would not read as another one: it knows 32 bits, and wraps
 * without a word. */
bool lexer_number_fits(const struct token *);

#endif
