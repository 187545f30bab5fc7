/*
 * Reads a configuration, for commands and the daemon: the order in which its modules are called.
 * Every step tells its own faults and goes on, so that a user reads all of them in one pass.
 */
#include "config/read.h"

#include <assert.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "config/advice.h"
#include "config/command_line.h"
#include "config/notifiers.h"
#include "config/probes.h"
#include "config/programs.h"
#include "config/reader.h"
#include "config/reports.h"
#include "config/service_files.h"
#include "config/targets.h"
#include "config/top.h"
#include "config/web.h"
#include "config/windows.h"

/* A configuration and what it lies in. */
struct whole {
	struct config config;
	struct arena *arena;
};

/* The one of this process: named here so that its memory does not look lost to tools that look for
 * leaks. */
static struct arena *latest;

/* What has been read by now; plugins have a place in diagnostics as well. What has no path, such as
 * the command line, is no file. */
static void
keep_files(struct reader *reader)
{
	const char **files
	    = arena_array(reader->arena, reader->diagnostics.file_count + 1, sizeof *files);
	uint32_t count = 0;

	for (uint32_t i = 0; i < reader->diagnostics.file_count; i++) {
		char *path = realpath(reader->diagnostics.files[i], NULL);

		if (path != NULL)
			files[count++] = arena_strdup(reader->arena, path);
		free(path);
	}
	reader->config->files = files;
	reader->config->file_count = count;
}

/*
 * Plugins come before notifiers and targets, which have settings of theirs; notifiers before
 * targets, which name them; what targets say of each other after the last of them.
 */
static void
read_all(struct reader *reader)
{
	top_read_files(reader);
	keep_files(reader);
	command_line_take_settings(reader);
	top_take_globals(reader);
	top_take_log(reader);
	probes_load_plugins(reader);
	notifiers_take(reader);
	probes_take_defaults(reader);
	targets_take(reader);
	command_line_take_targets(reader);
	target_list_finish(reader);
	windows_take(reader);
	reports_take(reader);
	web_take(reader);
	top_take_host(reader);
	advice_of_relays(reader);
	if (reader->source->advise && reader->diagnostics.into->errors == 0)
		advice_of_reach(reader);
	if (reader->source->advise && reader->diagnostics.into->errors == 0)
		programs_advise(reader);
	if ((reader->source->advise || reader->source->starts || reader->source->replaces)
	    && reader->diagnostics.into->errors == 0)
		service_files_check(reader);
	if (reader->source->path != NULL && reader->config->target_count == 0
	    && reader->diagnostics.into->errors == 0)
		WARN(reader, reader_main_file(reader),
		    "there are no targets: nothing will be watched");
}

/* The reader is too large for the stack. */
static struct reader *
begin(const struct config_source *source, struct config_diagnostics *diagnostics)
{
	struct reader *reader = calloc(1, sizeof *reader);
	struct whole *whole;

	if (reader == NULL)
		exit(EX_OSERR);
	reader->source = source;
	reader->arena = arena_create();
	reader->scratch = arena_create();
	diagnostics_init(&reader->diagnostics, diagnostics, reader->scratch);
	reader->diagnostics.snapshot = source->snapshot;
	values_init(&reader->values, reader->arena);
	values_init(&reader->passing, reader->scratch);
	whole = arena_alloc(reader->arena, sizeof *whole);
	whole->arena = reader->arena;
	reader->config = &whole->config;
	reader->words_seen = arena_array(
	    reader->scratch, source->word_count + 1, sizeof *reader->words_seen);
	if (source->path != NULL)
		reader->config->path = arena_strdup(reader->arena, source->path);
	return reader;
}

/* `kept`: what it has made lasts. */
static void
end(struct reader *reader, bool kept)
{
	if (!kept)
		arena_destroy(&reader->arena);
	free(reader->target_groups.items);
	free(reader->notifier_groups.items);
	free(reader->window_groups.items);
	free(reader->report_groups.items);
	free(reader->secrets);
	target_list_fini(&reader->targets);
	plugins_fini(&reader->plugins);
	values_fini(&reader->values);
	values_fini(&reader->passing);
	diagnostics_fini(&reader->diagnostics);
	arena_destroy(&reader->scratch);
	free(reader);
}

const struct config *
config_read(const struct config_source *source, struct config_diagnostics *diagnostics)
{
	struct reader *reader = begin(source, diagnostics);
	struct config_source whole = *source;
	const struct config *config;

	read_all(reader);
	config = diagnostics->errors == 0 ? reader->config : NULL;
	assert(config == NULL || config->target_count == reader->targets.count);
	if (config != NULL)
		arena_freeze(latest = reader->arena);
	end(reader, config != NULL);
	whole.probes_alone = false;
	if (config == NULL && source->probes_alone)
		return config_read(&whole, diagnostics);
	malloc_trim(0); /* what the parser took is not to be carried along in every child */
	return config;
}

/*
 * Where the daemon cannot be started its log and history are still asked for: a fault elsewhere in
 * the files is no reason not to find them.
 */
bool
config_find_state(const struct config_source *source, char *folder, size_t room)
{
	static struct config_diagnostics diagnostics;
	struct reader *reader = begin(source, &diagnostics);
	bool good;

	if (source->state == NULL) { /* else the files have no say */
		top_read_files(reader);
		command_line_take_settings(reader);
		top_take_globals(reader);
	}
	good = (size_t)snprintf(folder, room, "%s", top_find_state(reader)) < room;
	end(reader, false);
	return good;
}

bool
config_find_socket(const struct config_source *source, char *path, size_t room)
{
	static struct config_diagnostics diagnostics;
	struct reader *reader = begin(source, &diagnostics);
	const struct config_web *web;

	top_read_files(reader);
	top_take_globals(reader);
	web_take(reader);
	web = &reader->config->web;
	path[0] = '\0';
	for (uint32_t i = 0; path[0] == '\0' && i < web->listen_count; i++)
		if (web->listen[i][0] == '/')
			snprintf(path, room, "%s", web->listen[i]);
	end(reader, false);
	return path[0] != '\0';
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
