/* `postwatch --version`: what a report of a fault should say about us. */
#include "command/command.h"

#include <stdio.h>

#include <postwatch/plugin.h>

static int
version(const struct command *command, int argc, char **argv)
{
	(void)command, (void)argc, (void)argv;
	printf("postwatch %s\nplugin ABI %d.%d\n", PW_VERSION, PW_ABI_MAJOR, PW_ABI_MINOR);
	return 0;
}

const struct command command_version = {
	.name = "version",
	.arguments = "",
	.summary = "version, plugin ABI and linked libraries",
	.help = "Prints the version, the plugin ABI and the versions of the libraries in use.",
	.run = version,
};
