/*
 * For `postwatch import`: the configuration language of Icinga 2 ("Language Reference") as a tree.
 * What is a function, a lambda or another word that only a running Icinga can evaluate becomes
 * ICINGA_OTHER.
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"

enum icinga_kind {
	/* Expressions. */
	ICINGA_NULL, ICINGA_BOOL, ICINGA_NUMBER, ICINGA_STRING, ICINGA_NAME,
	ICINGA_ARRAY, /* of `list` */
	ICINGA_DICT,  /* of the statements in `list` */
	ICINGA_NOT, ICINGA_MINUS, /* of `left` */
	ICINGA_BINARY, /* `text` is the operator */
	ICINGA_CALL,   /* of `left` with `list` */
	ICINGA_INDEX,  /* `left` [ `right` ], `left` . `right` */
	/* Statements. */
	ICINGA_SET,     /* `left` `text` `right`; `text` is the operator */
	ICINGA_CONST,   /* `left` = `right`, by `const` and `var` */
	ICINGA_IMPORT,  /* of the template `left` */
	ICINGA_ASSIGN, ICINGA_IGNORE, /* `assign where`, `ignore where` `left` */
	ICINGA_IF,      /* `left`: `list`, else `other` */
	ICINGA_INCLUDE, /* of the file `left`; `text`: "recursive" for a folder */
	ICINGA_DEFINE,  /* `text` is object, template or apply; `type`, name `left`, body `list`;
	                 * apply for (`key` => `value` in `right`), apply … to `to` */
	ICINGA_OTHER
};

struct icinga_node {
	enum icinga_kind kind;
	const char *file;
	unsigned line;
	const char *text;
	double number; /* of a duration: seconds */
	struct icinga_node *left, *right, *list, *other, *next;
	const char *type, *key, *value, *to;
	bool is_default; /* a template that all of its type import */
};

/* The statements of a file, in the arena; false with a reason, which names the line. */
bool icinga_parse(struct arena *, const char *path, struct icinga_node **statements,
    struct reason *why);
