/* `postwatch reload`: has the running daemon read its configuration again, and waits until it is in force. */
#include <stdio.h>

#include "base/clock.h"
#include "command/ask.h"
#include "command/past.h"

static const int64_t patience = 150 * (int64_t)SECOND;

static int
wait_for_next(const struct past *past, pid_t before)
{
	if (ask_when_ready(past->folder, before, patience) == 0) {
		puts("the new configuration is in force");
		return 0;
	}
	fputs("postwatch: the daemon has not come back in time: its log says why\n", stderr);
	return EXIT_ABSENT;
}

static int
reload(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	int at, status = past_options(&past, command, argc, argv, &at);
	pid_t before;

	if (status == 0 && argc - at != 0)
		return command_misused(command, "`reload` takes no words");
	if (status == 0)
		status = past_find_folder(&past);
	if (status == 0) {
		before = ask_who_listens(past.folder);
		status = ask(past.folder, (const char *const[]){ "reload", NULL });
		if (status == ASK_IN_FORCE_SOON)
			status = wait_for_next(&past, before);
	}
	past_close(&past);
	return status;
}

static const struct option_row options[] = {
	{ "config", 'c', "FILE", "the configuration that names the state folder" },
	{ "state", 'S', "FOLDER", "the state folder, before any configuration" },
	{ NULL, 0, NULL, NULL },
};

const struct command command_reload = {
	.name = "reload",
	.arguments = "",
	.summary = "have the running daemon read its configuration again",
	.help = "Has the daemon that runs read and check its configuration. A fault is told, and nothing changes. Else runs that\n"
	        "are under way end, the daemon begins anew with what was checked, as the same process, and goes on where it\n"
	        "was; the command waits for that. A program or plugin that was replaced is taken into use as well.\n\n"
	        "Exit status: 0 in force, or nothing was new; 1 the check failed; 69 no daemon can be asked, or it has not\n"
	        "come back; 75 not now; 78 there is no such file.",
	.options = options,
	.run = reload,
};
