/*
 * For `postwatch import`: builds a tree of nodes from the events of libyaml. An alias is a pointer
 * to the node that it stands for and counts as a copy of it, so that a small file cannot grow
 * without bound ("billion laughs").
 */
#include "command/yaml.h"

#include <assert.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "config/input.h"

enum { FILE_MAX = 16 * 1024 * 1024, DEPTH_MAX = 64, VALUES_MAX = 1000000, ANCHORS_MAX = 1000 };

struct anchor {
	struct anchor *next;
	const char *name;
	const struct yaml_node *node;
	bool is_whole;
};

/* A list or map that is open. */
struct level {
	struct yaml_node *node;
	struct yaml_item **end;
	struct anchor *anchor; /* NULL: it has none */
	const char *key;       /* that was read and has no value yet */
};

struct reading {
	struct arena *arena;
	const char *name;
	yaml_parser_t parser;
	struct level levels[DEPTH_MAX];
	int depth;
	struct anchor *anchors;
	unsigned anchor_count;
	size_t values;
	const struct yaml_node *root;
	struct reason *why;
};

static bool
refuse(const struct reading *reading, size_t line, const char *what)
{
	reason_set(reading->why, "%s:%zu: %s", reading->name, line + 1, what);
	return false;
}

/* A value takes its place, as a key or in what is open. */
static bool
place(struct reading *reading, size_t line, const struct yaml_node *node)
{
	struct level *level;
	struct yaml_item *item;

	if (reading->depth == 0) {
		reading->root = node;
		return true;
	}
	level = &reading->levels[reading->depth - 1];
	if (level->node->kind == YAML_MAP && level->key == NULL) {
		if (node->kind != YAML_TEXT)
			return refuse(reading, line, "a key is no text");
		level->key = node->text;
		return true;
	}
	assert(level->key == NULL || level->node->kind == YAML_MAP);
	item = arena_alloc(reading->arena, sizeof *item);
	*item = (struct yaml_item){ NULL, level->key, node };
	*level->end = item;
	level->end = &item->next;
	level->key = NULL;
	return true;
}

static struct anchor *
add_anchor(struct reading *reading, const yaml_char_t *name, const struct yaml_node *node)
{
	struct anchor *anchor;

	if (name == NULL || ++reading->anchor_count > ANCHORS_MAX)
		return NULL;
	anchor = arena_alloc(reading->arena, sizeof *anchor);
	*anchor = (struct anchor){ reading->anchors,
		arena_strdup(reading->arena, (const char *)name), node, false };
	reading->anchors = anchor;
	return anchor;
}

static bool
take_alias(struct reading *reading, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct anchor *anchor = reading->anchors;
	size_t line = event->start_mark.line;

	while (anchor != NULL && strcmp(anchor->name, name) != 0)
		anchor = anchor->next;
	if (anchor == NULL)
		return refuse(reading, line, "this alias has no anchor before it");
	if (!anchor->is_whole)
		return refuse(reading, line, "this alias is within what it stands for");
	reading->values += anchor->node->count;
	return place(reading, line, anchor->node);
}

/* The arena and the tree hold C strings, so a NUL would cut a value without a word. */
static bool
take_scalar(struct reading *reading, const yaml_event_t *event)
{
	const char *bytes = (const char *)event->data.scalar.value;
	struct yaml_node *node = arena_alloc(reading->arena, sizeof *node);
	struct anchor *anchor = add_anchor(reading, event->data.scalar.anchor, node);
	size_t line = event->start_mark.line;

	if (strlen(bytes) != event->data.scalar.length)
		return refuse(reading, line, "a text holds a NUL");
	*node = (struct yaml_node){ .kind = YAML_TEXT, .line = (unsigned)line + 1, .count = 1,
		.text = arena_strdup(reading->arena, bytes),
		.is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE };
	if (anchor != NULL)
		anchor->is_whole = true;
	reading->values++;
	return place(reading, line, node);
}

static bool
open_level(struct reading *reading, enum yaml_kind kind, const yaml_char_t *name, size_t line)
{
	struct yaml_node *node = arena_alloc(reading->arena, sizeof *node);

	*node = (struct yaml_node){ .kind = kind, .line = (unsigned)line + 1,
		.count = reading->values++ };
	if (reading->depth == DEPTH_MAX)
		return refuse(reading, line, "values are nested more than 64 deep");
	if (!place(reading, line, node))
		return false;
	reading->levels[reading->depth++] = (struct level){ node, &node->items,
		add_anchor(reading, name, node), NULL };
	return true;
}

/* Until then its count was that of all values before it. */
static void
close_level(struct reading *reading)
{
	struct level *level = &reading->levels[--reading->depth];

	assert(level->node->count <= reading->values);
	level->node->count = reading->values - level->node->count;
	if (level->anchor != NULL)
		level->anchor->is_whole = true;
}

static bool
take_event(struct reading *reading, const yaml_event_t *event)
{
	size_t line = event->start_mark.line;
	bool good = true;

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (reading->root != NULL)
			good = refuse(reading, line, "a second document begins");
		break;
	case YAML_ALIAS_EVENT: good = take_alias(reading, event); break;
	case YAML_SCALAR_EVENT: good = take_scalar(reading, event); break;
	case YAML_SEQUENCE_START_EVENT:
		good = open_level(reading, YAML_LIST, event->data.sequence_start.anchor, line);
		break;
	case YAML_MAPPING_START_EVENT:
		good = open_level(reading, YAML_MAP, event->data.mapping_start.anchor, line);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT: close_level(reading); break;
	default: break;
	}
	if (good && reading->values > VALUES_MAX)
		good = refuse(reading, line, "more than 1,000,000 values, aliases included");
	if (good && reading->anchor_count > ANCHORS_MAX)
		good = refuse(reading, line, "more than 1,000 anchors");
	return good;
}

/* By events and not by libyaml's own documents, so that what one may cost is bounded while it
 * is read, before a tree of it could fill the memory. */
const struct yaml_node *
yaml_parse(struct arena *arena, const char *name, const char *bytes, size_t size,
    struct reason *why)
{
	struct reading reading = { .arena = arena, .name = name, .why = why };
	yaml_event_t event;
	bool good = yaml_parser_initialize(&reading.parser) != 0, at_end = false;

	if (!good) {
		reason_set(why, "%s: out of memory", name);
		return NULL;
	}
	yaml_parser_set_input_string(&reading.parser, (const unsigned char *)bytes, size);
	while (good && !at_end) {
		if (yaml_parser_parse(&reading.parser, &event) == 0) {
			good = refuse(&reading, reading.parser.problem_mark.line,
			    reading.parser.problem != NULL ? reading.parser.problem : "no YAML");
			break;
		}
		at_end = event.type == YAML_STREAM_END_EVENT;
		good = take_event(&reading, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&reading.parser);
	if (good && reading.root == NULL)
		good = refuse(&reading, 0, "nothing is in it");
	return good ? reading.root : NULL;
}

const struct yaml_node *
yaml_read(struct arena *arena, const char *path, struct reason *why)
{
	const struct yaml_node *root = NULL;
	struct input input;
	struct reason own;

	if (!input_read(path, &input, &own)) {
		reason_set(why, "%s: %s", path, own.text);
		return NULL;
	}
	if (input.size > FILE_MAX)
		reason_set(why, "%s: larger than 16 MiB", path);
	else
		root = yaml_parse(arena, path, input.bytes, input.size, why);
	input_free(&input);
	return root;
}

/* A key of the map itself goes before one of the maps that `<<` merges into it, and of these the
 * first that has it counts (YAML, "Merge Key"). A null is as if the key were not there, for the
 * programs whose files these are take it so. */
const struct yaml_node *
yaml_get(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *found = NULL;

	YAML_EACH(item, map, YAML_MAP) {
		const struct yaml_node *value = item->value;

		if (strcmp(item->key, key) == 0)
			return value->kind == YAML_TEXT && !value->is_quoted
			    && (value->text[0] == '\0' || strcmp(value->text, "~") == 0
			    || strcmp(value->text, "null") == 0) ? NULL : value;
		if (strcmp(item->key, "<<") != 0 || found != NULL)
			continue;
		found = yaml_get(value, key);
		YAML_EACH(each, value, YAML_LIST)
			found = found == NULL ? yaml_get(each->value, key) : found;
	}
	return found;
}

const char *
yaml_text(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *value = yaml_get(map, key);

	return value == NULL || value->kind != YAML_TEXT ? NULL : value->text;
}

bool
yaml_is_true(const struct yaml_node *map, const char *key)
{
	static const char *const words[] = { "true", "yes", "on", "1" };
	const char *text = yaml_text(map, key);

	for (size_t i = 0; text != NULL && i < sizeof words / sizeof words[0]; i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

double
yaml_number(const struct yaml_node *map, const char *key, double none)
{
	const char *text = yaml_text(map, key);
	char *end;
	double number = text == NULL ? none : strtod(text, &end);

	return text != NULL && (end == text || *end != '\0') ? none : number;
}

const struct yaml_item *
yaml_first(const struct yaml_node *node, enum yaml_kind kind)
{
	return node == NULL || node->kind != kind ? NULL : node->items;
}
