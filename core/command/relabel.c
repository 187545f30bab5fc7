/*
 * For `postwatch import` from Prometheus: applies relabel_configs to a set of labels. Their regular
 * expressions are in the syntax of RE2 and are matched by PCRE2 here; the two differ only in syntax
 * that such rules do not use.
 */
#include "command/relabel.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "command/command.h"
#include "config/regex.h"

enum { GROUPS_MAX = 32 };

enum action { REPLACE, KEEP, DROP, LOWERCASE, UPPERCASE, UNKNOWN };

const char *
labels_get(const struct labels *labels, const char *name)
{
	for (const struct label *each = labels->first; each != NULL; each = each->next)
		if (strcmp(each->name, name) == 0)
			return each->value;
	return "";
}

void
labels_set(struct labels *labels, const char *name, const char *value)
{
	struct label *label = labels->first;

	while (label != NULL && strcmp(label->name, name) != 0)
		label = label->next;
	if (label == NULL) {
		label = arena_alloc(labels->arena, sizeof *label);
		*label = (struct label){ labels->first, arena_strdup(labels->arena, name), "" };
		labels->first = label;
	}
	label->value = arena_strdup(labels->arena, value);
}

/* The values of source_labels with the separator between them, in the arena. */
static const char *
join(struct labels *labels, const struct yaml_node *rule)
{
	const char *separator = yaml_text(rule, "separator"), *joined;
	const struct yaml_item *first = yaml_first(yaml_get(rule, "source_labels"), YAML_LIST);
	char *bytes = NULL;
	size_t size;
	FILE *file = must(open_memstream(&bytes, &size));

	for (const struct yaml_item *item = first; item != NULL; item = item->next) {
		fputs(item == first ? "" : separator == NULL ? ";" : separator, file);
		if (item->value->kind == YAML_TEXT)
			fputs(labels_get(labels, item->value->text), file);
	}
	fclose(file);
	joined = arena_strdup(labels->arena, bytes);
	free(bytes);
	return joined;
}

/* `text` with "$1" and "${1}" as the groups that were matched, "$$" as "$", in the arena. */
static const char *
fill(struct arena *arena, const char *text, const struct pw_bytes *groups, uint32_t count)
{
	char *bytes = NULL;
	size_t size;
	FILE *file = must(open_memstream(&bytes, &size));
	const char *filled;

	while (*text != '\0') {
		const char *digits = text + (text[0] == '$' && text[1] == '{' ? 2 : 1);
		size_t length = strspn(digits, "0123456789");
		bool is_group = text[0] == '$' && length > 0 && length < 4
		    && (digits == text + 1 || digits[length] == '}');
		unsigned long group = is_group ? strtoul(digits, NULL, 10) : 0;

		if (is_group && group < count)
			fwrite(groups[group].data, 1, groups[group].size, file);
		if (is_group) {
			text = digits + length + (digits == text + 1 ? 0 : 1);
			continue;
		}
		fputc(*text, file);
		text += text[0] == '$' && text[1] == '$' ? 2 : 1;
	}
	fclose(file);
	filled = arena_strdup(arena, bytes);
	free(bytes);
	return filled;
}

/* It matches a whole text. NULL: it is no regular expression. */
static const struct pw_regex *
compile(struct arena *arena, const struct yaml_node *rule)
{
	const char *pattern = yaml_text(rule, "regex");
	struct reason why;

	return regex_compile(arena,
	    FORMAT(1100, "\\A(?s:%s)\\z", pattern == NULL ? "(.*)" : pattern), &why);
}

/* Replaces what is matched, or keeps or drops a target by whether it is. What takes too long to
 * match is not matched. */
static bool
match(struct labels *labels, const struct yaml_node *rule, enum action action)
{
	const char *subject = join(labels, rule);
	struct pw_bytes groups[GROUPS_MAX];
	uint32_t count = regex_find(compile(labels->arena, rule), text_view(subject), groups,
	    GROUPS_MAX, NULL);

	if (action == REPLACE && count > 0) {
		const char *replacement = yaml_text(rule, "replacement");
		const char *name = yaml_text(rule, "target_label");

		if (replacement == NULL)
			replacement = "$1";
		if (name != NULL)
			labels_set(labels, fill(labels->arena, name, groups, count),
			    fill(labels->arena, replacement, groups, count));
	}
	return action == REPLACE || (action == KEEP) == (count > 0);
}

static enum action
find_action(const struct yaml_node *rule)
{
	static const char *const names[UNKNOWN] = { [REPLACE] = "replace", [KEEP] = "keep",
		[DROP] = "drop", [LOWERCASE] = "lowercase", [UPPERCASE] = "uppercase" };
	const char *name = yaml_text(rule, "action");
	enum action action = REPLACE;

	while (name != NULL && action < UNKNOWN && strcasecmp(name, names[action]) != 0)
		action++;
	return action;
}

const char *
relabel_check(const struct yaml_node *rule)
{
	struct arena *arena = arena_create();
	bool is_regex = compile(arena, rule) != NULL;

	arena_destroy(&arena);
	return find_action(rule) == UNKNOWN ? "this action of relabelling is not followed"
	    : is_regex                      ? NULL : "`regex` is no regular expression";
}

bool
relabel_apply(struct labels *labels, const struct yaml_node *rule)
{
	enum action action = find_action(rule);

	if (action == UNKNOWN || compile(labels->arena, rule) == NULL)
		return true;
	if (action != LOWERCASE && action != UPPERCASE)
		return match(labels, rule, action);
	char *changed = arena_strdup(labels->arena, join(labels, rule));
	const char *name = yaml_text(rule, "target_label");
	for (char *c = changed; *c != '\0'; c++)
		*c = (char)(action == LOWERCASE ? tolower : toupper)((unsigned char)*c);
	if (name != NULL)
		labels_set(labels, name, changed);
	return true;
}
