/*
 * For the reading of a configuration: the text that libconfig reads in place of the user's files:
 * each setting and each entry of a list on a line of its own, whose place in the files is known,
 * the column included.
 */
#pragma once

#include "config/lexer.h"

enum { PLAIN_NO_VALUE = INT32_MIN }; /* stands for a value that was a fault */
#define PLAIN_NO_KEY '*'             /* begins a key that stands for one that was a fault */

struct plain {
	char *text; /* ended by NUL; the caller frees all by plain_fini() */
	size_t size;
	uint32_t room;
	struct place *lines; /* of line i + 1 of the text */
	uint32_t line_count, line_room;
};

/* `place` is that of an empty file. */
void plain_begin(struct plain *, struct place);
void plain_fini(struct plain *);

/* What follows stands there. Line feeds within a string are lines of the same setting; CR LF
 * becomes LF. */
void plain_begin_line(struct plain *, struct place);
void plain_add(struct plain *, const char *string);
void plain_add_bytes(struct plain *, const char *bytes, size_t size);
void plain_add_no_value(struct plain *);
void plain_add_no_key(struct plain *);
/* Takes the value at hand, which begins with no sign; a fault becomes what it was meant to be. */
void plain_take_scalar(struct plain *, struct lexer *);

/* Where a line of the text comes from. */
struct place plain_place(const struct plain *, unsigned line);
