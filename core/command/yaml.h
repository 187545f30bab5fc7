/*
 * For `postwatch import`: a YAML document (1.1, by libyaml) as a tree, of a file or of bytes; so
 * JSON as well. What it may cost is bounded: the size of the file, how deep values are nested, and
 * how many there are, of which each alias counts as all that it stands for. A node may be in
 * several places.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/reason.h"

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	unsigned line;    /* from 1 on */
	const char *text; /* YAML_TEXT: whatever its type; never NULL there */
	bool is_quoted;
	struct yaml_item *items;
	size_t count;     /* of values, with those of the items: itself counts as well */
};

struct yaml_item {
	struct yaml_item *next;
	const char *key; /* of a map */
	const struct yaml_node *value;
};

/* Returns NULL with a reason: the file cannot be read, or is none of this form, with its line. */
const struct yaml_node *yaml_read(struct arena *, const char *path, struct reason *why);
/* The same of bytes; `name`: what stands for the path in a reason. */
const struct yaml_node *yaml_parse(
    struct arena *, const char *name, const char *bytes, size_t size, struct reason *why);

/* The value of a key of a map, also one that is merged ("<<"); NULL: none, `null`, or no map. */
const struct yaml_node *yaml_get(const struct yaml_node *, const char *key);
/* The same where it is text; else NULL. */
const char *yaml_text(const struct yaml_node *, const char *key);
/* Whether it is "true", "yes", "on" or "1". */
bool yaml_is_true(const struct yaml_node *, const char *key);
/* A number; `none` if there is none. */
double yaml_number(const struct yaml_node *, const char *key, double none);
/* The first of a list or a map; NULL: it is of another kind, or empty. */
const struct yaml_item *yaml_first(const struct yaml_node *, enum yaml_kind);
#define YAML_EACH(item, node, kind) \
	for (const struct yaml_item *item = yaml_first(node, kind); item != NULL; item = item->next)
