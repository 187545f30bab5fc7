/* `postwatch pause` and `postwatch resume`: watched, and not told for a while. */
#include "command/past.h"

#include "base/units.h"

static int
pause_it(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	int at, status = past_options(&past, command, argc, argv, &at);
	struct reason why = { "" };
	int64_t span;

	if (status == 0 && argc - at != 1)
		return command_misused(command, "`pause` takes one target or one tag");
	if (status == 0 && past.span == NULL)
		return command_misused(command, "`pause` wants an end: --for 2h");
	if (status == 0 && !units_parse_duration(past.span, &span, &why))
		return command_misused(command, "--for: %s", why.text);
	if (status == 0)
		status = past_check_why(&past, command);
	if (status != 0)
		return status;
	return past_ask(&past, (const char *const[]){ "pause", argv[at], past.span, past.why, NULL });
}

static int
resume(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	int at, status = past_options(&past, command, argc, argv, &at);

	if (status == 0 && argc - at != 1)
		return command_misused(command, "`resume` takes one target or one tag");
	if (status != 0)
		return status;
	return past_ask(&past, (const char *const[]){ "resume", argv[at], NULL });
}

static const struct option_row pause_options[] = {
	{ "for", 'f', "TIME", "how long: 30m, 2h, 1d; 1s to 90d" },
	{ "why", 'w', "REASON", "why; it is shown with the target" },
	PAST_ASK_OPTIONS,
	{ NULL, 0, NULL, NULL },
};

static const struct option_row resume_options[] = {
	PAST_ASK_OPTIONS,
	{ NULL, 0, NULL, NULL },
};

const struct command command_pause = {
	.name = "pause",
	.arguments = "TARGET|TAG --for TIME --why REASON",
	.summary = "watch a target, or all with a tag, without telling",
	.help = "Pauses TARGET (a name, PROBE://HOST:PORT, or HOST:PORT), or all targets that have TAG (`tag:lab`, or `lab`\n"
	        "where no target is called so): they are watched and their incidents are recorded, but nothing of them is\n"
	        "told. When the pause ends, by its time or by `postwatch resume`, what is true is compared with what was\n"
	        "told, and told if it differs. A pause survives the end of the daemon; its time counts as paused time.\n"
	        "`postwatch status` shows until when and why. The answer comes when it is on disk.\n\n"
	        "Exit status: 0; 1 there are too many pauses; 64 wrong command line, or no such target or tag; 69 no daemon\n"
	        "can be asked; 75 it cannot be done now, or whether it was done is not known; 78 there is no such file.",
	.options = pause_options,
	.run = pause_it,
};

const struct command command_resume = {
	.name = "resume",
	.arguments = "TARGET|TAG",
	.summary = "end a pause, or a quarantine, before its time",
	.help = "Ends the pauses of TARGET, or those of TAG, as they were given to `postwatch pause`; and the quarantine of\n"
	        "TARGET, or of all targets that have TAG.\n\n"
	        "Exit status: 0; 1 there was nothing to be ended; 64, 69, 75 and 78 as those of `postwatch pause`.",
	.options = resume_options,
	.run = resume,
};
