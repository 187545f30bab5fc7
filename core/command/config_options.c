/*
 * For commands that read a configuration (check, run, probe ...): prints its errors and warnings.
 */
#include "command/config_options.h"

#include <string.h>

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
