/*
 * `postwatch check`: the same reading as at the start of the daemon, without starting; and what only a look outside can
 * tell: whether the EHLO name leads to this machine and back.
 */
#include "command/command.h"

#include <stdio.h>

#include "command/faults.h"
#include "command/self.h"

static void
advise(const struct config *config)
{
	char bytes[512];
	struct text text = TEXT_OVER(bytes);

	if (config->reference_count == 0)
		puts("advice: name two or more `references` (\"HOST:PORT\" that nearly always answer): without them\n"
		     "        nothing tells an outage of ours from one of theirs where few targets are watched");
	if (!self_check_helo(config, &text))
		printf("advice: %s\n", bytes);
}

static int
check(const struct command *command, int argc, char **argv)
{
	static struct config_faults faults;
	struct config_source source = { .path = PW_SYSCONF_DIR "/postwatch.conf" };
	const struct option_row *row;
	const struct config *config;
	char *argument;
	int at = 0;

	while ((row = command_next_option(command, argc, argv, &at, &argument)) != NULL) {
		if (row->letter == 'c')
			source.path = argument;
		else
			source.plugin_dir = argument;
	}
	if (at != argc)
		return command_misused(command, "%s: `check` takes no target", argv[at]);
	config = config_read(&source, &faults);
	faults_print(stdout, &faults);
	if (config == NULL)
		return EXIT_CONFIG;
	printf("%s: good: %u target%s, %u notifier%s\n", source.path, config->target_count,
	    config->target_count == 1 ? "" : "s", config->notifier_count, config->notifier_count == 1 ? "" : "s");
	advise(config);
	return 0;
}

static const struct option_row options[] = {
	{ "config", 'c', "FILE", "the configuration; default " PW_SYSCONF_DIR "/postwatch.conf" },
	{ "plugins", 'L', "FOLDER", "where plugins lie" },
	{ NULL, 0, NULL, NULL },
};

const struct command command_check = {
	.name = "check",
	.arguments = "",
	.summary = "read a configuration and tell all its faults",
	.help = "Reads the configuration whole, loads its plugins, and prints every fault as FILE:LINE: what, and what\n"
	        "would be right. Looks whether the EHLO name resolves to this machine and back. Starts nothing.\n\n"
	        "Exit status: 0 good (warnings or not), 78 faults, 64 the command line is wrong.",
	.options = options,
	.run = check,
};
