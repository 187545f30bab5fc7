/*
 * `postwatch run`: reads and checks the configuration and all files that it names, prints all
 * errors at once, and then becomes the parent process of the daemon (parent/parent.h). After a
 * reload it goes on with what was checked.
 */
#include "command/command.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/identity.h"
#include "command/config_options.h"
#include "command/desktop.h"
#include "config/snapshot.h"
#include "config/read.h"
#include "parent/parent.h"

struct words {
	bool misused; /* all that is wrong was said on the command line */
	struct config_source source;
	struct parent_options options;
	struct reload_origin origin;
	const char *pid_path; /* as it was given */
	char pid_file[PATH_MAX];
};

/* A daemon leaves the folder that it was started in: what was meant there is named from the root.
 * Returns false if that is too long. */
static bool
take_pid_file(struct words *words, const char *path)
{
	char folder[PATH_MAX] = "";

	if (path == NULL)
		return true;
	if (path[0] != '/' && getcwd(folder, sizeof folder) == NULL)
		return false;
	words->options.pid_file = words->pid_file;
	return snprintf(words->pid_file, PATH_MAX, "%s%s%s", folder, folder[0] != '\0' ? "/" : "",
	           path) < PATH_MAX;
}

/* What is used and not read counts as well: a program or a plugin that was replaced is new. */
static void
mark_all(const struct words *words, const struct config *config)
{
	snapshot_mark(words->source.snapshot, words->origin.program);
	for (uint32_t i = 0; i < config->plugin_count; i++)
		snapshot_mark(words->source.snapshot, config->plugins[i].path);
}

/* For a daemon that is to be reloaded: whether what the files say can be put in force. */
static int
check_for(struct words *words, const struct reload_order *order)
{
	static struct config_diagnostics diagnostics;
	const struct config *config;
	struct reason why;

	words->source.replaces = true;
	words->source.snapshot = snapshot_begin();
	config = words->source.snapshot == NULL ? NULL : config_read(&words->source, &diagnostics);
	print_diagnostics(stdout, &diagnostics);
	if (config == NULL)
		return RELOAD_FAULTY;
	if (strcmp(config->state, order->state) != 0) {
		printf("state: it was %s and is %s: another state folder takes a restart\n",
		    order->state, config->state);
		return RELOAD_FAULTY;
	}
	mark_all(words, config);
	if (snapshot_is_same(words->source.snapshot, order->state, RELOAD_FILES))
		return RELOAD_SAME;
	if (snapshot_save(words->source.snapshot, order->state, RELOAD_CHECKED, &why))
		return RELOAD_GOOD;
	printf("%s\n", why.text);
	return EXIT_FAILURE;
}

/* Only a start is checked for its user and the files of that user: a daemon that goes on has
 * them. */
static const struct config *
read_files(struct words *words)
{
	static struct config_diagnostics diagnostics;
	const struct config *config;

	words->source.snapshot = snapshot_begin();
	words->source.starts = words->options.resumed == NULL;
	config = config_read(&words->source, &diagnostics);
	print_diagnostics(stderr, &diagnostics);
	words->misused = diagnostics_are_of_words(&diagnostics);
	if (config != NULL)
		mark_all(words, config);
	words->options.snapshot = words->source.snapshot;
	return config;
}

/* What was checked is what is loaded; only where it has been lost since are the files read
 * again. */
static const struct config *
read_kept(struct words *words, const struct reload_order *order)
{
	static struct config_diagnostics diagnostics;
	const struct config *config = NULL;
	struct reason why = { .text = "it is faulty" };

	words->source.snapshot = snapshot_open(order->state, RELOAD_CHECKED, &why);
	if (words->source.snapshot != NULL)
		config = config_read(&words->source, &diagnostics);
	snapshot_close(&words->source.snapshot);
	if (config != NULL)
		return config;
	command_fail(0, "what was checked is lost, the files are read again: %s", why.text);
	return read_files(words);
}

static int
run(const struct command *command, int argc, char **argv)
{
	static struct words words;
	static struct reload_order order;
	const struct config *config;
	bool ordered = reload_order(&order);
	struct config_source *source = &words.source;
	struct reason why;
	int at;

	/* Executed by a daemon, it reads secrets as the user that other processes have as well. */
	if (ordered && !identity_hide_memory(&why))
		return command_fail(EXIT_FAILURE, "%s", why.text);
	reload_origin_find(&words.origin, argv);
	words.options.origin = &words.origin;
	at = command_take_options(command, argc, argv, &words);
	if (!take_pid_file(&words, words.pid_path))
		return command_misused(command, "%s: too long a path", words.pid_path);
	/* Without a word there is a file; with words there is one only where it was named, and they
	 * choose from it. */
	source->words = (const char *const *)argv + at;
	source->word_count = (uint32_t)(argc - at);
	if (source->path == NULL && source->word_count == 0)
		source->path = PW_SYSCONF_DIR "/postwatch.conf";
	source->select = source->path != NULL && source->word_count > 0;
	source->page = source->path == NULL && !words.options.daemon && isatty(STDERR_FILENO);
	words.options.times = getenv("POSTWATCH_TEST_TIMES");
	words.options.syslog_path = getenv("POSTWATCH_TEST_SYSLOG");
	if (ordered && order.check)
		return check_for(&words, &order);
	words.options.resumed = ordered ? &order : NULL;
	config = ordered ? read_kept(&words, &order) : read_files(&words);
	if (config == NULL)
		return words.misused ? EXIT_USAGE : EXIT_CONFIG;
	if (source->page && !ordered && config->web.token != NULL)
		desktop_open(config->web.listen[0], config->web.token);
	return parent_run(config, &words.options);
}

const struct command command_run = {
	.name = "run", .arguments = "[TARGET…]",
	.summary = "watch, and tell what happens",
	.help = "Watches the targets of a configuration file, or those named here (host, "
	    "host:port, [v6]:port) without one; with both, those of the file's that are named "
	    "here.\n\n"
	    "In a terminal it shows what happens, a line an event. As a daemon, and where the "
	    "configuration says so, it logs to syslog; under systemd, to the journal. SIGTERM and "
	    "SIGINT end it cleanly within 10 s, a second one at once; SIGHUP has it reload, as "
	    "`postwatch reload` does.\n\n"
	    "Started as root it becomes the user of the configuration (postwatch) before it speaks "
	    "to anybody, for good; that user has to exist, and to be able to read the "
	    "configuration and its files.\n\n"
	    "Exit status: 0 told to end, and all ended in time; 1 something had to be killed; 64 "
	    "wrong command line; 70 our own trouble; 73 no state folder or pid file; 75 another "
	    "daemon has them; 78 faulty configuration, or no such user.",
	.options = (const struct option_row[]){
	    { "config", 'c', "FILE", "the configuration (" PW_SYSCONF_DIR "/postwatch.conf)",
	        offsetof(struct words, source.path) },
	    { "state", 'S', "FOLDER", "where to keep what is known, before any configuration",
	        offsetof(struct words, source.state) },
	    { "plugins", 'L', "FOLDER", "where plugins lie",
	        offsetof(struct words, source.plugin_dir) },
	    { "daemon", 0, NULL, "leave the terminal once all is ready",
	        offsetof(struct words, options.daemon) },
	    { "pid-file", 0, "FILE", "write the pid there while running",
	        offsetof(struct words, pid_path) },
	    { .name = NULL },
	},
	.as_it_is = true,
	.run = run,
};
