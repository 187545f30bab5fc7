/*
 * Sets the process name that ps shows. The kernel shows the bytes where the arguments lay at exec,
 * and reads on into the environment behind them where the last byte of the arguments is not NUL
 * (proc(5), cmdline).
 */
#include "parent/title.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes of the arguments, 0 where /proc does not say. */
static size_t
size_of_arguments(void)
{
	FILE *file = fopen("/proc/self/cmdline", "re");
	size_t size = 0;

	while (file != NULL && fgetc(file) != EOF)
		size++;
	if (file != NULL)
		fclose(file);
	return size;
}

/* Moves the variables that lie from `end` on, one behind the other, and returns where they ended.
 */
static char *
move_environment(char *end)
{
	for (char **variable = environ; *variable != NULL && *variable == end; variable++) {
		char *moved = strdup(*variable);

		if (moved == NULL)
			break;
		end += strlen(*variable) + 1;
		*variable = moved;
	}
	return end;
}

void
title_show(const char *title)
{
	char *start = program_invocation_name;
	size_t arguments = size_of_arguments(), room, size = strlen(title);

	if (arguments == 0)
		return;
	room = (size_t)(move_environment(start + arguments) - start);
	if (size > room - 1)
		size = room - 1;
	memset(start, '\0', room);
	memcpy(start, title, size);
}
