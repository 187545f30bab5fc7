/*
 * Lexer of configuration files. It goes through the tokens of a file and of all that it includes,
 * one after the other, each with its place, and shows a window of them: the last, the one at hand
 * and the next, which are enough to tell a key from an entry.
 */
#pragma once

#include "config/diagnostics.h"

#define LEXER_DIGITS "0123456789"
#define LEXER_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

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

struct lexer {
	struct diagnostics *diagnostics;
	struct files *files; /* those that are read; the lexer's own */
	struct token last, now, next;
	struct token long_string; /* the last that runs over lines; TOKEN_END: none */
	bool torn;                /* a file could not be included, which has been told */
	/* Nothing behind can be understood, and that has been told: `now` is the end. */
	bool spoilt;
};

/* Begins with the file. Returns false after a fault: it cannot be read. The caller ends it by
 * lexer_close() in both cases. */
bool lexer_open(struct lexer *, struct diagnostics *, const char *path);
void lexer_close(struct lexer *);

void lexer_advance(struct lexer *);
/* Goes to the end, for what follows cannot be understood. */
void lexer_stop(struct lexer *);

bool token_is(const struct token *, char sign);
bool token_is_one_of(const struct token *, const char *signs);
/* Whether it is the sign that makes the word before it a key. */
bool token_sets(const struct token *);
/* Whether it is that word, in whatever case. */
bool token_is_word(const struct token *, const char *word);
/* Whether `now` is a value by itself, and not the beginning of a longer one such as 60s. */
bool lexer_is_alone(const struct lexer *);
/* Whether `now` is true or false. */
bool lexer_is_truth(const struct lexer *);
/* Whether `now` begins "- host: mx1" or is "---". */
bool lexer_is_yaml(const struct lexer *);

/* A fault of the grammar. On the line on which a string of several lines ends everything seems
 * wrong where that string lacks its quote: then this is told, and all stops. Nothing is told behind
 * the end of what can be understood. */
void lexer_blame(struct lexer *, struct place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The file is in another language; all stops. */
void lexer_blame_language(struct lexer *, const char *name);
/* A word in quotes, as diagnostics_quote() has it. */
const char *lexer_quote(struct lexer *, const struct token *);
