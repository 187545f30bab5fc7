/*
 * Parses the corrected text by libconfig into nodes; no other file includes libconfig.
 *
 * libconfig gets a text without @include, so it opens no file, and its line numbers are turned into
 * places of the user's files. Nodes are made in place of its own tree because settings of the
 * command line are nodes as well, and because a place is more than a line.
 */

/* Its config_read() is not ours. */
#define config_read libconfig_config_read
#include <libconfig.h>
#undef config_read

#include "config/node.h"

#include <assert.h>
#include <string.h>

#include "config/grammar.h"

const char *
node_kind_name(enum node_kind kind)
{
	static const char *const names[] = { [NODE_GROUP] = "a group { }", [NODE_LIST] = "a list",
		[NODE_STRING] = "a string", [NODE_TEXT] = "a string", [NODE_INT] = "a number",
		[NODE_FLOAT] = "a fraction", [NODE_BOOL] = "true or false", [NODE_BAD] = "nothing" };

	return names[kind];
}

const struct node *
node_member(const struct node *group, const char *key)
{
	if (group->kind == NODE_GROUP)
		for (uint32_t i = 0; i < group->count; i++)
			if (strcmp(group->children[i].key, key) == 0)
				return &group->children[i];
	return NULL;
}

/* What the conversion of a tree needs at each of its nodes. */
struct tree {
	struct arena *arena;
	const struct plain *plain;
};

static void
convert(const struct tree *tree, const config_setting_t *setting, struct node *node)
{
	const char *key = config_setting_name(setting);
	int type = config_setting_type(setting), count = config_setting_length(setting);
	struct node *children;

	node->key = key == NULL ? NULL : arena_strdup(tree->arena, key);
	node->place = plain_place(tree->plain, config_setting_source_line(setting));
	switch (type) {
	case CONFIG_TYPE_GROUP:
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		node->kind = type == CONFIG_TYPE_GROUP ? NODE_GROUP : NODE_LIST;
		node->children = children = arena_array(
		    tree->arena, (size_t)count, sizeof *children);
		for (int i = 0; i < count; i++) {
			const config_setting_t *child = config_setting_get_elem(
			    setting, (unsigned)i);

			assert(node->count <= (uint32_t)i);
			/* A key that was a fault has been told by the grammar: nobody looks at its
			 * setting. */
			key = config_setting_name(child);
			if (key == NULL || key[0] != PLAIN_NO_KEY)
				convert(tree, child, &children[node->count++]);
		}
		assert(node->count == 0 || (node->kind == NODE_LIST) == (children->key == NULL));
		return;
	case CONFIG_TYPE_STRING:
		node->kind = NODE_STRING;
		node->text = arena_strdup(tree->arena, config_setting_get_string(setting));
		return;
	case CONFIG_TYPE_INT:
		node->number = config_setting_get_int(setting);
		node->kind = node->number == PLAIN_NO_VALUE ? NODE_BAD : NODE_INT;
		return;
	case CONFIG_TYPE_BOOL:
		node->kind = NODE_BOOL;
		node->number = config_setting_get_bool(setting);
		return;
	case CONFIG_TYPE_FLOAT:
		node->kind = NODE_FLOAT;
		return;
	}
	node->kind = NODE_BAD; /* a 64-bit number: the grammar lets none through */
}

const struct node *
node_read_file(struct diagnostics *diagnostics, struct arena *arena, const char *path, bool *torn)
{
	struct node *root = NULL;
	struct plain plain = { 0 };
	struct tree tree = { arena, &plain };
	bool good = grammar_read(&plain, diagnostics, path, torn);
	config_t config;

	config_init(&config);
	if (good && config_read_string(&config, plain.text)) {
		root = arena_alloc(arena, sizeof *root);
		convert(&tree, config_root_setting(&config), root);
		root->place = plain_place(&plain, 1);
	} else if (good) {
		const char *what = config_error_text(&config);

		diagnostics_error(diagnostics,
		    plain_place(&plain, (unsigned)config_error_line(&config)),
		    "libconfig cannot read this: %s", what == NULL ? "syntax error" : what);
	}
	config_destroy(&config);
	*torn = *torn || root == NULL;
	plain_fini(&plain);
	return root;
}
