/*
 * `postwatch complete`: what the shell may offer for the word under the cursor, from the same tables that parse it.
 * Prints one candidate a line; says nothing where it knows nothing, so that the shell offers files.
 */
#include "command/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
offer(const char *candidate, const char *begun)
{
	if (strncmp(candidate, begun, strlen(begun)) == 0)
		puts(candidate);
}

static void
offer_commands(const char *begun)
{
	for (const struct command *const *command = commands; *command != NULL; command++)
		if (!(*command)->hidden)
			offer((*command)->name, begun);
}

static void
offer_options(const struct command *command, const char *begun)
{
	for (const struct option_row *row = command->options; row != NULL && row->name != NULL; row++) {
		char word[64];

		snprintf(word, sizeof word, "--%s", row->name);
		offer(word, begun);
	}
	offer("--help", begun);
}

static void
offer_words(const struct command *command, const char *begun)
{
	for (const char *const *word = command->words; word != NULL && *word != NULL; word++)
		offer(*word, begun);
}

/* argv: complete POSITION WORD…, the words without the program's own name; position 1 is the command. */
static int
complete(const struct command *self, int argc, char **argv)
{
	char *end;
	long position = argc > 1 ? strtol(argv[1], &end, 10) : 0;
	const struct command *command;
	const char *begun;

	if (argc < 2 || *end != '\0' || position < 1 || position > argc - 1)
		return command_misused(self, "complete takes a position and the words");
	begun = position + 1 < argc ? argv[position + 1] : "";
	if (position == 1) {
		offer_commands(begun);
		return 0;
	}
	command = command_find(argv[2]);
	if (command == NULL)
		return 0;
	if (begun[0] == '-')
		offer_options(command, begun);
	else if (strcmp(command->name, "help") == 0)
		offer_commands(begun);
	else
		offer_words(command, begun);
	return 0;
}

const struct command command_complete = {
	.name = "complete",
	.arguments = "POSITION WORD…",
	.summary = "candidates for the shell's completion",
	.help = "Prints what the shell may offer for the word at POSITION, a line each.",
	.run = complete,
	.as_it_is = true,
	.hidden = true,
};
