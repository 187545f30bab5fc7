/*
 * Reads the targets that the command line names: those configured under that name, or, without a
 * file, new ones.
 */
#include "config/reader.h"

#include <string.h>

/* A setting of the command line that says which target it is, not how it is watched. */
static void
take_identity(struct reader *reader, const struct node *node, int row)
{
	struct pw_value value;

	if (row != TARGET_PROBE && row != TARGET_PORT) {
		faults_add(&reader->faults, node->place, "%s cannot be said of targets of the command line", node->key);
		return;
	}
	if (!value_of_node(&reader->passing, &reader->faults, &target_settings[row], node->key, node, &value))
		return;
	if (row == TARGET_PORT)
		reader->wanted_port = (uint16_t)value.number;
	else if (reader->wanted_probe == NULL)
		reader->wanted_probe = value.string;
}

static void
take_set(struct reader *reader, const struct node *node, struct node *own, struct node *children)
{
	int global = settings_find(global_settings, node->key), row = settings_find(target_settings, node->key);

	if (global >= 0)
		reader->globals[global] = node; /* in place of what files say */
	else if (strcmp(node->key, "log") == 0 && node->kind == NODE_GROUP)
		reader->log = node;
	else if (row >= 0 && target_settings[row].flags & SETTING_IDENTITY)
		take_identity(reader, node, row);
	else
		children[own->count++] = *node;
}

void
reader_take_sets(struct reader *reader)
{
	const struct config_source *source = reader->source;
	const struct node *all = node_of_sets(&reader->faults, reader->scratch, source->sets, source->set_count);
	struct node *own = arena_alloc(reader->scratch, sizeof *own);
	struct node *children = arena_array(reader->scratch, all->count + 1, sizeof *children);

	*own = *all;
	own->count = 0;
	own->children = children;
	reader->wanted_probe = source->probe;
	for (uint32_t i = 0; i < all->count; i++)
		take_set(reader, &all->children[i], own, children);
	reader->sets = own;
}

/* Whether a word is this target's name, or the place that it has no other name for. */
static bool
is_meant(const char *word, const struct draft *draft)
{
	struct endpoint endpoint;

	if (draft->name != NULL)
		return strcmp(word, draft->name) == 0;
	if (!endpoint_parse(word, strlen(word), &endpoint, NULL))
		return false;
	if (endpoint.host_size != strlen(draft->host.ascii)
	    || strncasecmp(endpoint.host, draft->host.ascii, endpoint.host_size) != 0)
		return false;
	return draft->port == (endpoint.port != 0 ? endpoint.port : plugin_probe(draft->probe->plugin)->default_port);
}

bool
reader_is_wanted(struct reader *reader, const struct draft *draft)
{
	bool wanted = false;

	for (uint32_t i = 0; i < reader->source->word_count; i++) {
		if (is_meant(reader->source->words[i], draft)) {
			reader->words_seen[i] = true;
			wanted = true;
		}
	}
	return wanted;
}

static void
take_word(struct reader *reader, const char *word, struct probe *probe, const struct layer *layer)
{
	struct draft draft = { .probe = probe, .place = { .file = faults_file(&reader->faults, "command line") },
		.port = plugin_probe(probe->plugin)->default_port, .pace_warned = &reader->pace_warned };

	if (reader->wanted_port != 0)
		draft.port = reader->wanted_port;

	draft.pace_place = draft.place;
	if (!reader_take_endpoint(reader, "", word, strlen(word), draft.place, &draft.host, &draft.port))
		return;
	draft.policy = policy_of_layer(reader, probe, layer, port_class(draft.port), draft.place);
	reader_finish_target(reader, &draft, NULL);
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

/* The settings of the command line are laid over the rest once, also where only configured targets are named: what is
 * wrong in them is wrong anyway. */
void
reader_take_words(struct reader *reader)
{
	const struct config_source *source = reader->source;
	const struct place place = { .file = faults_file(&reader->faults, "command line") };
	struct probe *probe;
	struct layer *layer;
	bool all_seen = source->word_count > 0;

	for (uint32_t i = 0; i < source->word_count; i++) {
		all_seen = all_seen && reader->words_seen[i];
		if (!reader->words_seen[i] && !may_be_new(source, source->words[i]) && !reader_target_may_be(reader, source->words[i]))
			reader_blame_word(reader, source->words[i]);
	}
	if (all_seen || (source->word_count == 0 && reader->sets->count == 0 && reader->wanted_probe == NULL))
		return;
	probe = reader->wanted_probe != NULL ? reader_find_probe(reader, reader->wanted_probe, place)
	    : reader_default_probe(reader);
	if (probe == NULL)
		return;
	layer = arena_alloc(reader->scratch, sizeof *layer);
	*layer = probe->layer;
	layer_take(reader, layer, probe, reader->sets, SCOPE_TARGET);
	for (uint32_t i = 0; i < source->word_count; i++)
		if (!reader->words_seen[i] && may_be_new(source, source->words[i]))
			take_word(reader, source->words[i], probe, layer);
}
