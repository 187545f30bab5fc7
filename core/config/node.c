/*
 * The configuration tree: finding members, and trees made of KEY=VALUE words of the command line.
 */
#include "config/node.h"

#include <string.h>

const char *
node_kind_name(enum node_kind kind)
{
	switch (kind) {
	case NODE_GROUP: return "a group { }";
	case NODE_LIST: return "a list";
	case NODE_STRING:
	case NODE_TEXT: return "a string";
	case NODE_INT: return "a number";
	case NODE_FLOAT: return "a fraction";
	case NODE_BOOL: return "true or false";
	case NODE_BAD: break;
	}
	return "nothing";
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

/* One word on its way into the tree: what of its key is still to be placed, and its value. */
struct set {
	const char *key, *value;
	size_t key_size;
	struct place place;
	bool placed;
};

static bool
same_head(const struct set *set, const char *key, size_t size)
{
	return set->key_size >= size && memcmp(set->key, key, size) == 0
	    && (set->key_size == size || set->key[size] == '.');
}

/* Gathers the words whose keys begin alike into one child. */
static struct node
take_child(struct faults *faults, struct arena *arena, struct set *sets, uint32_t count, uint32_t first);

static void
fill_group(struct faults *faults, struct arena *arena, struct set *sets, uint32_t count, struct node *group)
{
	struct node *children = arena_array(arena, count, sizeof *children);

	group->kind = NODE_GROUP;
	group->children = children;
	for (uint32_t i = 0; i < count; i++)
		if (!sets[i].placed)
			children[group->count++] = take_child(faults, arena, sets, count, i);
}

static struct node
take_child(struct faults *faults, struct arena *arena, struct set *sets, uint32_t count, uint32_t first)
{
	const struct set *head = &sets[first];
	const char *key = head->key, *dot = memchr(key, '.', head->key_size);
	size_t size = dot == NULL ? head->key_size : (size_t)(dot - key);
	struct node child = { .key = arena_bytes(arena, key, size), .place = head->place };
	struct set *inner = arena_array(arena, count, sizeof *inner);
	uint32_t inner_count = 0;

	for (uint32_t i = first; i < count; i++) {
		if (sets[i].placed || !same_head(&sets[i], key, size))
			continue;
		if (sets[i].key_size == size && dot == NULL) {
			child.kind = NODE_TEXT; /* of several the last holds */
			child.text = sets[i].value;
			child.place = sets[i].place;
		} else if (sets[i].key_size == size || dot == NULL) {
			faults_add(faults, sets[i].place, "%s cannot be a value and a group at once", faults_quote(faults, child.key));
		} else {
			inner[inner_count] = sets[i];
			inner[inner_count].key += size + 1;
			inner[inner_count++].key_size -= size + 1;
		}
		sets[i].placed = true;
	}
	if (dot != NULL)
		fill_group(faults, arena, inner, inner_count, &child);
	return child;
}

const struct node *
node_of_sets(struct faults *faults, struct arena *arena, const char *const *words, uint32_t count)
{
	struct set *sets = arena_array(arena, count + 1, sizeof *sets);
	struct node *root = arena_alloc(arena, sizeof *root);
	uint32_t good = 0;

	for (uint32_t i = 0; i < count; i++) {
		const char *equals = strchr(words[i], '=');
		struct text name = TEXT_OVER((char[160]){ 0 });

		text_format(&name, "-s %s", words[i]);
		sets[good] = (struct set){ .key = words[i], .place = { .file = faults_file(faults, name.bytes) } };
		if (equals == NULL || equals == words[i] || words[i][0] == '.') {
			faults_add(faults, sets[good].place, "is not KEY=VALUE");
			continue;
		}
		sets[good].key_size = (size_t)(equals - words[i]);
		sets[good++].value = arena_strdup(arena, equals + 1);
	}
	root->place = (struct place){ .file = faults_file(faults, "command line") };
	fill_group(faults, arena, sets, good, root);
	return root;
}
