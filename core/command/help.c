/* `postwatch help` and `postwatch --version`: made from the table of commands. */
#include "command/command.h"

#include <stdio.h>
#include <string.h>

#include <postwatch/plugin.h>

#include "command/layout.h"

static void
print_options(const struct option_row *row)
{
	for (; row != NULL && row->name != NULL; row++) {
		char words[64];

		snprintf(words, sizeof words, "--%s%s%s", row->name, row->argument != NULL ? " " : "",
		    row->argument != NULL ? row->argument : "");
		if (row->letter != 0)
			printf("  -%c, %-22s " LAYOUT_HANG "%s\n", row->letter, words, row->help);
		else
			printf("      %-22s " LAYOUT_HANG "%s\n", words, row->help);
	}
}

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
	if (command->options != NULL) {
		putchar('\n');
		print_options(command->options);
	}
	return 0;
}

static int
print_all(void)
{
	layout_be_prose();
	puts("Postwatch watches mail servers and tells the truth about them.\n\nusage: postwatch COMMAND [option…]\n");
	for (const struct command *const *command = commands; *command != NULL; command++)
		if (!(*command)->hidden)
			printf("  %-10s " LAYOUT_HANG "%s\n", (*command)->name, (*command)->summary);
	puts("\n`postwatch help COMMAND` tells more.");
	return 0;
}

static int
help(const struct command *self, int argc, char **argv)
{
	const struct command *about;

	(void)self;
	if (argc < 2)
		return print_all();
	about = command_find(argv[1]);
	if (about == NULL)
		return command_unknown(argv[1]);
	return print_one(about);
}

const struct command command_help = {
	.name = "help",
	.arguments = "[COMMAND]",
	.summary = "what a command does, and its options",
	.help = "Lists the commands, or tells what one of them does.",
	.run = help,
};
