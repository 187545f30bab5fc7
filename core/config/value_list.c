/* Parses list values, from the tree and from words of the command line. */
#include "config/value_private.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { LIST_MAX = 10000, WORDS_MAX = 64 };

static const struct pw_strings *
share_list(struct values *values, const char **items, uint32_t count)
{
	struct pw_strings list = { .count = count };

	list.items = pool_share(&values->pool, items, count * sizeof *items);
	return pool_share(&values->pool, &list, sizeof list);
}

static bool
list_fits(const struct pw_setting *row, int64_t count, struct reason *why)
{
	if (count <= LIST_MAX && ((row->min == 0 && row->max == 0) || (count >= row->min && count <= row->max)))
		return true;
	if (row->max == 1 || (row->min == 0 && row->max > 0))
		reason_set(why, "has %lld entries: it holds at most %lld", (long long)count, (long long)row->max);
	else
		reason_set(why, "has %lld entries: it holds %lld to %lld", (long long)count, (long long)row->min,
		    (long long)(row->max == 0 ? LIST_MAX : row->max));
	return false;
}

bool
value_of_words(struct values *values, const struct pw_setting *row, const char *text, const char *between,
    struct pw_value *value, struct reason *why)
{
	static const char blanks[] = " \t";
	const char *items[WORDS_MAX];
	uint32_t count = 0;

	for (const char *end; *text != '\0'; text = end) {
		size_t size;

		text += strspn(text, blanks);
		size = strcspn(text, between);
		end = text + size + (text[size] != '\0');
		while (size > 0 && strchr(blanks, text[size - 1]) != NULL)
			size--;
		if (size == 0)
			continue;
		if (count == WORDS_MAX) {
			reason_set(why, "has more than %d entries", WORDS_MAX);
			return false;
		}
		items[count++] = arena_intern_bytes(values->arena, text, size);
	}
	if (!list_fits(row, count, why))
		return false;
	value->list = share_list(values, items, count);
	return true;
}

/* An entry of a list: strings, and numbers as their digits. */
static bool
take_entry(struct values *values, const struct node *node, const char **item, struct reason *why)
{
	char digits[24];
	struct text text = TEXT_OVER(digits);

	if (node->kind == NODE_INT)
		text_add_i64(&text, node->number);
	else if (node->kind != NODE_STRING) {
		reason_set(why, "holds %s where a string should be", node_kind_name(node->kind));
		return false;
	} else if (!text_is_clean(node->text, why)) {
		return false;
	}
	*item = arena_intern(values->arena, node->kind == NODE_INT ? digits : node->text);
	return true;
}

bool
value_of_list(struct values *values, const struct pw_setting *row, const struct node *node, struct pw_value *value,
    struct reason *why)
{
	const char **items;
	bool good;

	if (!list_fits(row, node->count, why))
		return false;
	items = calloc((size_t)node->count + 1, sizeof *items);
	if (items == NULL)
		exit(EX_OSERR);
	good = true;
	for (uint32_t i = 0; good && i < node->count; i++)
		good = node->children[i].kind != NODE_BAD && take_entry(values, &node->children[i], &items[i], why);
	if (good)
		value->list = share_list(values, items, node->count);
	free(items);
	return good;
}
