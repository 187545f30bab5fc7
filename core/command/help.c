/* `postwatch help`, and what the shell completes: both are made from the tables that parse the command line. */
#include "command/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/layout.h"

/* A line end within a paragraph is only where its source ends. */
static void
print_paragraphs(const char *help)
{
	fputs(LAYOUT_HANG, stdout);
	for (const char *at = help; *at != '\0'; at++)
		if (strncmp(at, "\n\n", 2) == 0) {
			fputs("\n\n" LAYOUT_HANG, stdout);
			at++;
		} else
			putchar(*at == '\n' ? ' ' : *at);
	putchar('\n');
}

static int
print_one(const struct command *command)
{
	layout_be_prose();
	printf("usage: postwatch %s " LAYOUT_HANG "%s%s\n\n", command->name, command->options != NULL ? "[option…] " : "",
	    command->arguments);
	print_paragraphs(command->help);
	for (const struct option_row *row = command->options; row != NULL && row->name != NULL; row++) {
		char words[64], letter[8] = "   ";

		snprintf(words, sizeof words, "--%s%s%s", row->name, row->argument != NULL ? " " : "",
		    row->argument != NULL ? row->argument : "");
		if (row->letter != 0)
			snprintf(letter, sizeof letter, "-%c,", row->letter);
		printf("%s  %s %-22s " LAYOUT_HANG "%s\n", row == command->options ? "\n" : "", letter, words, row->help);
	}
	return 0;
}

static int
help(const struct command *self, int argc, char **argv)
{
	const struct command *about;

	(void)self;
	if (argc > 1) {
		about = command_find(argv[1]);
		return about == NULL ? command_unknown(argv[1]) : print_one(about);
	}
	layout_be_prose();
	puts("Postwatch watches mail servers and tells the truth about them.\n\nusage: postwatch COMMAND [option…]\n");
	for (const struct command *const *command = commands; *command != NULL; command++)
		if (!(*command)->hidden)
			printf("  %-10s " LAYOUT_HANG "%s\n", (*command)->name, (*command)->summary);
	puts("\n`postwatch help COMMAND` tells more.");
	return 0;
}

static void
offer(const char *candidate, const char *begun)
{
	if (strncmp(candidate, begun, strlen(begun)) == 0)
		puts(candidate);
}

/* What the shell may offer for the word under the cursor. argv: complete POSITION WORD…, the words without the program's own
 * name; position 1 is the command. Says nothing where nothing is known, so that the shell offers files. */
static int
complete(const struct command *self, int argc, char **argv)
{
	char *end, option[64];
	long position = argc > 1 ? strtol(argv[1], &end, 10) : 0;
	const struct command *command = argc > 2 ? command_find(argv[2]) : NULL;
	const char *begun;

	if (argc < 2 || *end != '\0' || position < 1 || position > argc - 1)
		return command_misused(self, "complete takes a position and the words");
	begun = position + 1 < argc ? argv[position + 1] : "";
	if (position == 1 || (command == &command_help && begun[0] != '-')) {
		for (const struct command *const *each = commands; *each != NULL; each++)
			if (!(*each)->hidden)
				offer((*each)->name, begun);
	} else if (command != NULL && begun[0] == '-') {
		for (const struct option_row *row = command->options; row != NULL && row->name != NULL; row++) {
			snprintf(option, sizeof option, "--%s", row->name);
			offer(option, begun);
		}
		offer("--help", begun);
	} else if (command != NULL)
		for (const char *const *word = command->words; word != NULL && *word != NULL; word++)
			offer(*word, begun);
	return 0;
}

const struct command command_help = {
	.name = "help",
	.arguments = "[COMMAND]",
	.summary = "what a command does, and its options",
	.help = "Lists the commands, or tells what one of them does.",
	.run = help,
};

const struct command command_complete = {
	.name = "complete",
	.arguments = "POSITION WORD…",
	.summary = "candidates for the shell's completion",
	.help = "Prints what the shell may offer for the word at POSITION, a line each.",
	.run = complete,
	.as_it_is = true,
	.hidden = true,
};
