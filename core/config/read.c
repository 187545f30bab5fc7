/* config_read(): the order in which a configuration is read. Every step tells its own faults and goes on. */
#include "config/reader.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

/* A configuration and what it lies in. */
struct whole {
	struct config config;
	struct arena *arena;
};

/* The one of this process: named here so that its memory does not look lost to tools that look for leaks. */
static struct arena *latest;

static void
warn_of_nothing(struct reader *reader)
{
	if (reader->source->path != NULL && reader->config->target_count == 0 && reader->faults.into->faults == 0)
		faults_warn(&reader->faults, (struct place){ .file = faults_file(&reader->faults, reader->source->path) },
		    "there are no targets: nothing will be watched");
}

static void
read_all(struct reader *reader)
{
	reader_read_files(reader);
	reader_take_globals(reader);
	reader_take_log(reader);
	reader_load_plugins(reader);
	reader_take_notifiers(reader);
	reader_take_defaults(reader);
	reader_take_targets(reader);
	reader_take_words(reader);
	reader_tie_targets(reader);
	reader_take_windows(reader);
	reader_look_around(reader);
	reader_look_at_relays(reader);
	reader_look_at_reach(reader);
	reader_look_at_service(reader);
	warn_of_nothing(reader);
}

static void
init(struct reader *reader, const struct config_source *source, struct config_faults *faults)
{
	struct whole *whole;

	reader->source = source;
	reader->arena = arena_create();
	reader->scratch = arena_create();
	faults_init(&reader->faults, faults, reader->scratch);
	reader->faults.accepted = source->accepted;
	values_init(&reader->values, reader->arena);
	values_init(&reader->passing, reader->scratch);
	target_list_init(&reader->targets);
	whole = arena_alloc(reader->arena, sizeof *whole);
	whole->arena = reader->arena;
	reader->config = &whole->config;
	reader->words_seen = arena_array(reader->scratch, source->word_count + 1, sizeof *reader->words_seen);
	if (source->path != NULL)
		reader->config->path = arena_strdup(reader->arena, source->path);
}

static void
fini(struct reader *reader)
{
	free(reader->target_lists);
	free(reader->notifier_lists);
	free(reader->window_lists);
	target_list_fini(&reader->targets);
	plugins_fini(&reader->plugins);
	values_fini(&reader->values);
	values_fini(&reader->passing);
	faults_fini(&reader->faults);
	arena_destroy(&reader->scratch);
}

const struct config *
config_read(const struct config_source *source, struct config_faults *faults)
{
	struct reader *reader = calloc(1, sizeof *reader); /* too large for the stack */
	const struct config *config;

	if (reader == NULL)
		exit(EX_OSERR);
	init(reader, source, faults);
	read_all(reader);
	config = faults->faults == 0 ? reader->config : NULL;
	if (config != NULL)
		arena_freeze(latest = reader->arena);
	else
		arena_destroy(&reader->arena);
	fini(reader);
	free(reader);
	malloc_trim(0); /* what the parser took is not to be carried along in every child */
	return config;
}

bool
config_find_state(const struct config_source *source, char *folder, size_t room)
{
	static struct config_faults faults;
	struct reader *reader = calloc(1, sizeof *reader);
	bool good;

	if (reader == NULL)
		exit(EX_OSERR);
	init(reader, source, &faults);
	reader_read_files(reader);
	reader_take_globals(reader);
	good = (size_t)snprintf(folder, room, "%s", reader_find_state(reader)) < room;
	arena_destroy(&reader->arena);
	fini(reader);
	free(reader);
	return good;
}

void
config_free(const struct config **config)
{
	struct arena *arena;

	if (*config == NULL)
		return;
	arena = ((const struct whole *)(const void *)*config)->arena;
	if (latest == arena)
		latest = NULL;
	*config = NULL;
	arena_destroy(&arena);
}
