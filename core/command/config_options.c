/* Takes the options that name a configuration and prints its errors and warnings. */
#include "command/config_options.h"

#include <string.h>

int
take_config_options(const struct command *command, int argc, char **argv,
    struct config_source *source, bool *other)
{
	const struct option_row *row;
	char *argument;
	int at = 0;

	while ((row = command_next_option(command, argc, argv, &at, &argument)) != NULL) {
		if (row->letter == 'c')
			source->path = argument;
		else if (row->letter == 'L')
			source->plugin_dir = argument;
		else
			*other = true;
	}
	return at;
}

void
print_diagnostics(FILE *file, const struct config_diagnostics *diagnostics)
{
	static char bytes[64 * 1024];
	struct text text = TEXT_OVER(bytes);

	config_print_diagnostics(diagnostics, &text);
	fputs(bytes, file);
}

bool
diagnostics_are_of_words(const struct config_diagnostics *diagnostics)
{
	for (uint32_t i = 0; i < diagnostics->kept; i++)
		if (!diagnostics->items[i].warning
		    && strcmp(diagnostics->items[i].file, "command line") != 0
		    && strncmp(diagnostics->items[i].file, "-s ", 3) != 0)
			return false;
	return diagnostics->errors > 0;
}
