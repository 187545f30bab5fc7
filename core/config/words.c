/* Targets that the command line names: new ones, or those that are configured under that name. */
#include "config/reader.h"

#include <string.h>

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
take_word(struct reader *reader, const char *word, const struct probe *probe, const struct layer *layer)
{
	struct draft draft = { .probe = probe, .place = { faults_file(&reader->faults, "command line"), 0 },
		.port = plugin_probe(probe->plugin)->default_port, .pace_warned = &reader->pace_warned };

	draft.pace_place = draft.place;
	if (!reader_take_endpoint(reader, "", word, strlen(word), draft.place, &draft.host, &draft.port))
		return;
	draft.policy = policy_of_layer(reader, probe, layer, port_class(draft.port), draft.place);
	reader_finish_target(reader, &draft, NULL);
}

/* The settings of the command line are laid over the rest once, also where only configured targets are named: what is
 * wrong in them is wrong anyway. */
void
reader_take_words(struct reader *reader)
{
	const struct config_source *source = reader->source;
	const struct place place = { faults_file(&reader->faults, "command line"), 0 };
	const struct probe *probe;
	struct layer *layer;
	bool all_seen = source->word_count > 0;

	for (uint32_t i = 0; i < source->word_count; i++)
		all_seen = all_seen && reader->words_seen[i];
	if (all_seen || (source->word_count == 0 && reader->sets->count == 0 && source->probe == NULL))
		return;
	probe = source->probe != NULL ? reader_find_probe(reader, source->probe, place) : reader_default_probe(reader);
	if (probe == NULL)
		return;
	layer = arena_alloc(reader->scratch, sizeof *layer);
	*layer = probe->layer;
	layer_take(reader, layer, probe, reader->sets, SCOPE_TARGET);
	for (uint32_t i = 0; i < source->word_count; i++)
		if (!reader->words_seen[i])
			take_word(reader, source->words[i], probe, layer);
}
