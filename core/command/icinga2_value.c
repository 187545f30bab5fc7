/*
 * For `postwatch import`: evaluates expressions of Icinga 2. What only a running Icinga knows makes
 * the whole expression unknown, and never a guess: a target with a wrong port would be worse than a
 * comment.
 */
#include "command/icinga2_value.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/regex.h"

enum { DEPTH_MAX = 200, STEPS_MAX = 200000 };

static const struct icinga_value unknown = { .type = ICINGA_UNKNOWN };
static const struct icinga_value empty = { .type = ICINGA_EMPTY };
static const struct icinga_value truths[] = { { .type = ICINGA_TRUTH, .number = 0 },
	{ .type = ICINGA_TRUTH, .number = 1 } };

static const struct icinga_value *
truth_of(int truth)
{
	return truth < 0 ? &unknown : &truths[truth != 0];
}

struct icinga_value *
icinga_table(struct arena *arena)
{
	struct icinga_value *value = arena_alloc(arena, sizeof *value);

	value->type = ICINGA_TABLE;
	return value;
}

struct icinga_value *
icinga_chars(struct arena *arena, const char *text)
{
	struct icinga_value *value = arena_alloc(arena, sizeof *value);

	*value = (struct icinga_value){ .type = ICINGA_CHARS, .text = arena_strdup(arena, text) };
	return value;
}

static struct icinga_value *
real(struct arena *arena, double number)
{
	struct icinga_value *value = arena_alloc(arena, sizeof *value);

	*value = (struct icinga_value){ .type = ICINGA_REAL, .number = number };
	return value;
}

const struct icinga_member *
icinga_first(const struct icinga_value *value, enum icinga_type type)
{
	return value->type == type ? value->members : NULL;
}

bool
icinga_lists(const struct icinga_value *list, const char *text)
{
	ICINGA_EACH(item, list, ICINGA_VECTOR)
		if (item->value->type == ICINGA_CHARS && strcmp(item->value->text, text) == 0)
			return true;
	return false;
}

const struct icinga_member *
icinga_member(const struct icinga_value *table, const char *key)
{
	const struct icinga_member *member = icinga_first(table, ICINGA_TABLE);

	while (member != NULL && strcmp(member->key, key) != 0)
		member = member->next;
	return member;
}

const struct icinga_value *
icinga_get(const struct icinga_value *table, const char *key)
{
	const struct icinga_member *member = icinga_member(table, key);

	return member != NULL ? member->value : table->type == ICINGA_UNKNOWN ? &unknown : &empty;
}

/* Behind the others; one of that key takes the new value. */
void
icinga_set(struct arena *arena, struct icinga_value *table, const char *key,
    const struct icinga_value *value, const struct icinga_node *where)
{
	struct icinga_member **end = &table->members;

	while (*end != NULL && (key == NULL || strcmp((*end)->key, key) != 0))
		end = &(*end)->next;
	if (*end == NULL) {
		*end = arena_alloc(arena, sizeof **end);
		**end = (struct icinga_member){ NULL, key == NULL ? NULL : arena_strdup(arena, key),
			value, where };
	}
	(*end)->value = value;
	(*end)->where = where;
}

const char *
icinga_text(struct arena *arena, const struct icinga_value *value)
{
	struct text text = TEXT_ROOM(40);

	if (value->type == ICINGA_REAL)
		text_format(&text, "%.12g", value->number);
	if (value->type == ICINGA_TRUTH)
		text_add(&text, value->number != 0 ? "true" : "false");
	return value->type == ICINGA_CHARS ? value->text
	    : text.size > 0               ? arena_strdup(arena, text.bytes) : NULL;
}

double
icinga_number(const struct icinga_value *value, double none)
{
	double number = none;
	char rest;

	if (value->type == ICINGA_REAL || value->type == ICINGA_TRUTH)
		return value->number;
	return value->type == ICINGA_CHARS && sscanf(value->text, "%lf%c", &number, &rest) == 1
	    ? number : none;
}

int
icinga_truth(const struct icinga_value *value)
{
	switch (value->type) {
	case ICINGA_UNKNOWN: return -1;
	case ICINGA_EMPTY: return 0;
	case ICINGA_CHARS: return value->text[0] != '\0';
	case ICINGA_TRUTH:
	case ICINGA_REAL: return value->number != 0;
	default: return value->members != NULL;
	}
}

/* Whether two are equal; -1: not known. What is empty equals "", 0 and false. */
static int
is_equal(const struct icinga_value *left, const struct icinga_value *right)
{
	if (left->type == ICINGA_UNKNOWN || right->type == ICINGA_UNKNOWN
	    || left->type >= ICINGA_VECTOR || right->type >= ICINGA_VECTOR)
		return -1;
	if (left->type == ICINGA_EMPTY || right->type == ICINGA_EMPTY)
		return icinga_truth(left) == 0 && icinga_truth(right) == 0;
	if ((left->type == ICINGA_CHARS) != (right->type == ICINGA_CHARS))
		return 0;
	return left->type == ICINGA_CHARS ? strcmp(left->text, right->text) == 0
	                                  : left->number == right->number;
}

/* Whether a list has a value. */
static int
is_in(const struct icinga_value *value, const struct icinga_value *list)
{
	int found = 0;

	if (list->type == ICINGA_EMPTY)
		return 0;
	if (list->type != ICINGA_VECTOR || value->type == ICINGA_UNKNOWN)
		return -1;
	ICINGA_EACH(item, list, ICINGA_VECTOR) {
		int same = is_equal(value, item->value);

		if (same == 1)
			return 1;
		found = same < 0 ? -1 : found;
	}
	return found;
}

const struct icinga_value *
icinga_add(struct arena *arena, const struct icinga_value *left, const struct icinga_value *right)
{
	struct icinga_value *sum;
	struct text text = TEXT_ROOM(2000);

	if (left->type == ICINGA_EMPTY || right->type == ICINGA_EMPTY)
		return left->type == ICINGA_EMPTY ? right : left;
	if (left->type == ICINGA_REAL && right->type == ICINGA_REAL)
		return real(arena, left->number + right->number);
	if (left->type == right->type && left->type >= ICINGA_VECTOR) {
		sum = icinga_table(arena);
		sum->type = left->type;
		for (int i = 0; i < 2; i++)
			ICINGA_EACH(item, i == 0 ? left : right, left->type)
				icinga_set(arena, sum, item->key, item->value, item->where);
		return sum;
	}
	if (icinga_text(arena, left) == NULL || icinga_text(arena, right) == NULL)
		return &unknown;
	text_format(&text, "%s%s", icinga_text(arena, left), icinga_text(arena, right));
	return text.cut ? &unknown : icinga_chars(arena, text.bytes);
}

static const struct icinga_value *
compute(struct arena *arena, const char *sign, const struct icinga_value *left,
    const struct icinga_value *right)
{
	double a = left->number, b = right->number;

	if (strcmp(sign, "+") == 0)
		return icinga_add(arena, left, right);
	if (left->type != ICINGA_REAL || right->type != ICINGA_REAL)
		return &unknown;
	switch (sign[0]) {
	case '-': return real(arena, a - b);
	case '*': return real(arena, a * b);
	case '/': return b != 0 ? real(arena, a / b) : &unknown;
	case '<': return truth_of(sign[1] == '=' ? a <= b : a < b);
	case '>': return truth_of(sign[1] == '=' ? a >= b : a > b);
	default: return &unknown;
	}
}

static const struct icinga_value *
evaluate_binary(struct icinga_scope *scope, const struct icinga_node *node)
{
	const struct icinga_value *left = icinga_evaluate(scope, node->left), *right;
	bool is_and = strcmp(node->text, "&&") == 0, is_or = strcmp(node->text, "||") == 0;
	int is;

	/* The second may be what decides where the first is not known. */
	if ((is_and && icinga_truth(left) == 0) || (is_or && icinga_truth(left) == 1))
		return left;
	right = icinga_evaluate(scope, node->right);
	if (is_and || is_or)
		return icinga_truth(left) < 0 && icinga_truth(right) != is_or ? &unknown : right;
	if (strcmp(node->text, "==") == 0 || strcmp(node->text, "!=") == 0) {
		is = is_equal(left, right);
		return truth_of(is < 0 || node->text[0] == '=' ? is : !is);
	}
	if (strcmp(node->text, "in") == 0 || strcmp(node->text, "!in") == 0) {
		is = is_in(left, right);
		return truth_of(is < 0 || node->text[0] == 'i' ? is : !is);
	}
	return compute(scope->arena, node->text, left, right);
}

/* match() and regex() of a text, or of all of a list. */
static int
is_match(struct icinga_scope *scope, bool is_regex, const char *pattern,
    const struct icinga_value *value)
{
	const struct pw_regex *regex;
	struct reason why;
	const char *text;
	bool limited;

	if (value->type == ICINGA_VECTOR) {
		int all = value->members != NULL;

		ICINGA_EACH(item, value, ICINGA_VECTOR)
			if (all == 1)
				all = item->value->type == ICINGA_VECTOR
				    ? -1 : is_match(scope, is_regex, pattern, item->value);
		return all;
	}
	text = value->type == ICINGA_EMPTY ? "" : icinga_text(scope->arena, value);
	if (text == NULL)
		return -1;
	if (!is_regex)
		return fnmatch(pattern, text, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
	regex = regex_compile(scope->arena, pattern, &why);
	if (regex == NULL)
		return -1;
	return regex_matches(regex, text_view(text), &limited) ? 1 : limited ? -1 : 0;
}

static const struct icinga_value *
evaluate_call(struct icinga_scope *scope, const struct icinga_node *node)
{
	const struct icinga_node *called = node->left;
	bool is_method = called->kind == ICINGA_INDEX && called->right->kind == ICINGA_STRING;
	const char *name = is_method ? called->right->text
	    : called->kind == ICINGA_NAME ? called->text : "";
	const struct icinga_value *first = node->list == NULL ? &empty
	    : icinga_evaluate(scope, node->list);
	const struct icinga_value *of = is_method ? icinga_evaluate(scope, called->left) : first;
	bool is_regex = strcmp(name, "regex") == 0;

	if (!is_method && (is_regex || strcmp(name, "match") == 0)) {
		const struct icinga_node *second = node->list == NULL ? NULL : node->list->next;
		const char *pattern = icinga_text(scope->arena, first);

		return pattern == NULL || second == NULL || second->next != NULL ? &unknown
		    : truth_of(is_match(scope, is_regex, pattern, icinga_evaluate(scope, second)));
	}
	if (is_method && strcmp(name, "contains") == 0 && of->type == ICINGA_CHARS
	    && first->type == ICINGA_CHARS)
		return truth_of(strstr(of->text, first->text) != NULL);
	if (is_method && strcmp(name, "contains") == 0 && of->type == ICINGA_VECTOR)
		return truth_of(is_in(first, of));
	if (strcmp(name, "len") == 0 && of->type == ICINGA_CHARS)
		return real(scope->arena, (double)strlen(of->text));
	if (strcmp(name, "len") == 0 && (of->type >= ICINGA_VECTOR || of->type == ICINGA_EMPTY)) {
		double count = 0;

		ICINGA_EACH(item, of, of->type)
			count++;
		return real(scope->arena, count);
	}
	if (!is_method && strcmp(name, "string") == 0 && icinga_text(scope->arena, of) != NULL)
		return icinga_chars(scope->arena, icinga_text(scope->arena, of));
	if (!is_method && strcmp(name, "bool") == 0)
		return truth_of(icinga_truth(of));
	return &unknown;
}

/* Locals, attributes of the object, the host and the service, constants, and names of states. */
static const struct icinga_value *
evaluate_name(struct icinga_scope *scope, const char *name)
{
	static const char *const states[] = { "OK", "Warning", "Critical", "Unknown", "Up", "Down",
		"Problem", "Recovery", "Acknowledgement", "Custom", "FlappingStart", "FlappingEnd",
		"DowntimeStart", "DowntimeEnd", "DowntimeRemoved" };
	const struct icinga_value *tables[] = { scope->locals, scope->self, scope->globals };

	if (strcmp(name, "this") == 0 && scope->self != NULL)
		return scope->self;
	if (strcmp(name, "globals") == 0)
		return scope->globals;
	for (int i = 0; i < 3; i++)
		if (tables[i] != NULL && icinga_member(tables[i], name) != NULL)
			return icinga_get(tables[i], name);
	if (strcmp(name, "host") == 0 && scope->host != NULL)
		return scope->host;
	if (strcmp(name, "service") == 0 && scope->service != NULL)
		return scope->service;
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (strcmp(name, states[i]) == 0)
			return icinga_chars(scope->arena, name);
	return strcmp(name, "vars") == 0 || strcmp(name, "name") == 0 ? &empty : &unknown;
}

static const struct icinga_value *
evaluate_list(struct icinga_scope *scope, const struct icinga_node *node)
{
	struct icinga_value *list = icinga_table(scope->arena), *self = scope->self;

	if (node->kind == ICINGA_ARRAY) {
		list->type = ICINGA_VECTOR;
		for (const struct icinga_node *item = node->list; item != NULL; item = item->next)
			icinga_set(scope->arena, list, NULL, icinga_evaluate(scope, item), node);
		return list;
	}
	scope->self = list;
	icinga_run(scope, node->list);
	scope->self = self;
	return list;
}

static const struct icinga_value *
evaluate_within(struct icinga_scope *scope, const struct icinga_node *node)
{
	const struct icinga_value *left;
	const char *key;

	switch (node->kind) {
	case ICINGA_NULL: return &empty;
	case ICINGA_BOOL: return truth_of(node->number != 0);
	case ICINGA_NUMBER: return real(scope->arena, node->number);
	case ICINGA_STRING: return icinga_chars(scope->arena, node->text);
	case ICINGA_NAME: return evaluate_name(scope, node->text);
	case ICINGA_ARRAY:
	case ICINGA_DICT: return evaluate_list(scope, node);
	case ICINGA_NOT:
		left = icinga_evaluate(scope, node->left);
		return icinga_truth(left) < 0 ? &unknown : truth_of(!icinga_truth(left));
	case ICINGA_MINUS: return compute(scope->arena, "-", real(scope->arena, 0),
	    icinga_evaluate(scope, node->left));
	case ICINGA_BINARY: return evaluate_binary(scope, node);
	case ICINGA_CALL: return evaluate_call(scope, node);
	case ICINGA_INDEX:
		left = icinga_evaluate(scope, node->left);
		key = icinga_text(scope->arena, icinga_evaluate(scope, node->right));
		return key == NULL || left->type == ICINGA_VECTOR ? &unknown
								  : icinga_get(left, key);
	default: return &unknown;
	}
}

const struct icinga_value *
icinga_evaluate(struct icinga_scope *scope, const struct icinga_node *node)
{
	const struct icinga_value *value = &unknown;

	if (node == NULL || ++scope->steps > STEPS_MAX || scope->depth > DEPTH_MAX)
		return value;
	scope->depth++;
	value = evaluate_within(scope, node);
	scope->depth--;
	return value;
}
