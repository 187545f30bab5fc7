/* `postwatch test NOTIFIER`: a real notice through the real path, and what became of it. */
#include "command/past.h"

static int
test(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	int at, status = past_options(&past, command, argc, argv, &at);

	if (status == 0 && argc - at != 1)
		return command_misused(command, "`test` takes one notifier");
	return status != 0 ? status : past_ask(&past, (const char *const[]){ "test", argv[at], NULL });
}

static const struct option_row options[] = {
	PAST_ASK_OPTIONS,
	{ NULL, 0, NULL, NULL },
};

const struct command command_test = {
	.name = "test",
	.arguments = "NOTIFIER",
	.summary = "send a test through a notifier, and see its receipt",
	.help = "Has the running daemon send a notice of the kind `test` through NOTIFIER, the way that all notices go, waits\n"
	        "for its end, and prints the receipt for each recipient, in the words of the other side. It is sent now or\n"
	        "not at all: what fails is not tried again.\n\n"
	        "Exit status: 0 sent to all; 1 not sent to some; 64 wrong command line, or no such notifier; 69 no daemon\n"
	        "can be asked; 75 no receipt came in time; 78 there is no such file.",
	.options = options,
	.run = test,
};
