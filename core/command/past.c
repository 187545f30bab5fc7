/*
 * For commands that read what is stored (status, history, report ...): finds the state folder and
 * opens the store, or has the web process read it where this user may not, and writes times and
 * targets as these commands show them.
 *
 * The folder may be told by -S alone, so that the past can be read where the configuration is
 * faulty or lost.
 */
#include "command/past.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/ask.h"
#include "command/config_options.h"
#include "command/layout.h"
#include "command/pager.h"
#include "command/remote.h"
#include "config/snapshot.h"
#include "parent/reload.h"
#include "store/remote.h"

/* Memory until the end of a command. */
struct past_block {
	struct past_block *next;
	max_align_t bytes[];
};

/* The configuration that the daemon of that folder goes by, or went by last, takes the place of
 * the file's, if any. Where there is none, or it cannot be read any more, nothing changes. */
static void
take_snapshot(struct past *past)
{
	static struct config_diagnostics diagnostics;
	struct config_source source = { .state = past->folder, .probes_alone = past->nagios,
	    .no_dialogue = true };
	const struct config *config = NULL;
	struct reason why;

	source.snapshot = snapshot_open(past->folder, RELOAD_FILES, &why);
	if (source.snapshot != NULL && (source.path = snapshot_main(source.snapshot)) != NULL)
		config = config_read(&source, &diagnostics);
	snapshot_close(&source.snapshot);
	if (config == NULL)
		return;
	config_free(&past->config);
	past->config = config;
}

/* The file that says where the state is; NULL: none does. */
static const char *
main_file(const struct past *past)
{
	static const char usual[] = PW_SYSCONF_DIR "/postwatch.conf";

	return past->path == NULL && past->state == NULL && access(usual, F_OK) == 0 ? usual
	                                                                             : past->path;
}

/* As `run` has it: -S, the configuration's, $STATE_DIRECTORY, /var/lib/postwatch. A
 * configuration with faults is no reason not to tell and do what is to be told and done now. */
int
past_find_folder(struct past *past)
{
	static struct config_diagnostics diagnostics;
	static char folder[PATH_MAX];
	const struct config_source source = { .path = main_file(past), .state = past->state,
		.probes_alone = past->nagios, .no_dialogue = true };

	past->folder = folder;
	if (past->nagios && (source.path == NULL || access(source.path, R_OK) == 0)
	    && config_find_state(&source, folder, sizeof folder) && store_daemon_runs(folder))
		take_snapshot(past);
	if (past->config != NULL)
		return 0;
	if (source.path != NULL && (past->config = config_read(&source, &diagnostics)) != NULL) {
		text_copy(folder, sizeof folder, past->config->state);
		return 0;
	}
	if (source.path != NULL && access(source.path, F_OK) != 0) {
		print_diagnostics(stderr, &diagnostics);
		return EXIT_CONFIG;
	}
	if (!config_find_state(&source, folder, sizeof folder))
		return command_fail(EXIT_CONFIG, "the path of the state folder is too long");
	take_snapshot(past);
	return source.path == NULL
	    ? 0
	    : command_fail(0, "%s has %u fault%s, which `postwatch check` tells: %s", source.path,
	          diagnostics.errors, plural(diagnostics.errors),
	          past->config != NULL ? "the configuration that was accepted before is used"
	                               : "nothing but its state folder is used");
}

static void
say_behind(const struct past *past, FILE *out)
{
	if (past->behind != 0)
		fprintf(out,
		    "postwatch cannot write its store since %s: what happens is told, and is here "
		    "once it can be written\n", PAST_TIME(past, past->behind));
}

static int
open_reader(struct past *past)
{
	enum store_reader_opening opening;
	struct reason why = { "" };

	past->reader = store_reader_open(past->folder, &opening, &why);
	past->runs = store_daemon_runs(past->folder);
	past->behind = store_behind_since(past->folder);
	/* The file may have been written since, and be no more than what is to be. */
	if (past->runs && !past->nagios)
		take_snapshot(past);
	if (past->reader != NULL)
		return 0;
	if (access(past->folder, R_OK | X_OK) != 0 && errno == EACCES)
		return command_fail(EXIT_DENIED,
		    "%s: permission denied: it is for root and the user of the daemon; ask as root",
		    past->folder);
	say_behind(past, stderr);
	if (opening != STORE_READER_NOTHING)
		return command_fail(EXIT_INTERNAL, "%s: %s", past->folder, why.text);
	return command_fail(EXIT_NOTHING, "%s: nothing was ever kept there%s", past->folder,
	    past->runs ? "" : ", and no postwatch is running on it");
}

/* What may be said of the daemon is the same as to root: it is of the configuration in force. */
static int
open_remote(struct past *past, const char *folder)
{
	const struct config_source source = { .path = main_file(past), .state = past->state };
	char path[PATH_MAX];
	struct reason why;
	bool is_named;
	int status;

	if (past->local)
		return command_fail(EXIT_USAGE,
		    "--socket: this is told from the state folder alone, as root or its owner");
	is_named = past->socket == NULL && config_find_socket(&source, path, sizeof path);
	if (past->socket != NULL)
		text_copy(path, sizeof path, past->socket);
	else if (!is_named) {
		if (source.path != NULL && access(source.path, R_OK) == 0)
			return command_fail(EXIT_DENIED,
			    "%s: permission denied: it is for root and the user of the daemon, and "
			    "%s names no UNIX socket, web = { listen = ... }, at which others may "
			    "ask", folder, source.path);
		text_copy(path, sizeof path, REMOTE_USUAL);
	}
	past->remote = remote_open(path, folder, &status, &why);
	if (past->remote == NULL && past->socket == NULL && !is_named)
		return command_fail(EXIT_DENIED,
		    "%s: permission denied: it is for root and the user of the daemon; ask as root, "
		    "or with --socket PATH at the UNIX socket of its page (%s)", folder, why.text);
	if (past->remote == NULL)
		return command_fail(status, "%s%s", why.text, past->socket != NULL ? ""
		    : "; the state folder is for root and the user of the daemon");
	past->config = remote_config(past->remote);
	if (past->state != NULL && strcmp(past->config->state, folder) != 0)
		return command_fail(EXIT_DENIED,
		    "%s: permission denied: it is for root and the user of the daemon, and the one "
		    "that answers at %s has another state folder", folder, path);
	past->folder = past->config->state;
	past->behind = remote_behind_since(past->remote);
	past->runs = true;
	past->reader = must(store_remote_open(remote_ask, past->remote));
	return 0;
}

int
past_options(struct past *past, const struct command *command, int argc, char **argv, int *at)
{
	const struct option_row *row;
	char *argument, *end;

	*at = 0;
	while ((row = command_try_option(command, argc, argv, at, &argument)) != NULL) {
		if (row->name == NULL)
			return command_misused(command,
			    "%s: not an option of `%s`, or its argument is missing", argument,
			    command->name);
		if (row->member == PAST_MEMBER(count)) {
			past->count = (uint32_t)strtoul(argument, &end, 10);
			if (argument[0] < '0' || argument[0] > '9' || *end != '\0'
			    || past->count == 0 || strtoul(argument, NULL, 10) >= UINT32_MAX)
				return command_misused(
				    command, "%s: not a number of rows, 1 or more", argument);
		} else if (row->member == PAST_MEMBER(sets)) {
			if (past->set_count == PAST_SETS_MAX)
				return command_misused(command, "more than %d settings",
				    PAST_SETS_MAX);
			past->sets[past->set_count++] = argument;
		} else if (row->member == PAST_MEMBER(form)) {
			if (past->form != 0)
				return command_misused(command, "a report has one form");
			past->form = row->letter;
		} else
			command_set_option(row, past, argument);
		if (past->json || (past->form != 0 && past->form != 'P'))
			layout_be_plain();
	}
	return 0;
}

void *
past_keep(struct past *past, size_t size)
{
	struct past_block *block = must(calloc(1, sizeof *block + size));

	block->next = past->blocks;
	past->blocks = block;
	return block->bytes;
}

char *
past_copy(struct past *past, struct pw_bytes bytes)
{
	char *copy = past_keep(past, bytes.size + 1);

	memcpy(copy, bytes.data, bytes.size);
	return copy;
}

char *
past_string(struct past *past, const char *string)
{
	return past_copy(past, text_view(string));
}

bool
past_next(struct past *past, struct store_list *list, void *row)
{
	enum { ROWS_A_PAUSE = 1000 };

	if (past->on_pause != NULL && ++past->rows_read % ROWS_A_PAUSE == 0)
		past->broken |= !past->on_pause(past->on_pause_arg);
	if (!past->broken && store_list_next(list, row))
		return true;
	past->broken |= store_list_close(list) == STORE_READ_BROKEN;
	return false;
}

static int
by_name(const void *left, const void *right)
{
	const struct target *const *a = left, *const *b = right;

	return strcmp((*a)->name, (*b)->name);
}

/* Sorted once, and halved for each: a walk over all for each of 100,000 would take minutes. */
static void
find_configured(struct past *past)
{
	const struct config *config = past->config;
	const struct target **sorted;

	if (config == NULL || config->target_count == 0)
		return;
	sorted = must(calloc(config->target_count, sizeof *sorted));
	for (uint32_t i = 0; i < config->target_count; i++)
		sorted[i] = &config->targets[i];
	qsort(sorted, config->target_count, sizeof *sorted, by_name);
	for (size_t i = 0; i < past->target_count; i++) {
		const struct target like = { .name = past->targets[i].name }, *key = &like;
		const struct target **found = bsearch(
		    &key, sorted, config->target_count, sizeof *sorted, by_name);

		if (found != NULL && past->targets[i].gone == 0)
			past->targets[i].configured = *found;
	}
	free(sorted);
}

static void
read_targets(struct past *past)
{
	struct store_target row;

	PAST_EACH(past, &row, STORE_LIST_TARGETS, 0) {
		/* They are looked up by halving. */
		assert(past->target_count == 0
		    || past->targets[past->target_count - 1].number < row.number);
		*MUST_ADD(past->targets, past->target_count, past->target_room) =
		    (struct past_target){ .number = row.number, .port = row.port,
			.known = row.known, .gone = row.gone,
			.identity = past_string(past, row.identity),
			.name = past_string(past, row.name),
			.probe = past_string(past, row.probe),
			.host = past_string(past, row.host) };
	}
	find_configured(past);
}

int
past_open_store(struct past *past)
{
	const struct config_source source = { .path = main_file(past), .state = past->state };
	static char folder[PATH_MAX];
	bool closed;
	int status;

	past->now = clock_wall();
	past->colour = layout_has_colour(STDOUT_FILENO);
	past->zone = past->utc ? NULL : zone_open_own();
	/* Nobody but root and the user of the daemon may look into the state folder: whoever could
	 * open the store could hold its locks, too. */
	closed = (past->socket != NULL || (!past->local && geteuid() != 0))
	    && config_find_state(&source, folder, sizeof folder)
	    && access(folder, R_OK | X_OK) != 0 && errno == EACCES;
	if (past->socket != NULL || closed)
		status = open_remote(past, folder);
	else if ((status = past_find_folder(past)) == 0)
		status = open_reader(past);
	if (status != 0) {
		past_close(past);
		return status;
	}
	read_targets(past);
	return 0;
}

/* By the file alone: who only wants to know whether there is one opens none. */
bool
past_has_store(struct past *past)
{
	char folder[PATH_MAX], path[PATH_MAX + 16];
	const struct config_source source = { .path = main_file(past), .state = past->state };

	if (!config_find_state(&source, folder, sizeof folder))
		return false;
	snprintf(path, sizeof path, "%s/postwatch.db", folder);
	return access(path, R_OK) == 0;
}

int
past_ask(struct past *past, const char *const *words)
{
	int status = past_find_folder(past);

	past->zone = past->utc ? NULL : zone_open_own();
	if (status == 0)
		status = ask(past->folder, past->zone, words);
	past_close(past);
	return status;
}

void
past_look_again(struct past *past, const struct past *open)
{
	*past = *open;
	past->targets = NULL;
	past->target_count = past->target_room = 0;
	past->blocks = NULL;
	past->broken = false;
	past->now = clock_wall();
	if (past->remote == NULL) {
		past->runs = store_daemon_runs(past->folder);
		past->behind = store_behind_since(past->folder);
	}
	read_targets(past);
}

void
past_leave(struct past *past)
{
	free(past->targets);
	while (past->blocks != NULL) {
		struct past_block *next = past->blocks->next;

		free(past->blocks);
		past->blocks = next;
	}
}

void
past_close(struct past *past)
{
	store_reader_close(&past->reader);
	zone_close(&past->zone);
	if (past->remote == NULL)
		config_free(&past->config);
	remote_close(&past->remote);
	past_leave(past);
}

void
past_begin(const struct past *past)
{
	FILE *out = past->json ? stderr : stdout;

	if (!past->json)
		pager_begin();
	if (!past->runs)
		fprintf(out,
		    "postwatch is not running on %s: what follows is what was known last\n",
		    past->folder);
	else
		say_behind(past, out);
}

/* The pager ends first: what is wrong is said behind what was shown, on a terminal that is ours
 * again. */
int
past_finish(struct past *past, int status)
{
	pager_end();
	if (past->broken)
		status = command_fail(
		    EXIT_INTERNAL, "%s: %s", past->folder, store_reader_why(past->reader));
	past_close(past);
	return status;
}
