/* Faults of a configuration, printed. */
#include "command/faults.h"

#include <string.h>

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
