/* The inside of the lexer: lexer.c goes through files, lexer_words.c passes one word at a time. */
#ifndef CONFIG_LEXER_PRIVATE_H
#define CONFIG_LEXER_PRIVATE_H

#include "config/lexer.h"

enum { INCLUDES_MAX = 10, NESTING_MAX = 24 };

/* A name that was set in a group: where it stands in the text that comes out. */
struct name {
	size_t at, size;
	struct place place;
};

struct scope {
	bool is_group;
	struct name *names;
	size_t count, room;
};

struct lexer {
	struct lexed *out;
	struct faults *faults;
	struct scope scopes[NESTING_MAX + 1];
	unsigned depth; /* of the innermost scope */
	const char *open[INCLUDES_MAX + 1]; /* the files that are being read, the main one first */
	unsigned open_count;
	bool spoilt; /* no text to go on with */
};

/* Where we are in one file. */
struct cursor {
	const char *at, *end;
	struct place place;
	bool line_start; /* nothing but blanks since the line began */
};

static inline size_t
cursor_left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

/* Appends to the text that comes out; `place` is that of the line it begins. */
void lexed_put_string(struct lexed *, const char *);
void lexed_begin_line(struct lexed *, struct place);

/* Passes `count` bytes through; CR LF becomes LF. */
void lexer_pass(struct lexer *, struct cursor *, size_t count);

bool cursor_starts(const struct cursor *, const char *with);

/* Passes one word through, and tells what is wrong with it. */
void lexer_pass_word(struct lexer *, struct cursor *);

#endif
