/*
 * The commands that ask the daemon which runs to do something: ack, pause, resume, test, probe-now
 * and reload. They only send it the request (ask.h).
 */
#include "command/command.h"

#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/units.h"
#include "command/ask.h"
#include "command/past.h"

enum { WHY_MAX = 500 };

static const int64_t patience = 150 * (int64_t)SECOND;

/* What is asked by the command's name, its only word, and the options that it wants. */
static int
ask_of_one(const struct command *command, int argc, char **argv)
{
	static const struct {
		const struct command *command;
		const char *takes;
	} rows[] = {
		{ &command_ack, "the number of an incident" },
		{ &command_pause, "one target or one tag" },
		{ &command_resume, "one target or one tag" },
		{ &command_test, "one notifier" },
		{ &command_probe_now, "one target" },
	};
	const char *asked[] = { command->name, NULL, NULL, NULL, NULL }, *why;
	struct past past = { .reader = NULL };
	int at, count = 2, status = past_options(&past, command, argc, argv, &at);
	struct reason fault = { "" };
	int64_t span;

	if (status != 0)
		return status;
	for (size_t i = 0; argc - at != 1 && i < sizeof rows / sizeof *rows; i++)
		if (rows[i].command == command)
			return command_misused(
			    command, "`%s` takes %s", command->name, rows[i].takes);
	assert(argc - at == 1);
	asked[1] = argv[at] + (command == &command_ack && argv[at][0] == '#');
	if (command == &command_pause) {
		if (past.span == NULL)
			return command_misused(command, "`pause` wants an end: --for 2h");
		if (!units_parse_duration(past.span, &span, &fault))
			return command_misused(command, "--for: %s", fault.text);
		asked[count++] = past.span;
	}
	if (command == &command_pause || command == &command_ack) {
		asked[count] = why = past.why;
		if (why == NULL)
			return command_misused(
			    command, "`%s` wants a reason: --why \"…\"", command->name);
		if (why[strspn(why, " \t\r\n")] == '\0' || strlen(why) > WHY_MAX)
			return command_misused(
			    command, "--why: a reason of 1 to %d bytes", WHY_MAX);
	}
	return past_ask(&past, asked);
}

/* The control socket is the monitor's, which is another process after a reload, though the
 * daemon has its pid still: so the one before is told from the one that came. */
static int
reload(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	int at, status = past_options(&past, command, argc, argv, &at);
	pid_t before;

	if (status == 0 && argc - at != 0)
		return command_misused(command, "`reload` takes no words");
	if (status != 0 || (status = past_find_folder(&past)) != 0)
		return status;
	before = ask_who_listens(past.folder);
	status = ask(past.folder, NULL, (const char *const[]){ "reload", NULL });
	if (status == ASK_IN_FORCE_SOON) {
		status = ask_when_ready(past.folder, before, patience);
		if (status == 0)
			puts("the new configuration is in force");
		else
			command_fail(0, "the daemon has not come back in time: its log says why");
	}
	past_close(&past);
	return status;
}

static const struct option_row folder_options[] = { PAST_FOLDER_OPTIONS, { .name = NULL } };
static const struct option_row ask_options[] = { PAST_ASK_OPTIONS };
static const struct option_row ack_options[] = {
	{ "why", 'w', "REASON", "why, or what is being done; it is shown with the incident",
	    PAST_MEMBER(why) },
	PAST_ASK_OPTIONS
};
static const struct option_row pause_options[] = {
	{ "for", 'f', "TIME", "how long: 30m, 2h, 1d; 1s to 90d", PAST_MEMBER(span) },
	{ "why", 'w', "REASON", "why; it is shown with the target", PAST_MEMBER(why) },
	PAST_ASK_OPTIONS
};

const struct command command_ack = {
	.name = "ack", .arguments = "INCIDENT --why REASON",
	.summary = "acknowledge an open incident",
	.help = "Acknowledges an open INCIDENT, with a reason: until it ends nobody is reminded "
	    "of it and it is escalated to nobody else. `postwatch status` and `postwatch show` say "
	    "who did so, when and why. The answer comes when it is on disk.\n\n"
	    "Exit status: 0; 1 there is no such incident, or it is over; 64 wrong command line; 69 "
	    "no daemon can be asked; 75 it cannot be done now, or whether it was done is not "
	    "known; 78 there is no such file.",
	.options = ack_options, .run = ask_of_one,
};

const struct command command_pause = {
	.name = "pause", .arguments = "TARGET|TAG --for TIME --why REASON",
	.summary = "watch a target, or all with a tag, without telling",
	.help = "Pauses TARGET (a name, PROBE://HOST:PORT, or HOST:PORT), or all targets that "
	    "have TAG (`tag:lab`, or `lab` where no target is called so): they are watched and "
	    "their incidents are recorded, but nothing of them is told. When the pause ends, by "
	    "its time or by `postwatch resume`, what is true is compared with what was told, and "
	    "told if it differs. A pause survives the end of the daemon; its time counts as paused "
	    "time. `postwatch status` shows until when and why. The answer comes when it is on "
	    "disk.\n\n"
	    "Exit status: 0; 1 there are too many pauses; 64 wrong command line, or no such target "
	    "or tag; 69 no daemon can be asked; 75 it cannot be done now, or whether it was done "
	    "is not known; 78 there is no such file.",
	.options = pause_options, .run = ask_of_one,
};

const struct command command_resume = {
	.name = "resume", .arguments = "TARGET|TAG",
	.summary = "end a pause, or a quarantine, before its time",
	.help = "Ends the pauses of TARGET, or those of TAG, as they were given to `postwatch "
	    "pause`; and the quarantine of TARGET, or of all targets that have TAG.\n\n"
	    "Exit status: 0; 1 there was nothing to be ended; 64, 69, 75 and 78 as those of "
	    "`postwatch pause`.",
	.options = ask_options, .run = ask_of_one,
};

const struct command command_test = {
	.name = "test", .arguments = "NOTIFIER",
	.summary = "send a test through a notifier, and see its receipt",
	.help = "Has the running daemon send a notice of the kind `test` through NOTIFIER, the "
	    "way that all notices go, waits for its end, and prints the receipt for each "
	    "recipient, in the words of the other side. It is sent now or not at all: what fails "
	    "is not tried again.\n\n"
	    "Exit status: 0 sent to all; 1 not sent to some; 64 wrong command line, or no such "
	    "notifier; 69 no daemon can be asked; 75 no receipt came in time; 78 there is no such "
	    "file.",
	.options = ask_options, .run = ask_of_one,
};

const struct command command_probe_now = {
	.name = "probe-now", .arguments = "TARGET",
	.summary = "have the running daemon look at a target now",
	.help = "Has the daemon that runs run TARGET now, waits for the end of that run, and "
	    "prints what it saw. As an attempt the run counts only if it was due. TARGET: a name, "
	    "PROBE://HOST:PORT, or HOST:PORT.\n\n"
	    "Exit status: 0 ok, 1 degraded or blocked, 2 failed, 3 unknown (our side), 64 no such "
	    "target is watched, 69 no daemon can be asked, 75 it cannot be run now, 78 there is no "
	    "such file.",
	.options = folder_options, .run = ask_of_one,
};

const struct command command_reload = {
	.name = "reload", .arguments = "",
	.summary = "have the running daemon read its configuration again",
	.help = "Has the daemon that runs read and check its configuration. A fault is told, and "
	    "nothing changes. Else runs that are under way end, the daemon begins anew with what "
	    "was checked, as the same process, and goes on where it was; the command waits for "
	    "that. A program or plugin that was replaced is taken into use as well.\n\n"
	    "Exit status: 0 in force, or nothing was new; 1 the check failed; 69 no daemon can be "
	    "asked, or it has not come back; 75 not now; 78 there is no such file.",
	.options = folder_options, .run = reload,
};
