/*
 * For the reading of a configuration: reads the recurring maintenance windows. A word of `targets`
 * is a target's name first: a target called "tag:a" is meant by that word.
 */
#include "config/windows.h"

#include <assert.h>
#include <string.h>

#include "config/reader.h"

/*
 * A word is the name of a target, or tag:TAG for all that have the tag. A word that means none is a
 * fault, unless what it may mean was a fault itself.
 */
static void
take_targets(struct reader *reader, const struct node *group, const struct pw_strings *words,
    struct config_window *window)
{
	const struct config *config = reader->config;
	bool *marked = arena_array(reader->scratch, config->target_count + 1, sizeof *marked);
	uint32_t *targets;

	for (uint32_t i = 0; i < words->count; i++) {
		const char *word = words->items[i];
		const char *tag = strncmp(word, "tag:", 4) == 0 ? word + 4 : NULL;
		uint32_t target = target_list_find(reader, word);
		bool found = target != CONFIG_NONE;

		if (found)
			marked[target] = true;
		for (uint32_t j = 0; tag != NULL && j < config->target_count; j++)
			if (target_has_tag(&config->targets[j], tag))
				found = marked[j] = true;
		if (!found && !reader->source->select && !target_list_may_have(reader, word)
		    && (tag == NULL || reader->targets.rejected_count == 0))
			FAULT(reader, node_member(group, "targets")->place,
			    "windows: no target is called %s%s", QUOTE(reader, word),
			    tag == NULL ? "; all that have a tag are tag:TAG"
			                : ", and none has that tag");
	}
	for (uint32_t i = 0; i < config->target_count; i++)
		window->target_count += marked[i];
	window->targets = targets = arena_array(
	    reader->arena, window->target_count + 1, sizeof *targets);
	for (uint32_t i = 0; i < config->target_count; i++)
		if (marked[i])
			*targets++ = i;
	assert(targets == window->targets + window->target_count);
}

static void
take_window(struct reader *reader, const struct node *group, struct config_window *window)
{
	struct pw_value values[WINDOW_ROWS];
	bool good[WINDOW_ROWS];
	struct calendar_range *range = arena_alloc(reader->arena, sizeof *range);
	struct reason why;

	reader_check_keys(reader, group, "windows: ", window_settings, NULL);
	for (int i = 0; i < WINDOW_ROWS; i++)
		good[i] = reader_take_row(reader, group, &window_settings[i], &values[i]);
	window->why = values[WINDOW_WHY].string;
	window->timezone = values[WINDOW_TIMEZONE].given ? values[WINDOW_TIMEZONE].string
	                                                 : reader->config->timezone;
	if (values[WINDOW_TIMEZONE].given)
		reader_check_zone(
		    reader, node_member(group, "timezone"), "timezone", window->timezone);
	if (good[WINDOW_WHEN] && calendar_parse(values[WINDOW_WHEN].string, range, &why))
		window->when = (struct calendar){ 1, range };
	else if (good[WINDOW_WHEN])
		FAULT(reader, node_member(group, "when")->place, "when: %s: %s",
		    QUOTE(reader, values[WINDOW_WHEN].string), why.text);
	if (good[WINDOW_TARGETS])
		take_targets(reader, group, values[WINDOW_TARGETS].list, window);
}

void
windows_take(struct reader *reader)
{
	const struct groups *groups = &reader->window_groups;
	struct config_window *windows = arena_array(
	    reader->arena, groups->count + 1, sizeof *windows);

	for (uint32_t i = 0; i < groups->count; i++)
		take_window(reader, groups->items[i], &windows[i]);
	reader->config->windows = windows;
	reader->config->window_count = groups->count;
}
