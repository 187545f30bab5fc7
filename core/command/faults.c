/* Faults of a configuration, printed. */
#include "command/faults.h"

void
faults_print(FILE *file, const struct config_faults *faults)
{
	static char bytes[64 * 1024];
	struct text text = TEXT_OVER(bytes);

	config_print_faults(faults, &text);
	fputs(bytes, file);
}
