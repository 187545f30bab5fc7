/* One setting's value: from what a user wrote (a node of the tree, a word of the command line, a
 * default in a table) to what a plugin is given, checked by its row. */
#pragma once

#include <sys/types.h>
#include "config/node.h"
#include "config/pool.h"
#include "config/regex.h"

/* Where values lie: all equal ones share an address, so that values can be compared by it. */
struct values {
	struct arena *arena;
	struct pool pool;
	struct hash_table regex_table; /* by pattern */
	const struct pw_regex **regexes;
	uint32_t regex_count, regex_room;
	uid_t owner; /* of secrets, beside root (secret_find_file) */
};

void values_init(struct values *, struct arena *);
void values_fini(struct values *);

/* The key as it stands in a file: a secret's is KEY_file. Into `room` (SETTING_KEY_MAX). */
enum { SETTING_KEY_MAX = 64 };
const char *value_key(const struct pw_setting *, char *room);

/* From text, as on the command line and in the default of a table. `from`: the file that names it,
 * for paths ("": the working folder). Returns false with a reason. */
bool value_of_text(struct values *, const struct pw_setting *, const char *from, const char *text,
    struct pw_value *, struct reason *why);

/* From the tree; false after a fault, which names the setting by `label`. */
bool value_of_node(struct values *, struct diagnostics *, const struct pw_setting *,
    const char *label, const struct node *, struct pw_value *);

/* What the row's `fallback` says; all zero where it says nothing. Returns false with a reason
 * (NULL: not asked for) if the table is wrong. */
bool value_default(
    struct values *, const struct pw_setting *, struct pw_value *, struct reason *why);

/* A number of the row's type, as people write it: "90s", "16M", 3. */
void value_add_number(struct text *, const struct pw_setting *, int64_t number);

/* The values of a table as one shared block. */
const struct pw_values *values_share(struct values *, const struct pw_value *items, uint32_t count);

/* Whether text is clean UTF-8 without control characters; else a reason. */
bool text_is_clean(const char *text, struct reason *why);
