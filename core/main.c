/* A word on the command line finds its function; nothing else. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/layout.h"
#include "prober/tls_memory.h"

/* The habits of other programs: --help, -h, --version, -V. */
static const char *
word_of(const char *word)
{
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return "help";
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
		return "version";
	return word;
}

/* What could not be written was not said: no script may take that for an answer. */
static int
finish(int status)
{
	int number;

	errno = 0;
	if (layout_end())
		return status;
	/* Of what failed before the end the number is no longer known. */
	number = errno;
	fprintf(stderr, "postwatch: the output cannot be written: %s\n",
	    number == 0 ? "some of it is lost" : strerror(number));
	return EXIT_OUTPUT;
}

int
main(int argc, char **argv)
{
	const struct command *command = argc > 1 ? command_find(word_of(argv[1])) : NULL;

	tls_memory_watch();
	if (argc > 1 && command == NULL)
		return command_unknown(argv[1]);
	if (command == NULL || !command->as_it_is)
		layout_begin();
	if (command == NULL)
		return finish(command_help.run(&command_help, 1, argv));
	for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return finish(command_help.run(
			    &command_help, 2, (char *[]){ argv[0], argv[1], NULL }));
	return finish(command->run(command, argc - 1, argv + 1));
}
