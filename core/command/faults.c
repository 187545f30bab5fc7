/* The options that name a configuration, and its faults, printed. */
#include "command/faults.h"

#include <string.h>

int
faults_take_options(const struct command *command, int argc, char **argv,
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
faults_print(FILE *file, const struct config_faults *faults)
{
	static char bytes[64 * 1024];
	struct text text = TEXT_OVER(bytes);

	config_print_faults(faults, &text);
	fputs(bytes, file);
}

bool
faults_are_of_words(const struct config_faults *faults)
{
	for (uint32_t i = 0; i < faults->kept; i++)
		if (!faults->items[i].warning && strcmp(faults->items[i].file, "command line") != 0
		    && strncmp(faults->items[i].file, "-s ", 3) != 0)
			return false;
	return faults->faults > 0;
}
