/*
 * For `postwatch import`: values of the language of Icinga 2, and what expressions and bodies make
 * of them, as far as that can be known without a running Icinga: what cannot be known is
 * ICINGA_UNKNOWN, and so is what is made of it.
 */
#pragma once

#include "command/icinga2_syntax.h"

enum icinga_type { ICINGA_UNKNOWN, ICINGA_EMPTY, ICINGA_TRUTH, ICINGA_REAL, ICINGA_CHARS,
	ICINGA_VECTOR, ICINGA_TABLE };

struct icinga_value {
	enum icinga_type type;
	double number;    /* ICINGA_TRUTH: 0 or 1 */
	const char *text; /* ICINGA_CHARS */
	struct icinga_member *members;
};

struct icinga_member {
	struct icinga_member *next;
	const char *key; /* of a table */
	const struct icinga_value *value;
	const struct icinga_node *where; /* the statement that has set it; NULL: none */
};

struct icinga_template {
	struct icinga_template *next;
	const char *name;
	const struct icinga_node *node;
};

struct icinga_scope {
	struct arena *arena;
	struct icinga_value *globals;
	const struct icinga_template *templates;
	const char *type; /* of the object whose body is run, for its templates */
	struct icinga_value *self, *locals; /* tables; NULL: none */
	const struct icinga_value *host, *service;
	int depth, steps;
	const struct icinga_importing *importing; /* templates that are run just now */
	const char *missing; /* a template that was imported and is none; NULL: all were there */
};

struct icinga_value *icinga_table(struct arena *);
struct icinga_value *icinga_chars(struct arena *, const char *text);

/* A member of a table; never NULL, of what has none ICINGA_EMPTY, of what is not known so too. */
const struct icinga_value *icinga_get(const struct icinga_value *, const char *key);
/* The first of a vector or a table; NULL: it is of another type, or empty. */
const struct icinga_member *icinga_first(const struct icinga_value *, enum icinga_type);
#define ICINGA_EACH(item, value, type) \
	for (const struct icinga_member *item = icinga_first(value, type); item != NULL; \
	     item = item->next)
/* Whether it is a vector that has the text. */
bool icinga_lists(const struct icinga_value *, const char *text);
/* The member itself; NULL: none. */
const struct icinga_member *icinga_member(const struct icinga_value *, const char *key);
void icinga_set(struct arena *, struct icinga_value *table, const char *key,
    const struct icinga_value *, const struct icinga_node *where);

/* A string, or a number as it is written; NULL for all else. */
const char *icinga_text(struct arena *, const struct icinga_value *);
double icinga_number(const struct icinga_value *, double none);
/* 0 false, 1 true, -1 not known. */
int icinga_truth(const struct icinga_value *);

/* The sum of numbers, of texts, of lists or of tables. */
const struct icinga_value *icinga_add(
    struct arena *, const struct icinga_value *left, const struct icinga_value *right);

const struct icinga_value *icinga_evaluate(struct icinga_scope *, const struct icinga_node *);
/* Runs the statements of a body: `self` has its attributes then. */
void icinga_run(struct icinga_scope *, const struct icinga_node *statements);
/* Imports a template by its name. */
void icinga_import(struct icinga_scope *, const char *name);
