/*
 * `postwatch plugins`: lists the plugins that were found in the folder of plugins, and the settings
 * that one of them has.
 */
#include "command/command.h"

#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/config_options.h"
#include "config/reference.h"

static int
describe(const struct command *command, const struct config *config, const char *name)
{
	static char bytes[64 * 1024];
	bool found = false;

	/* A probe and a notifier may have one name. */
	for (uint32_t i = 0; i < config->plugin_count; i++)
		if (strcmp(config->plugins[i].descriptor->name, name) == 0) {
			struct text text = TEXT_OVER(bytes);

			reference_add_plugin(&text, &config->plugins[i]);
			printf("%s%sfrom %s\n", found ? "\n" : "", bytes, config->plugins[i].path);
			found = true;
		}
	return found ? 0
	             : command_misused(command,
	    "there is no plugin `%s`; `postwatch plugins` lists them", name);
}

static int
plugins(const struct command *command, int argc, char **argv)
{
	static struct config_diagnostics diagnostics;
	struct config_source source = { .no_dialogue = true };
	const struct config *config;
	int at = command_take_options(command, argc, argv, &source);

	if (argc - at > 1)
		return command_misused(command, "one name, or none");
	config = config_read(&source, &diagnostics);
	print_diagnostics(stderr, &diagnostics);
	if (config == NULL)
		return EXIT_CONFIG;
	if (at < argc)
		return describe(command, config, argv[at]);
	printf("%-12s %-9s %-8s %s\n", "name", "kind", "version", "what it does");
	for (uint32_t i = 0; i < config->plugin_count; i++) {
		const struct pw_plugin *plugin = config->plugins[i].descriptor;

		printf("%-12s %-9s %-8s %s\n", plugin->name,
		    plugin->kind == PW_PROBE ? "probe" : "notifier", plugin->version,
		    plugin->summary);
	}
	return 0;
}

static const struct option_row options[] = {
	{ "config", 'c', "FILE", "a configuration, for its `plugins`",
	    offsetof(struct config_source, path) },
	{ "plugins", 'L', "FOLDER", "where plugins lie",
	    offsetof(struct config_source, plugin_dir) },
	{ .name = NULL },
};

const struct command command_plugins = {
	.name = "plugins", .arguments = "[NAME]",
	.summary = "list the plugins, or print the settings of one",
	.help = "Lists the plugins that were found, and tells of each file that was refused why. "
	    "NAME: prints what it is, its settings, phases with their limits, outcomes and facts, "
	    "from its own tables.",
	.options = options, .run = plugins,
};
