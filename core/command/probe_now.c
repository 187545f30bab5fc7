/* `postwatch probe-now TARGET`: has the running daemon look at a target of its own at once. */
#include "command/ask.h"
#include "command/past.h"

static int
probe_now(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	int at, status = past_options(&past, command, argc, argv, &at);

	if (status == 0 && argc - at != 1)
		return command_misused(command, "`probe-now` takes one target");
	if (status == 0)
		status = past_find_folder(&past);
	if (status == 0)
		status = ask(past.folder, (const char *const[]){ "probe-now", argv[at], NULL });
	past_close(&past);
	return status;
}

static const struct option_row options[] = {
	{ "config", 'c', "FILE", "the configuration that names the state folder" },
	{ "state", 'S', "FOLDER", "the state folder, before any configuration" },
	{ NULL, 0, NULL, NULL },
};

const struct command command_probe_now = {
	.name = "probe-now",
	.arguments = "TARGET",
	.summary = "have the running daemon look at a target now",
	.help = "Has the daemon that runs run TARGET now, waits for the end of that run, and prints what it saw. As an\n"
	        "attempt the run counts only if it was due. TARGET: a name, PROBE://HOST:PORT, or HOST:PORT.\n\n"
	        "Exit status: 0 ok, 1 degraded or blocked, 2 failed, 3 unknown (our side), 64 no such target is watched,\n"
	        "69 no daemon can be asked, 75 it cannot be run now, 78 there is no such file.",
	.options = options,
	.run = probe_now,
};
