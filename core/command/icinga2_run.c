/*
 * For `postwatch import` from Icinga 2: executes the statements of an object's body (assignments,
 * conditions, imports of templates) on that object.
 */
#include <string.h>

#include "command/icinga2_value.h"

enum { DEPTH_MAX = 200 };

struct icinga_importing {
	const struct icinga_importing *outer;
	const struct icinga_template *template;
};

static const struct icinga_value unknown = { .type = ICINGA_UNKNOWN };

/* The table in which an index lies, made where there is none; NULL: that is not known. `*key`: its
 * key there. */
static struct icinga_value *
find_place(struct icinga_scope *scope, const struct icinga_node *node, const char **key, int depth)
{
	struct icinga_value *table, *own;
	const struct icinga_value *is;

	if (depth > DEPTH_MAX)
		return NULL;
	if (node->kind == ICINGA_NAME) {
		*key = node->text;
		return scope->self != NULL ? scope->self : scope->globals;
	}
	if (node->kind == ICINGA_STRING) { /* a key of a dictionary */
		*key = node->text;
		return scope->self;
	}
	if (node->kind != ICINGA_INDEX)
		return NULL;
	if (node->left->kind == ICINGA_NAME && strcmp(node->left->text, "this") == 0)
		table = scope->self;
	else if (node->left->kind == ICINGA_NAME && strcmp(node->left->text, "globals") == 0)
		table = scope->globals;
	else {
		const char *outer;

		table = find_place(scope, node->left, &outer, depth + 1);
		if (table == NULL)
			return NULL;
		is = icinga_get(table, outer);
		if (is->type != ICINGA_TABLE && is->type != ICINGA_EMPTY)
			return NULL;
		/* A copy: a template's own is not to be changed. */
		own = icinga_table(scope->arena);
		ICINGA_EACH(item, is, ICINGA_TABLE)
			icinga_set(scope->arena, own, item->key, item->value, item->where);
		icinga_set(scope->arena, table, outer, own, node);
		table = own;
	}
	*key = icinga_text(scope->arena, icinga_evaluate(scope, node->right));
	return *key == NULL ? NULL : table;
}

static void
run_set(struct icinga_scope *scope, const struct icinga_node *node)
{
	const struct icinga_value *value = icinga_evaluate(scope, node->right);
	const char *key;
	struct icinga_value *table;

	if (node->kind == ICINGA_CONST && node->left->kind == ICINGA_NAME) {
		table =
		    scope->self != NULL && scope->locals != NULL ? scope->locals : scope->globals;
		icinga_set(scope->arena, table, node->left->text, value, node);
		return;
	}
	table = find_place(scope, node->left, &key, 0);
	if (table == NULL)
		return;
	if (strcmp(node->text, "+=") == 0)
		value = icinga_add(scope->arena, icinga_get(table, key), value);
	else if (node->kind == ICINGA_SET && strcmp(node->text, "=") != 0)
		value = &unknown;
	icinga_set(scope->arena, table, key, value, node);
}

void
icinga_import(struct icinga_scope *scope, const char *name)
{
	const struct icinga_template *template = scope->templates;
	const struct icinga_importing *outer = scope->importing;
	struct icinga_importing now;

	while (template != NULL && (strcmp(template->name, name) != 0
	    || strcmp(template->node->type, scope->type) != 0))
		template = template->next;
	if (template == NULL) {
		scope->missing = scope->missing == NULL ? name : scope->missing;
		return;
	}
	while (outer != NULL && outer->template != template)
		outer = outer->outer;
	if (outer != NULL)
		return; /* it imports itself */
	now = (struct icinga_importing){ scope->importing, template };
	scope->importing = &now;
	icinga_run(scope, template->node->list);
	scope->importing = now.outer;
}

void
icinga_run(struct icinga_scope *scope, const struct icinga_node *node)
{
	if (++scope->depth > DEPTH_MAX)
		node = NULL;
	for (; node != NULL; node = node->next) {
		const char *name = NULL;
		int truth;

		switch (node->kind) {
		case ICINGA_SET:
		case ICINGA_CONST: run_set(scope, node); break;
		case ICINGA_IMPORT:
			name = icinga_text(scope->arena, icinga_evaluate(scope, node->left));
			if (name != NULL && scope->type != NULL)
				icinga_import(scope, name);
			break;
		case ICINGA_IF:
			truth = icinga_truth(icinga_evaluate(scope, node->left));
			if (truth >= 0)
				icinga_run(scope, truth ? node->list : node->other);
			else if (scope->self != NULL)
				icinga_set(scope->arena, scope->self, "if", &unknown, node);
			break;
		case ICINGA_OTHER:
			if (scope->self != NULL)
				icinga_set(scope->arena, scope->self, "statement", &unknown, node);
			break;
		default: break;
		}
	}
	scope->depth--;
}
