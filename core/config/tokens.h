/* A window of two tokens over the lexer. It holds the token at hand and the next. */
#ifndef CONFIG_TOKENS_H
#define CONFIG_TOKENS_H

#include "config/lexer.h"

struct tokens {
	struct lexer *lexer;
	struct faults *faults;
	struct token last, now, next;
	struct token long_string; /* the last that runs over lines; TOKEN_END: none */
	/* Nothing behind can be understood, and that has been told: `now` is the end. */
	bool spoilt;
};

/* Returns false after a fault: the file cannot be read. The caller ends it by tokens_close() where
 * true was returned. */
bool tokens_open(struct tokens *, struct faults *, const char *path);
void tokens_close(struct tokens *);

void tokens_advance(struct tokens *);
/* Goes to the end, for what follows cannot be understood. */
void tokens_stop(struct tokens *);

bool token_is(const struct token *, char sign);
bool token_is_one_of(const struct token *, const char *signs);
/* Whether it is the sign that makes the word before it a key. */
bool token_sets(const struct token *);
/* Whether it is that word, in whatever case. */
bool token_is_word(const struct token *, const char *word);
/* Whether `now` begins "- host: mx1" or is "---". */
bool tokens_are_yaml(const struct tokens *);

/* A fault of the grammar. On the line on which a string of several lines ends everything seems
 * wrong where that string lacks its quote: then this is told, and all stops. Nothing is told behind
 * the end of what can be understood. */
void tokens_blame(struct tokens *, struct place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The file is in another language; all stops. */
void tokens_blame_language(struct tokens *, const char *name);
/* A word in quotes, as faults_quote() has it. */
const char *tokens_quote(struct tokens *, const struct token *);

#endif
