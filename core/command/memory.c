#include "command/memory.h"

#include <stdio.h>
#include <stdlib.h>

#include "command/command.h"

void *
must(void *memory)
{
	if (memory == NULL) {
		fputs("postwatch: out of memory\n", stderr);
		exit(EXIT_INTERNAL);
	}
	return memory;
}
