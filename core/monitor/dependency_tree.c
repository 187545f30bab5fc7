/* Children in the order of the configuration, so that what is told of them is, too. */
#include "monitor/dependency_tree.h"

#include <assert.h>
#include <stdlib.h>

bool
dependency_tree_create(struct dependency_tree **tree, const struct config *config)
{
	bool any = false;

	*tree = NULL;
	for (uint32_t i = 0; i < config->target_count; i++)
		any |= config->targets[i].parent != CONFIG_NONE;
	if (!any)
		return true;
	*tree = malloc(config->target_count * sizeof **tree);
	if (*tree == NULL)
		return false;
	for (uint32_t i = 0; i < config->target_count; i++)
		(*tree)[i] = (struct dependency_tree){ .first_child = CONFIG_NONE,
		    .next_sibling = CONFIG_NONE };
	/* Backwards, since each becomes the first child. */
	for (uint32_t i = config->target_count; i-- > 0;) {
		uint32_t parent = config->targets[i].parent;
		if (parent == CONFIG_NONE)
			continue;
		assert(parent < config->target_count && parent != i);
		(*tree)[i].next_sibling = (*tree)[parent].first_child;
		(*tree)[parent].first_child = i;
	}
	return true;
}

uint32_t
dependency_tree_count(const struct dependency_tree *tree, uint32_t target)
{
	uint32_t count = 0;

	for (uint32_t i = tree == NULL ? CONFIG_NONE
	    : tree[target].first_child; i != CONFIG_NONE; i = tree[i].next_sibling)
		count += 1 + dependency_tree_count(tree, i);
	return count;
}
