/* `postwatch ack INCIDENT`: somebody is on it; no more reminders and escalations until it ends. */
#include "command/past.h"

static int
ack(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	int at, status = past_options(&past, command, argc, argv, &at);

	if (status == 0 && argc - at != 1)
		return command_misused(command, "`ack` takes the number of an incident");
	if (status == 0)
		status = past_check_why(&past, command);
	if (status != 0)
		return status;
	return past_ask(&past, (const char *const[]){ "ack", argv[at] + (argv[at][0] == '#'), past.why, NULL });
}

static const struct option_row options[] = {
	{ "why", 'w', "REASON", "why, or what is being done; it is shown with the incident" },
	PAST_ASK_OPTIONS,
	{ NULL, 0, NULL, NULL },
};

const struct command command_ack = {
	.name = "ack",
	.arguments = "INCIDENT --why REASON",
	.summary = "acknowledge an open incident",
	.help = "Acknowledges an open INCIDENT, with a reason: until it ends nobody is reminded of it and it is escalated to\n"
	        "nobody else. `postwatch status` and `postwatch show` say who did so, when and why. The answer comes when\n"
	        "it is on disk.\n\n"
	        "Exit status: 0; 1 there is no such incident, or it is over; 64 wrong command line; 69 no daemon can be\n"
	        "asked; 75 it cannot be done now, or whether it was done is not known; 78 there is no such file.",
	.options = options,
	.run = ack,
};
