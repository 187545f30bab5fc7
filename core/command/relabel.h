/*
 * For `postwatch import` from Prometheus: its relabel_configs ("Configuration", <relabel_config>):
 * rules that make the labels of a target, one after the other.
 */
#pragma once

#include "command/yaml.h"

struct label {
	struct label *next;
	const char *name, *value;
};

struct labels {
	struct arena *arena;
	struct label *first;
};

/* "" where there is none. */
const char *labels_get(const struct labels *, const char *name);
void labels_set(struct labels *, const char *name, const char *value);

/* Why a rule cannot be followed; NULL: it can. */
const char *relabel_check(const struct yaml_node *rule);

/* Follows a rule that can be followed. Returns false if it drops the target. */
bool relabel_apply(struct labels *, const struct yaml_node *rule);
