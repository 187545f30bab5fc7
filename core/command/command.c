/*
 * The table of commands (`postwatch run`, `check`, `status` ...), what they share in reading the
 * command line, and what is told of them: help and shell completion.
 */
#include "command/command.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "command/layout.h"

enum { OPTIONS_MAX = 32 };

const struct command *const commands[] = {
	&command_run,
	&command_probe,
	&command_status,
	&command_incidents,
	&command_show,
	&command_history,
	&command_report,
	&command_backtest,
	&command_shadow,
	&command_ack,
	&command_pause,
	&command_resume,
	&command_outbox,
	&command_test,
	&command_reload,
	&command_probe_now,
	&command_check,
	&command_import,
	&command_plugins,
	&command_explain,
	&command_whoami,
	&command_help,
	&command_version,
	&command_complete,
	NULL,
};

void *
must(void *memory)
{
	if (memory == NULL)
		exit(command_fail(EXIT_INTERNAL, "out of memory"));
	return memory;
}

void
must_be(bool done)
{
	(void)must(done ? &done : NULL);
}

static void __attribute__((format(printf, 1, 0)))
say(const char *format, va_list arguments)
{
	fputs("postwatch: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

int
command_fail(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	return status;
}

int
compare_i64(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

bool
write_all(int fd, const void *bytes, size_t size)
{
	for (const char *at = bytes; size > 0;) {
		ssize_t written = write(fd, at, size);

		if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			at += written;
			size -= (size_t)written;
		}
	}
	return true;
}

const struct command *
command_find(const char *name)
{
	for (const struct command *const *command = commands; *command != NULL; command++)
		if (strcmp((*command)->name, name) == 0)
			return *command;
	return NULL;
}

int
command_unknown(const char *name)
{
	struct nearest near = nearest_to(name);

	for (const struct command *const *each = commands; *each != NULL; each++)
		if (!(*each)->hidden)
			nearest_try(&near, (*each)->name);
	if (near.best == NULL)
		return command_fail(
		    EXIT_USAGE, "there is no command `%s`; `postwatch help` lists them", name);
	return command_fail(
	    EXIT_USAGE, "there is no command `%s`: did you mean `%s`?", name, near.best);
}

int
command_misused(const struct command *command, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	fprintf(stderr, "usage: postwatch %s %s\n`postwatch help %s` tells more.\n",
	    command->name, command->arguments, command->name);
	return EXIT_USAGE;
}

/* The options as getopt_long wants them: a long option's value is its row + 1, shifted above all
 * letters. */
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
	assert(rows == NULL || rows[count].name == NULL); /* all have room */
	longs[count] = (struct option){ 0 };
	*letters = '\0';
}

/* With optind 0 getopt_long(3) begins anew: one process may read several command lines, as tests
 * do. */
const struct option_row *
command_try_option(const struct command *command, int argc, char **argv, int *at, char **argument)
{
	static const struct option_row none = { .name = NULL };
	const struct option_row *row = command->options;
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
	if (value == '?') {
		*argument = argv[optind - 1];
		return &none;
	}
	if (value >= 256)
		return &command->options[value - 256];
	while (row->letter != value)
		row++;
	assert(row->name != NULL);
	return row;
}

const struct option_row *
command_next_option(const struct command *command, int argc, char **argv, int *at, char **argument)
{
	const struct option_row *row = command_try_option(command, argc, argv, at, argument);

	if (row != NULL && row->name == NULL)
		exit(command_misused(command,
		    "%s: not an option of `%s`, or its argument is missing", *argument,
		    command->name));
	return row;
}

void
command_set_option(const struct option_row *row, void *into, char *argument)
{
	void *member = (char *)into + row->member;

	if (row->argument != NULL)
		*(const char **)member = argument;
	else
		*(bool *)member = true;
}

int
command_take_options(const struct command *command, int argc, char **argv, void *into)
{
	const struct option_row *row;
	char *argument;
	int at = 0;

	while ((row = command_next_option(command, argc, argv, &at, &argument)) != NULL)
		command_set_option(row, into, argument);
	return at;
}

static int
print_one(const struct command *command)
{
	const struct option_row *row = command->options;

	layout_be_prose();
	printf("usage: postwatch %s " LAYOUT_HANG "%s%s\n\n", command->name,
	    row != NULL ? "[option…] " : "", command->arguments);
	/* A line end within a paragraph is only where its source ends. */
	fputs(LAYOUT_HANG, stdout);
	for (const char *at = command->help; *at != '\0'; at++)
		if (strncmp(at, "\n\n", 2) == 0) {
			fputs("\n\n" LAYOUT_HANG, stdout);
			at++;
		} else
			putchar(*at == '\n' ? ' ' : *at);
	putchar('\n');
	for (; row != NULL && row->name != NULL; row++) {
		const char *argument = row->argument != NULL ? row->argument : "";
		char words[64], letter[8] = "   ";

		snprintf(words, sizeof words, "--%s%s%s", row->name, argument[0] != '\0' ? " " : "",
		    argument);
		if (row->letter != 0)
			snprintf(letter, sizeof letter, "-%c,", row->letter);
		printf("%s  %s %-22s " LAYOUT_HANG "%s\n", row == command->options ? "\n" : "",
		    letter, words, row->help);
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
	puts("Postwatch watches mail servers and tells the truth about them.\n\n"
	     "usage: postwatch COMMAND [option…]\n");
	for (const struct command *const *each = commands; *each != NULL; each++)
		if (!(*each)->hidden)
			printf("  %-10s " LAYOUT_HANG "%s\n", (*each)->name, (*each)->summary);
	puts("\n`postwatch help COMMAND` tells more.");
	return 0;
}

static void
offer(const char *candidate, const char *begun)
{
	if (strncmp(candidate, begun, strlen(begun)) == 0)
		puts(candidate);
}

/* What the shell may offer for the word under the cursor. argv: complete POSITION WORD…, the
 * words without the program's own name; position 1 is the command. Says nothing where nothing is
 * known, so that the shell offers files. */
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
		const struct option_row *row = command->options;

		for (; row != NULL && row->name != NULL; row++) {
			snprintf(option, sizeof option, "--%s", row->name);
			offer(option, begun);
		}
		offer("--help", begun);
	} else if (command != NULL)
		for (const char *const *own = command->words; own != NULL && *own != NULL; own++)
			offer(*own, begun);
	return 0;
}

const struct command command_help = {
	.name = "help", .arguments = "[COMMAND]",
	.summary = "what a command does, and its options",
	.help = "Lists the commands, or tells what one of them does.",
	.run = help,
};

const struct command command_complete = {
	.name = "complete", .arguments = "POSITION WORD…",
	.summary = "candidates for the shell's completion",
	.help = "Prints what the shell may offer for the word at POSITION, a line each.",
	.run = complete,
	.as_it_is = true,
	.hidden = true,
};
