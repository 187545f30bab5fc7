/* Which targets lie behind which, as the configuration says: at most 8 deep, and without cycles,
 * since that is checked there. */
#ifndef MONITOR_DEPENDENCY_TREE_H
#define MONITOR_DEPENDENCY_TREE_H

#include "config/config.h"

/* An array of all targets; NULL: no target has a parent. The caller frees it. */
struct dependency_tree {
	uint32_t first_child, next_sibling; /* CONFIG_NONE: none */
};

/* Returns false if there is no memory. */
bool dependency_tree_create(struct dependency_tree **, const struct config *);

/* How many targets lie behind this one, near and far. */
uint32_t dependency_tree_count(const struct dependency_tree *, uint32_t target);

#endif
