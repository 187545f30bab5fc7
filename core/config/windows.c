/* Recurring windows: of which targets, when, and why. */
#include "config/plain.h"
#include "config/reader.h"

#include <string.h>

static const char *
next_key(void *arg, size_t index)
{
	(void)arg;
	return window_settings[index].key;
}

static void
check_keys(struct reader *reader, const struct node *group)
{
	for (uint32_t i = 0; i < group->count; i++) {
		const struct node *node = &group->children[i];
		const char *near;

		if (node->key[0] == PLAIN_NO_KEY || settings_find(window_settings, node->key) >= 0)
			continue;
		near = text_nearest(node->key, next_key, NULL);
		faults_add(&reader->faults, node->place, "windows: unknown setting %s%s%s%s", QUOTE(reader, node->key),
		    near == NULL ? "" : ": did you mean ", near == NULL ? "" : near, near == NULL ? "" : "?");
	}
}

/* Marks those that a word means. */
static void
mark(struct reader *reader, const struct node *group, const char *word, bool *marked)
{
	const struct config *config = reader->config;
	const char *tag = strncmp(word, "tag:", 4) == 0 ? word + 4 : NULL;
	uint32_t target = reader_find_target(reader, word);
	bool found = target != CONFIG_NONE;

	if (found)
		marked[target] = true;
	for (uint32_t i = 0; tag != NULL && i < config->target_count; i++)
		if (target_has_tag(&config->targets[i], tag))
			found = marked[i] = true;
	if (!found && !reader->source->select && !reader_target_may_be(reader, word) && (tag == NULL || reader->targets.rejected_count == 0))
		faults_add(&reader->faults, node_member(group, "targets")->place, "windows: no target is called %s%s",
		    QUOTE(reader, word), tag == NULL ? "; all that have a tag are tag:TAG" : ", and none has that tag");
}

static void
take_targets(struct reader *reader, const struct node *group, const struct pw_strings *words, struct config_window *window)
{
	const struct config *config = reader->config;
	bool *marked = arena_array(reader->scratch, config->target_count + 1, sizeof *marked);
	uint32_t *targets;

	for (uint32_t i = 0; i < words->count; i++)
		mark(reader, group, words->items[i], marked);
	for (uint32_t i = 0; i < config->target_count; i++)
		window->target_count += marked[i];
	window->targets = targets = arena_array(reader->arena, window->target_count + 1, sizeof *targets);
	for (uint32_t i = 0; i < config->target_count; i++)
		if (marked[i])
			*targets++ = i;
}

static void
take_when(struct reader *reader, const struct node *group, const char *text, struct config_window *window)
{
	struct calendar_range *range = arena_alloc(reader->arena, sizeof *range);
	struct reason why;

	if (calendar_parse(text, range, &why))
		window->when = (struct calendar){ 1, range };
	else
		faults_add(&reader->faults, node_member(group, "when")->place, "when: %s: %s", QUOTE(reader, text), why.text);
}

static void
take_window(struct reader *reader, const struct node *group, struct config_window *window)
{
	struct pw_value values[WINDOW_ROWS];
	bool good[WINDOW_ROWS];

	if (group->kind != NODE_GROUP) {
		if (group->kind != NODE_BAD)
			faults_add(&reader->faults, group->place, "windows: %s where a group { targets = [ \"...\" ]; when = \"...\"; "
			    "why = \"...\"; } should be", node_kind_name(group->kind));
		return;
	}
	check_keys(reader, group);
	for (int i = 0; i < WINDOW_ROWS; i++)
		good[i] = reader_take_row(reader, group, &window_settings[i], &values[i]);
	window->why = values[WINDOW_WHY].string;
	window->timezone = values[WINDOW_TIMEZONE].given ? values[WINDOW_TIMEZONE].string : reader->config->timezone;
	if (values[WINDOW_TIMEZONE].given)
		reader_check_zone(reader, node_member(group, "timezone"), "timezone", window->timezone);
	if (good[WINDOW_WHEN])
		take_when(reader, group, values[WINDOW_WHEN].string, window);
	if (good[WINDOW_TARGETS])
		take_targets(reader, group, values[WINDOW_TARGETS].list, window);
}

void
reader_take_windows(struct reader *reader)
{
	struct config *config = reader->config;
	struct config_window *windows;
	uint32_t count = 0;

	for (uint32_t i = 0; i < reader->window_list_count; i++)
		count += reader->window_lists[i]->count;
	config->windows = windows = arena_array(reader->arena, count + 1, sizeof *windows);
	for (uint32_t i = 0; i < reader->window_list_count; i++)
		for (uint32_t j = 0; j < reader->window_lists[i]->count; j++)
			take_window(reader, &reader->window_lists[i]->children[j], &windows[config->window_count++]);
}
