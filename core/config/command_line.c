/*
 * For `postwatch run`, `check` and `probe`: settings and targets of the command line. Words of -s
 * KEY=VALUE become a group of nodes like that of a file, so that the same checks hold: -s
 * limits.banner=5s -s limits.ehlo=9s is limits = { banner = "5s"; ehlo = "9s"; };
 */
#include "config/command_line.h"

#include <assert.h>
#include <string.h>

#include "config/policy.h"
#include "config/reader.h"
#include "config/targets.h"

/* The child of a group for the first `size` bytes of `key`; a new one, of no kind yet, if there is
 * none. */
static struct node *
child_for(struct reader *reader, struct node *group, const char *key, size_t size)
{
	struct node *children = (struct node *)(uintptr_t)
	                            group->children; /* made here, and not yet given away */

	for (uint32_t i = 0; i < group->count; i++)
		if (strncmp(children[i].key, key, size) == 0 && children[i].key[size] == '\0')
			return &children[i];
	if (children == NULL) /* no group has more children than there are words */
		group->children = children = arena_array(
		    reader->scratch, reader->source->set_count, sizeof *children);
	assert(group->count < reader->source->set_count);
	children[group->count] = (struct node){ .key = arena_bytes(reader->scratch, key, size),
		.kind = NODE_BAD };
	return &children[group->count++];
}

/* "limits.banner" is a setting of the group `limits`. Of two words for one setting the later one
 * holds. */
static void
insert(struct reader *reader, struct node *group, const char *key, const struct node *value)
{
	size_t size = strcspn(key, ".=");
	enum node_kind kind = key[size] == '.' ? NODE_GROUP : NODE_TEXT;
	struct node *child = child_for(reader, group, key, size);

	if (child->kind != NODE_BAD && child->kind != kind) {
		FAULT(reader, value->place, "%s cannot be a value and a group at once",
		    QUOTE(reader, child->key));
		return;
	}
	if (child->kind == NODE_BAD || kind == NODE_TEXT)
		child->place = value->place;
	child->kind = kind;
	if (kind == NODE_TEXT)
		child->text = value->text;
	else
		insert(reader, child, key + size + 1, value);
}

void
command_line_take_settings(struct reader *reader)
{
	const struct config_source *source = reader->source;
	struct node *sets = arena_alloc(reader->scratch, sizeof *sets);
	struct node all = { .kind = NODE_GROUP };

	*sets = (struct node){ .kind = NODE_GROUP };
	for (uint32_t i = 0; i < source->set_count; i++) {
		const char *word = source->sets[i], *equals = strchr(word, '=');
		struct text name = TEXT_OVER((char[160]){ 0 });
		struct node value = { .kind = NODE_TEXT };

		text_format(&name, "-s %s", word);
		value.place.file = diagnostics_file(&reader->diagnostics, name.bytes);
		if (equals == NULL || equals == word || word[0] == '.') {
			FAULT(reader, value.place, "is not KEY=VALUE");
			continue;
		}
		value.text = arena_strdup(reader->scratch, equals + 1);
		insert(reader, &all, word, &value);
	}
	reader->wanted_probe = source->probe;
	for (uint32_t i = 0; i < all.count; i++) {
		const struct node *node = &all.children[i];
		int global = settings_find(global_settings, node->key),
		    row = settings_find(target_settings, node->key);
		struct pw_value value;

		if (global >= 0)
			reader->globals[global] = node; /* in place of what files say */
		else if (strcmp(node->key, "log") == 0 && node->kind == NODE_GROUP)
			reader->log = node;
		else if (row < 0 || !(target_settings[row].flags & SETTING_IDENTITY))
			*child_for(reader, sets, node->key, strlen(node->key)) = *node;
		else if (row != TARGET_PROBE && row != TARGET_PORT)
			FAULT(reader, node->place,
			    "%s cannot be said of targets of the command line", node->key);
		else if (!value_of_node(&reader->passing, &reader->diagnostics,
		    &target_settings[row],
		             node->key, node, &value))
			continue;
		else if (row == TARGET_PORT)
			reader->wanted_port = (uint16_t)value.number;
		else if (reader->wanted_probe == NULL)
			reader->wanted_probe = value.string;
	}
	sets->place = reader_command_line(
	    reader); /* counted behind its words: their faults are told first */
	reader->sets = sets;
}

/* Whether a word that means no target of the file may be one of its own. */
static bool
may_be_new(const struct config_source *source, const char *word)
{
	struct endpoint endpoint;
	struct address literal;

	if (!source->select)
		return true;
	if (!source->places || !endpoint_parse(word, strlen(word), &endpoint, NULL))
		return false;
	return endpoint.port != 0 || address_parse(word, 0, &literal);
}

void
command_line_take_targets(struct reader *reader)
{
	const struct config_source *source = reader->source;
	bool all_seen = source->word_count > 0;
	struct probe *probe;
	struct layer layer;

	for (uint32_t i = 0; i < source->word_count; i++) {
		const char *word = source->words[i];

		all_seen = all_seen && reader->words_seen[i];
		if (!reader->words_seen[i] && !may_be_new(source, word)
		    && !target_list_may_have(reader, word))
			target_list_report_word(reader, word);
	}
	if (all_seen
	    || (source->word_count == 0 && reader->sets->count == 0
	        && reader->wanted_probe == NULL))
		return;
	probe = reader->wanted_probe == NULL ? probes_find_default(reader)
	    : probes_find(reader, reader->wanted_probe, reader_command_line(reader));
	if (probe == NULL)
		return;
	/* Also where no target is new: what is wrong in the settings is told in any case. */
	layer = probe->layer;
	layer_take(reader, &layer, probe, reader->sets, SCOPE_TARGET);
	for (uint32_t i = 0; i < source->word_count; i++) {
		const struct pw_bytes word = { source->words[i], strlen(source->words[i]) };
		struct place place = reader_command_line(reader);
		struct draft draft = { .probe = probe,
			.place = place,
			.interval_place = place,
			.interval_warned = &reader->interval_warned,
			.port = plugin_probe(probe->plugin)->default_port };
		struct host_port where;

		if (reader->words_seen[i] || !may_be_new(source, source->words[i])
		    || !reader_parse_host_port(reader, word, place, "", &where))
			continue;
		draft.host = where.host;
		if (where.port != 0 || reader->wanted_port != 0)
			draft.port = where.port != 0 ? where.port : reader->wanted_port;
		draft.policy = policy_of_layer(
		    reader, probe, &layer, port_class(draft.port), place);
		targets_finish(reader, &draft, NULL);
	}
}
