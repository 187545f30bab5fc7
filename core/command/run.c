/* `postwatch run`: reads and checks everything, tells all faults at once, and hands over to the parent. */
#include "command/command.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/faults.h"
#include "config/config.h"
#include "parent/parent.h"

struct words {
	struct config_source source;
	struct parent_options options;
	char pid_file[PATH_MAX];
};

/* A daemon leaves the folder that it was started in, so what was meant there is named from the root. */
static bool
make_absolute(char path[PATH_MAX], const char *named)
{
	char folder[PATH_MAX];

	if (named[0] == '/')
		return snprintf(path, PATH_MAX, "%s", named) < PATH_MAX;
	return getcwd(folder, sizeof folder) != NULL && snprintf(path, PATH_MAX, "%s/%s", folder, named) < PATH_MAX;
}

static bool
take_option(struct words *words, const struct option_row *option, const char *argument)
{
	if (strcmp(option->name, "config") == 0)
		words->source.path = argument;
	else if (strcmp(option->name, "state") == 0)
		words->source.state = argument;
	else if (strcmp(option->name, "plugins") == 0)
		words->source.plugin_dir = argument;
	else if (strcmp(option->name, "daemon") == 0)
		words->options.daemon = true;
	else if (!make_absolute(words->pid_file, argument))
		return false;
	else
		words->options.pid_file = words->pid_file;
	return true;
}

/* Without a word there is a file; with words there is one only where it was named, and they choose from it. */
static void
complete(struct words *words, char **targets, int count)
{
	words->source.words = (const char *const *)targets;
	words->source.word_count = (uint32_t)count;
	if (words->source.path == NULL && count == 0)
		words->source.path = PW_SYSCONF_DIR "/postwatch.conf";
	words->source.select = words->source.path != NULL && count > 0;
	words->options.times = getenv("POSTWATCH_TEST_TIMES");
	words->options.syslog_path = getenv("POSTWATCH_TEST_SYSLOG");
}

static int
run(const struct command *command, int argc, char **argv)
{
	static struct words words;
	static struct config_faults faults;
	const struct option_row *option;
	const struct config *config;
	char *argument;
	int at = 0;

	while ((option = command_next_option(command, argc, argv, &at, &argument)) != NULL) {
		if (!take_option(&words, option, argument))
			return command_misused(command, "%s: too long a path", argument);
	}
	complete(&words, argv + at, argc - at);
	config = config_read(&words.source, &faults);
	faults_print(stderr, &faults);
	return config == NULL ? EXIT_CONFIG : parent_run(config, &words.options);
}

const struct command command_run = {
	.name = "run",
	.arguments = "[TARGET…]",
	.summary = "watch, and tell what happens",
	.help = "Watches the targets of a configuration file, or those named here (host, host:port, [v6]:port)\n"
	    "without one; with both, those of the file's that are named here.\n\n"
	    "In a terminal it shows what happens, a line an event. As a daemon, and where the configuration\n"
	    "says so, it logs to syslog; under systemd, to the journal. SIGTERM and SIGINT end it cleanly\n"
	    "within 10 s, a second one at once.\n\n"
	    "Exit status: 0 told to end, and all ended in time; 1 something had to be killed; 64 wrong\n"
	    "command line; 70 our own trouble; 73 no state folder or pid file; 75 another daemon has them;\n"
	    "78 faulty configuration.",
	.options = (const struct option_row[]){
	    { "config", 'c', "FILE", "the configuration (" PW_SYSCONF_DIR "/postwatch.conf)" },
	    { "state", 'S', "FOLDER", "where to keep what is known, before any configuration" },
	    { "plugins", 'L', "FOLDER", "where plugins lie" },
	    { "daemon", 0, NULL, "leave the terminal once all is ready" },
	    { "pid-file", 0, "FILE", "write the pid there while running" },
	    { NULL, 0, NULL, NULL },
	},
	.run = run,
};
