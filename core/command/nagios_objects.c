/*
 * For `postwatch import`: reads object definitions of Nagios and resolves their templates (Nagios
 * Core 4, "Object Definitions" and "Object Inheritance").
 */
#include "command/nagios_objects.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/input.h"

enum { TEMPLATES_MAX = 256 }; /* looked at for one value: they may name each other in a circle */

/* The value of the object alone; of one that stands there twice the last counts. */
static const char *
own_value(const struct nagios_object *object, const char *key)
{
	const struct nagios_attribute *item = object->attributes;

	while (item != NULL && strcmp(item->key, key) != 0)
		item = item->next;
	return item == NULL ? NULL : item->value;
}

/* Without blanks at both ends, and without a comment, which ";" begins unless "\" stands before. */
static char *
trim(char *line)
{
	size_t size;

	for (char *at = line; (at = strchr(at, ';')) != NULL; at++)
		if (at == line || at[-1] != '\\') {
			*at = '\0';
			break;
		}
	line += strspn(line, " \t\r\n");
	size = strlen(line);
	while (size > 0 && isspace((unsigned char)line[size - 1]))
		line[--size] = '\0';
	return line[0] == '#' ? line + size : line;
}

/* Takes a line, of which `*object` is the one that is open. Returns false if it is none of this
 * form. */
static bool
take_line(struct nagios_objects *objects, struct nagios_object **object, char *line)
{
	size_t size = strcspn(line, " \t{");
	struct nagios_attribute *item;

	if (line[0] == '\0' || (line[0] == '{' && line[1] == '\0' && *object != NULL))
		return true;
	if (line[0] == '}') {
		*object = NULL;
		return line[1] == '\0';
	}
	if (*object != NULL) {
		size = strcspn(line, " \t");
		item = arena_alloc(objects->arena, sizeof *item);
		*item = (struct nagios_attribute){ (*object)->attributes,
			arena_bytes(objects->arena, line, size),
			arena_strdup(objects->arena, line + size + strspn(line + size, " \t")) };
		(*object)->attributes = item;
		return true;
	}
	if (size != 6 || strncmp(line, "define", size) != 0)
		return false;
	line += size + strspn(line + size, " \t");
	size = strcspn(line, " \t{");
	*object = arena_alloc(objects->arena, sizeof **object);
	(*object)->type = arena_bytes(objects->arena, line, size);
	*objects->end = *object;
	objects->end = &(*object)->next;
	line += size + strspn(line + size, " \t");
	return size > 0 && (line[0] == '\0' || strcmp(line, "{") == 0);
}

static bool
read_file(void *objects, const char *path, struct reason *why)
{
	return nagios_objects_read(objects, path, why);
}

/* A line of nagios.cfg, "KEY=VALUE". `*good`: what it names could be read. Returns false if it is
 * no such line. */
static bool
take_main(struct nagios_objects *objects, const char *path, char *line, bool *good,
    struct reason *why)
{
	char *equals = strchr(line, '=');
	const char *value, *named;

	if (equals == NULL || strncmp(line, "define", 6) == 0)
		return false;
	*equals = '\0';
	line = trim(line);
	value = trim(equals + 1);
	named = path_beside(objects->arena, path, value);
	if (strcmp(line, "cfg_file") == 0)
		*good = nagios_objects_read(objects, named, why);
	else if (strcmp(line, "cfg_dir") == 0)
		*good = import_files_read(named, ".cfg", read_file, objects, why);
	else if (strcmp(line, "interval_length") == 0 && strtod(value, NULL) > 0)
		objects->interval_length = strtod(value, NULL);
	return true;
}

static bool
read_lines(struct nagios_objects *objects, const char *path, char *bytes, struct reason *why)
{
	struct nagios_object *object = NULL;
	const char *name = arena_strdup(objects->arena, path);
	unsigned line = 0;
	bool good = true;

	while (good && bytes != NULL) {
		struct nagios_object *before = object;
		char *text = trim(strsep(&bytes, "\n"));

		line++;
		if (object == NULL && take_main(objects, name, text, &good, why))
			continue;
		good = take_line(objects, &object, text);
		if (!good)
			reason_set(why, "%s:%u: no line of an object of Nagios", path, line);
		if (object != NULL && object != before) {
			object->file = name;
			object->line = line;
		}
	}
	if (good && object != NULL) {
		reason_set(why, "%s:%u: this object has no end: \"}\"", path, object->line);
		return false;
	}
	return good;
}

bool
nagios_objects_read(struct nagios_objects *objects, const char *path, struct reason *why)
{
	struct input input;
	struct reason own;
	bool good;

	if (objects->end == NULL)
		objects->end = &objects->first;
	if (!import_files_is_new(&objects->files, objects->arena, path))
		return true;
	if (!input_read(path, &input, &own)) {
		reason_set(why, "%s: %s", path, own.text);
		return false;
	}
	good = read_lines(objects, path, input.bytes, why);
	input_free(&input);
	return good;
}

const char *
nagios_next(const struct nagios_objects *objects, const char **list)
{
	size_t size;
	const char *word;

	if (*list == NULL)
		return NULL;
	*list += strspn(*list, ", \t");
	word = *list;
	size = strcspn(word, ",");
	*list += size;
	while (size > 0 && isspace((unsigned char)word[size - 1]))
		size--;
	return size == 0 ? NULL : arena_bytes(objects->arena, word, size);
}

bool
nagios_lists(const char *list, const char *word)
{
	size_t size = strlen(word);

	for (const char *at = list; at != NULL && *at != '\0'; at += strcspn(at, ",")) {
		at += strspn(at, ", \t");
		if (strncmp(at, word, size) == 0 && strchr(", \t", at[size]) != NULL)
			return true;
	}
	return false;
}

static const char *
value_at(const struct nagios_objects *objects, const struct nagios_object *object,
    const char *key, int *left)
{
	const char *value = own_value(object, key), *use = own_value(object, "use"), *name;
	const char *inherited = NULL;
	char *both;

	if (value != NULL && value[0] != '+')
		return value;
	while (inherited == NULL && (*left)-- > 0
	    && (name = nagios_next(objects, &use)) != NULL) {
		const struct nagios_object *template = nagios_find(
		    objects, object->type, "name", name);

		if (template != NULL && template != object)
			inherited = value_at(objects, template, key, left);
	}
	if (value == NULL || inherited == NULL || strcmp(inherited, "null") == 0)
		return value == NULL ? inherited : value + 1;
	both = arena_alloc(objects->arena, strlen(value) + strlen(inherited) + 2);
	snprintf(both, strlen(value) + strlen(inherited) + 1, "%s,%s", value + 1, inherited);
	return both;
}

const char *
nagios_value(
    const struct nagios_objects *objects, const struct nagios_object *object, const char *key)
{
	int left = TEMPLATES_MAX;
	const char *value = value_at(objects, object, key, &left);

	return value == NULL || strcmp(value, "null") == 0 ? NULL : value;
}

const struct nagios_object *
nagios_find(
    const struct nagios_objects *objects, const char *type, const char *key, const char *name)
{
	const struct nagios_object *object = objects->first;

	for (; object != NULL; object = object->next) {
		const char *is = strcmp(object->type, type) == 0 ? own_value(object, key) : NULL;

		if (is != NULL && strcmp(is, name) == 0)
			return object;
	}
	return NULL;
}

bool
nagios_is_registered(const struct nagios_object *object)
{
	const char *value = own_value(object, "register");

	return value == NULL || strcmp(value, "0") != 0;
}
