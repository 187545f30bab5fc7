/*
 * The stack of open brackets while a configuration is parsed, with the names that were set in each.
 */
#ifndef CONFIG_BRACKETS_H
#define CONFIG_BRACKETS_H

#include "config/tokens.h"

enum { BRACKETS_MAX = 24 };

/* A name that was set: where it stands in the text. */
struct name {
	size_t at, size;
	struct place place;
};

/* One that is open. */
struct bracket {
	char sign; /* '{', '(', '['; 0: the whole, which is the lowest */
	struct place place;
	struct name *names;
	uint32_t count, room;
};

/* Starts as zeroes. */
struct brackets {
	struct bracket open[BRACKETS_MAX + 1];
	unsigned depth; /* of the innermost */
	bool told_end;
};

void brackets_fini(struct brackets *);

const struct bracket *brackets_innermost(const struct brackets *);
char bracket_end(char sign); /* '}' of '{' */
/* Whether one around the innermost has that end. */
bool brackets_await(const struct brackets *, char end);
/* Whether the innermost is a group that is an entry of a list. */
bool brackets_are_entry(const struct brackets *);

/* Opens one at `now`. Returns false after a fault, with which all stops: there are too many within
 * each other. */
bool brackets_enter(struct brackets *, struct tokens *, char sign);
void brackets_leave(struct brackets *);

/* All ends while one is open: said once, of the innermost, whose end is what the others lack as
 * well. */
void brackets_blame_end(struct brackets *, struct tokens *);

/* The place at which a name was set in the innermost, whose names stand in `text`; NULL: nowhere.
 */
const struct place *brackets_find(
    const struct brackets *, const char *text, const struct token *name);
void brackets_add(struct brackets *, struct name);

#endif
