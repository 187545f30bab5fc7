/*
 * For `postwatch import`: objects of Nagios 4 (and of Icinga 1, Naemon, Shinken): what stands
 * between `define TYPE {` and `}` in files, with their templates.
 */
#pragma once

#include "command/import_files.h"

struct nagios_attribute {
	struct nagios_attribute *next;
	const char *key, *value;
};

struct nagios_object {
	struct nagios_object *next; /* in the order of the files */
	const char *type, *file;
	unsigned line;
	struct nagios_attribute *attributes;
};

struct nagios_objects {
	struct arena *arena;
	struct nagios_object *first, **end;
	double interval_length; /* seconds, of nagios.cfg */
	struct import_files files;
};

/* Adds those of a file, and of those that it names if it is nagios.cfg (cfg_file, cfg_dir), each
 * once. Returns false with a reason, which names the line. */
bool nagios_objects_read(struct nagios_objects *, const char *path, struct reason *why);

/* The value of an attribute, of the object or of its templates; NULL: none, or "null". A value that
 * begins with "+" has those of the templates behind it. */
const char *nagios_value(
    const struct nagios_objects *, const struct nagios_object *, const char *key);

/* The object of that type, by the attribute that is its name; NULL: none is called so. */
const struct nagios_object *nagios_find(
    const struct nagios_objects *, const char *type, const char *key, const char *name);

/* Whether a word is one of a list with commas. */
bool nagios_lists(const char *list, const char *word);

/* Takes the next word of a list with commas, in memory of the arena; NULL at its end. */
const char *nagios_next(const struct nagios_objects *, const char **list);

/* Whether it is there to be used, and no template alone. */
bool nagios_is_registered(const struct nagios_object *);
