/* The table of commands, and what they share in reading their words. */
#include "command/command.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { OPTIONS_MAX = 32 };

const struct command *const commands[] = {
	&command_run,     &command_probe,  &command_status, &command_incidents, &command_show,   &command_history,
	&command_ack,     &command_pause,  &command_resume, &command_outbox,    &command_test,   &command_reload,
	&command_probe_now,
	&command_check,   &command_plugins, &command_explain, &command_whoami,  &command_help,   &command_version,
	&command_complete, NULL,
};

void *
must(void *memory)
{
	if (memory == NULL) {
		fputs("postwatch: out of memory\n", stderr);
		exit(EXIT_INTERNAL);
	}
	return memory;
}

const struct command *
command_find(const char *name)
{
	for (const struct command *const *command = commands; *command != NULL; command++)
		if (strcmp((*command)->name, name) == 0)
			return *command;
	return NULL;
}

static const char *
next_name(void *arg, size_t index)
{
	(void)arg;
	for (const struct command *const *command = commands; *command != NULL; command++)
		if (!(*command)->hidden && index-- == 0)
			return (*command)->name;
	return NULL;
}

int
command_unknown(const char *name)
{
	const char *near = text_nearest(name, next_name, NULL);

	if (near != NULL)
		fprintf(stderr, "postwatch: there is no command `%s`: did you mean `%s`?\n", name, near);
	else
		fprintf(stderr, "postwatch: there is no command `%s`; `postwatch help` lists them\n", name);
	return EXIT_USAGE;
}

int
command_misused(const struct command *command, const char *format, ...)
{
	va_list arguments;

	fputs("postwatch: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\nusage: postwatch %s %s\n`postwatch help %s` tells more.\n", command->name,
	    command->arguments, command->name);
	return EXIT_USAGE;
}

/* The options as getopt_long wants them: a long option's value is its row + 1, shifted above all letters. */
static void
describe(const struct option_row *rows, struct option *longs, char *letters)
{
	size_t count = 0;

	for (; rows != NULL && rows[count].name != NULL && count < OPTIONS_MAX; count++) {
		const struct option_row *row = &rows[count];

		longs[count].name = row->name;
		longs[count].has_arg = row->argument != NULL ? required_argument : no_argument;
		longs[count].val = 256 + (int)count;
		if (row->letter == 0)
			continue;
		*letters++ = row->letter;
		if (row->argument != NULL)
			*letters++ = ':';
	}
	longs[count] = (struct option){ 0 };
	*letters = '\0';
}

static const struct option_row *
row_of(const struct option_row *rows, int value)
{
	if (value >= 256)
		return &rows[value - 256];
	while (rows->letter != value)
		rows++;
	return rows;
}

const struct option_row *
command_try_option(const struct command *command, int argc, char **argv, int *at, char **argument)
{
	static const struct option_row none = { .name = NULL };
	struct option longs[OPTIONS_MAX + 1] = { 0 };
	char letters[2 * OPTIONS_MAX + 1];
	int value;

	describe(command->options, longs, letters);
	if (*at == 0)
		optind = 0;
	opterr = 0;
	value = getopt_long(argc, argv, letters, longs, NULL);
	*at = optind;
	*argument = optarg;
	if (value == -1)
		return NULL;
	if (value != '?')
		return row_of(command->options, value);
	*argument = argv[optind - 1];
	return &none;
}

const struct option_row *
command_next_option(const struct command *command, int argc, char **argv, int *at, char **argument)
{
	const struct option_row *row = command_try_option(command, argc, argv, at, argument);

	if (row != NULL && row->name == NULL)
		exit(command_misused(command, "%s: not an option of `%s`, or its argument is missing", *argument, command->name));
	return row;
}
