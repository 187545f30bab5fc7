/*
 * For the reading of a configuration: parses the value of one setting by the type in its row of the
 * tables, and says what would be right.
 *
 * Strings, lists and expressions lie in the arena once each, so that values can be compared by
 * their addresses: with 100,000 targets whose tags = [ "web" ] there is one list.
 */
#include "config/value.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "base/units.h"
#include "base/vec.h"
#include "config/input.h"
#include "config/secret.h"

enum { LIST_MAX = 10000, WORDS_MAX = 64 };

void
values_init(struct values *values, struct arena *arena)
{
	*values = (struct values){ .arena = arena };
	pool_init(&values->pool, arena);
}

void
values_fini(struct values *values)
{
	pool_fini(&values->pool);
	hash_table_fini(&values->regex_table);
	free(values->regexes);
	*values = (struct values){ 0 };
}

const char *
value_key(const struct pw_setting *row, char *room)
{
	struct text text = text_over(room, SETTING_KEY_MAX);

	text_add(&text, row->key);
	if (row->type == PW_SECRET)
		text_add(&text, "_file");
	return room;
}

/*
 * What users wrote is shown in logs, mails and terminals: a control character in it could forge a
 * line there.
 */
bool
text_is_clean(const char *text, struct reason *why)
{
	size_t left = strlen(text), size;

	for (; left > 0; text += size, left -= size) {
		size = text_printable(text, left);
		if (size == 0)
			return reason_set(why, "holds a byte (\\x%02x) that is no printable UTF-8",
			    (unsigned)(unsigned char)*text);
	}
	return true;
}

void
value_add_number(struct text *text, const struct pw_setting *row, int64_t number)
{
	if (row->type == PW_DURATION)
		units_add_duration(text, number);
	else if (row->type == PW_SIZE)
		units_add_size(text, number);
	else
		text_add_i64(text, number);
}

static bool
in_range(const struct pw_setting *row, int64_t number, struct reason *why)
{
	struct text words = TEXT_ROOM(120);

	if ((row->min == 0 && row->max == 0) || (number >= row->min && number <= row->max))
		return true;
	assert(row->min <= row->max);
	value_add_number(&words, row, number);
	text_add(&words, " is out of range: it goes from ");
	value_add_number(&words, row, row->min);
	text_add(&words, " to ");
	value_add_number(&words, row, row->max);
	return reason_set(why, "%s", words.bytes);
}

/* Quotes what was written in front of what is wrong with it: "x5" is not a whole number. */
static bool
quote_in_reason(const char *text, struct reason *why)
{
	struct text shown = TEXT_ROOM(120);
	struct reason what;

	if (why == NULL)
		return false;
	what = *why;
	text_escape(&shown, (struct pw_bytes){ text, strlen(text) });
	return reason_set(why, "\"%s%s\" %s", shown.bytes, shown.cut ? "..." : "", what.text);
}

/* As wide as libconfig's numbers, so that -s KEY=VALUE takes what a file takes. */
static bool
parse_int(const struct pw_setting *row, const char *text, int64_t *number, struct reason *why)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (end == text || *end != '\0' || isspace((unsigned char)text[0])) {
		reason_set(why, "is not a whole number");
		return quote_in_reason(text, why);
	}
	if (errno != 0 || value > INT32_MAX || value < -INT32_MAX) {
		reason_set(why, "is too large a number");
		return quote_in_reason(text, why);
	}
	*number = value;
	return in_range(row, value, why);
}

static bool
parse_choice(const struct pw_setting *row, const char *text, int64_t *number, struct reason *why)
{
	struct text all = TEXT_ROOM(400);
	struct nearest near = nearest_to(text);

	for (*number = 0; row->choices[*number] != NULL; ++*number) {
		if (strcmp(text, row->choices[*number]) == 0)
			return true;
		nearest_try(&near, row->choices[*number]);
		text_format(&all, "%s\"%s\"", *number == 0 ? "" : ", ", row->choices[*number]);
	}
	if (near.best != NULL)
		text_format(&all, "; did you mean \"%s\"?", near.best);
	reason_set(why, "is none of %s", all.bytes);
	return quote_in_reason(text, why);
}

/* An expression is compiled once however many targets have it; compiled ones cannot be compared. */
static const struct pw_regex *
parse_regex(struct values *values, const char *pattern, struct reason *why)
{
	uint32_t hash = hash_end(hash_add_string(HASH_BEGIN, pattern));
	const struct pw_regex *regex;

	HASH_EACH(i, &values->regex_table, hash)
		if (strcmp(regex_pattern(values->regexes[i]), pattern) == 0)
			return values->regexes[i];
	regex = regex_compile(values->arena, pattern, why);
	if (regex == NULL)
		return NULL;
	VEC_REQUIRE(values->regexes, values->regex_count, values->regex_room);
	assert(values->regex_table.count == values->regex_count);
	pool_index(&values->regex_table, hash, values->regex_count);
	values->regexes[values->regex_count++] = regex;
	return regex;
}

static const struct pw_strings *
share_list(struct values *values, const char **items, uint32_t count)
{
	struct pw_strings list = { .count = count };

	list.items = pool_share(&values->pool, items, count * sizeof *items);
	return pool_share(&values->pool, &list, sizeof list);
}

/* A row without a range holds any number of entries, up to a bound that no list by hand meets. */
static bool
list_fits(const struct pw_setting *row, int64_t count, struct reason *why)
{
	if (count <= LIST_MAX
	    && ((row->min == 0 && row->max == 0) || (count >= row->min && count <= row->max)))
		return true;
	if (row->max == 1 || (row->min == 0 && row->max > 0))
		reason_set(why, "has %lld entries: it holds at most %lld", (long long)count,
		    (long long)row->max);
	else
		reason_set(why, "has %lld entries: it holds %lld to %lld", (long long)count,
		    (long long)row->min, (long long)(row->max == 0 ? LIST_MAX : row->max));
	return false;
}

/* Entries in one text, with one of the bytes `between` them; blanks around an entry are not part of
 * it. */
static bool
parse_words(struct values *values, const struct pw_setting *row, const char *text,
    const char *between, struct pw_value *value, struct reason *why)
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
		if (count == WORDS_MAX)
			return reason_set(why, "has more than %d entries", WORDS_MAX);
		items[count++] = arena_intern_bytes(values->arena, text, size);
	}
	assert(count <= WORDS_MAX);
	if (!list_fits(row, count, why))
		return false;
	value->list = share_list(values, items, count);
	return true;
}

/* An entry is a string, or a number by its digits, as in tags = [ 2024 ]. */
static bool
parse_list(struct values *values, const struct pw_setting *row, const struct node *list,
    struct pw_value *value, struct reason *why)
{
	const char **items;
	uint32_t count = 0;

	if (!list_fits(row, list->count, why))
		return false;
	items = calloc((size_t)list->count + 1, sizeof *items);
	if (items == NULL)
		exit(EX_OSERR);
	for (; count < list->count; count++) {
		const struct node *node = &list->children[count];
		struct text digits = TEXT_ROOM(24);

		if (node->kind == NODE_INT)
			text_add_i64(&digits, node->number);
		else if (node->kind != NODE_STRING)
			reason_set(
			    why, "holds %s where a string should be", node_kind_name(node->kind));
		if ((node->kind != NODE_INT && node->kind != NODE_STRING)
		    || (node->kind == NODE_STRING && !text_is_clean(node->text, why)))
			break;
		items[count] = arena_intern(
		    values->arena, node->kind == NODE_INT ? digits.bytes : node->text);
	}
	if (count == list->count)
		value->list = share_list(values, items, count);
	free(items);
	return count == list->count;
}

/* Expressions are not checked for control characters: "\x00" is written in them as such. */
bool
value_of_text(struct values *values, const struct pw_setting *row, const char *from,
    const char *text, struct pw_value *value, struct reason *why)
{
	int64_t *number = &value->number;

	if (row->type != PW_REGEX && !text_is_clean(text, why))
		return quote_in_reason(text, why);
	switch (row->type) {
	case PW_STRING:
		value->string = arena_intern(values->arena, text);
		return true;
	case PW_INT:
		return parse_int(row, text, number, why);
	case PW_BOOL:
		*number = strcasecmp(text, "true") == 0;
		if (*number || strcasecmp(text, "false") == 0)
			return true;
		reason_set(why, "is neither true nor false");
		return quote_in_reason(text, why);
	case PW_DURATION:
		return units_parse_duration(text, number, why) && in_range(row, *number, why);
	case PW_SIZE:
		return units_parse_size(text, number, why) && in_range(row, *number, why);
	case PW_LIST:
		return parse_words(values, row, text, " ", value, why);
	case PW_SECRET:
		return secret_find_file(values->arena, values->owner, from, text, &value->string,
		    why)
		    || quote_in_reason(text, why);
	case PW_ENUM:
		return parse_choice(row, text, number, why);
	case PW_REGEX:
		value->regex = parse_regex(values, text, why);
		return value->regex != NULL;
	case PW_PATH:
		if (text[0] == '\0')
			return reason_set(why, "is empty");
		value->string = arena_intern(
		    values->arena, path_absolute(values->arena, from, text));
		return true;
	}
	return reason_set(why, "has a type that this version does not know");
}

/* Paths in tables are absolute. */
bool
value_default(
    struct values *values, const struct pw_setting *row, struct pw_value *value, struct reason *why)
{
	*value = (struct pw_value){ 0 };
	return row->fallback == NULL || value_of_text(values, row, "/", row->fallback, value, why);
}

/* A value that is a fault, or a list with one in it, has been told by the grammar. */
static bool
holds_known_fault(const struct node *node)
{
	if (node->kind == NODE_LIST)
		for (uint32_t i = 0; i < node->count; i++)
			if (holds_known_fault(&node->children[i]))
				return true;
	return node->kind == NODE_BAD;
}

#define NODE(kind) (1u << NODE_##kind)

/*
 * What may be written for a value of a type: a list of one may go without its brackets, and a word
 * of the command line may be anything.
 */
static const struct {
	unsigned accepted;
	const char *written;
} types[] = {
	[PW_STRING] = { NODE(STRING), "a string" },
	[PW_INT] = { NODE(INT), "a whole number" },
	[PW_BOOL] = { NODE(BOOL), "true or false" },
	[PW_DURATION] = { NODE(STRING), "a duration in quotes, such as \"30s\"" },
	[PW_SIZE] = { NODE(STRING), "a size in quotes, such as \"64KiB\"" },
	[PW_LIST] = { NODE(LIST) | NODE(STRING) | NODE(INT),
	    "a list, such as [ \"one\", \"two\" ]" },
	[PW_SECRET] = { NODE(STRING), "the path of a file, in quotes" },
	[PW_ENUM] = { NODE(STRING), "one of its words, in quotes" },
	[PW_REGEX] = { NODE(STRING), "a regular expression in quotes" },
	[PW_PATH] = { NODE(STRING), "a path in quotes" },
};

static bool
parse_node(struct values *values, const struct pw_setting *row, const char *from,
    const struct node *node, struct pw_value *value, struct reason *why)
{
	enum pw_type type = row->type;
	struct node alone = { .kind = NODE_LIST, .count = 1, .children = node };

	assert(type < sizeof types / sizeof *types);
	if (!((types[type].accepted | NODE(TEXT)) >> node->kind & 1))
		return reason_set(
		    why, "is %s; write %s", node_kind_name(node->kind), types[type].written);
	if (type == PW_LIST && node->kind == NODE_TEXT)
		return text_is_clean(node->text, why)
		    && parse_words(values, row, node->text, ",", value, why);
	if (type == PW_LIST)
		return parse_list(values, row, node->kind == NODE_LIST ? node : &alone, value, why);
	if (node->kind == NODE_INT || node->kind == NODE_BOOL) {
		value->number = node->number;
		return type == PW_BOOL || in_range(row, node->number, why);
	}
	return value_of_text(values, row, from, node->text, value, why);
}

bool
value_of_node(struct values *values, struct diagnostics *diagnostics, const struct pw_setting *row,
    const char *label, const struct node *node, struct pw_value *value)
{
	const char *file = diagnostics_file_name(diagnostics, node->place.file);
	struct pw_value taken = { 0 };
	struct reason why;

	if (holds_known_fault(node))
		return false;
	if (!parse_node(values, row, node->kind == NODE_TEXT ? "" : file, node, &taken, &why))
		return diagnostics_error(diagnostics, node->place, "%s: %s", label, why.text);
	*value = taken;
	value->given = true;
	return true;
}

/* The block is zeroed and shared by its bytes: targets with equal settings of a plugin have one. */
const struct pw_values *
values_share(struct values *values, const struct pw_value *items, uint32_t count)
{
	size_t size = sizeof(struct pw_values) + count * sizeof *items;
	struct pw_values *block = calloc(1, size);
	const struct pw_values *shared;

	if (block == NULL)
		exit(EX_OSERR);
	block->count = count;
	memcpy(block->items, items, count * sizeof *items);
	shared = pool_share(&values->pool, block, size);
	free(block);
	return shared;
}
