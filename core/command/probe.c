/*
 * `postwatch probe`: reads its command line, and looks at the targets there once, by hand
 * (probe_run.h). With --nagios every error is a line on standard output.
 */
#include "command/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/config_options.h"
#include "command/layout.h"
#include "command/nagios.h"
#include "command/probe_run.h"

enum {
	SETS_MAX = 64,
	NAGIOS_SECONDS = 50, /* Nagios and Icinga kill a plugin after 60 */
	SECONDS_MAX = 24 * 3600
};

/* The words of the command line. */
struct words {
	struct config_source source;
	const char *sets[SETS_MAX];
	int64_t limit; /* microseconds; 0: none */
	struct probe_orders orders;
};

/* NULL, or what is wrong. */
static const char *
take_option(const struct option_row *row, char *argument, struct words *words)
{
	struct show_style *style = &words->orders.style;
	enum show_form form;
	char *end;
	long seconds;

	switch (row->letter) {
	case 's':
		if (words->source.set_count == SETS_MAX)
			return "more settings than one command line takes";
		words->sets[words->source.set_count++] = argument;
		break;
	case 't':
		seconds = strtol(argument, &end, 10);
		if (end == argument || *end != '\0' || seconds < 1 || seconds > SECONDS_MAX)
			return "-t takes seconds, 1 to 86400";
		words->limit = seconds * (int64_t)SECOND;
		break;
	case 'j':
	case 'n':
		form = row->letter == 'j' ? SHOW_JSON : SHOW_NAGIOS;
		if (style->form != SHOW_TEXT && style->form != form)
			return "--json and --nagios are two forms: one of them";
		style->form = form;
		layout_be_plain();
		break;
	default:
		command_set_option(row, words, argument);
	}
	return NULL;
}

static int
misused(const struct command *command, bool nagios, const char *what, const char *word)
{
	char line[300];

	snprintf(line, sizeof line, "%s%s%s", word, word[0] != '\0' ? ": " : "", what);
	return nagios ? nagios_put_trouble(line) : command_misused(command, "%s", line);
}

/* The first fault stands for all. */
static int
tell_faults(const struct config_diagnostics *diagnostics, bool nagios)
{
	struct config_diagnostics first = *diagnostics;
	char words[1024];
	struct text text = TEXT_OVER(words);
	size_t size;

	if (!nagios) {
		print_diagnostics(stderr, diagnostics);
		return diagnostics_are_of_words(diagnostics) ? EXIT_USAGE : EXIT_CONFIG;
	}
	while (first.kept > 1 && first.items[0].warning)
		memmove(&first.items[0], &first.items[1], --first.kept * sizeof first.items[0]);
	first.kept = first.errors = 1;
	first.warnings = 0;
	config_print_diagnostics(&first, &text);
	size = strcspn(words, "\n");
	words[size] = '\0';
	if (diagnostics->errors > 1)
		snprintf(words + size, sizeof words - size, "; and %u more fault%s",
		    diagnostics->errors - 1, plural(diagnostics->errors - 1));
	return nagios_put_trouble(words);
}

static int
probe(const struct command *command, int argc, char **argv)
{
	static struct config_diagnostics diagnostics;
	static struct words words;
	struct probe_orders *orders = &words.orders;
	bool nagios = nagios_is_asked(command, argv);
	const struct option_row *row;
	const char *wrong;
	char *argument;
	int64_t spare;
	int at = 0;

	orders->style.colour = layout_has_colour(STDOUT_FILENO);
	words.source.sets = words.sets;
	words.source.probes_alone = true;
	while ((row = command_try_option(command, argc, argv, &at, &argument)) != NULL) {
		wrong = row->name == NULL ? "not an option of `probe`, or its argument is missing"
		    : take_option(row, argument, &words);
		if (wrong != NULL)
			return misused(command, nagios, wrong, row->name == NULL ? argument : "");
	}
	words.source.select = words.source.places = words.source.path != NULL;
	words.source.words = (const char *const *)argv + at;
	words.source.word_count = (uint32_t)(argc - at);
	if (words.source.word_count == 0 || (nagios && words.source.word_count > 1))
		return misused(command, nagios,
		    nagios ? "--nagios takes exactly one target" : "no target is named", "");
	if (nagios && words.limit == 0)
		words.limit = NAGIOS_SECONDS * SECOND;
	/* What is left for the begin of it and for saying how it ended: a tenth, half a second
	 * at least where there is as much. */
	spare = words.limit / 4 < SECOND / 2 ? words.limit / 4 : SECOND / 2;
	words.source.leg_max = words.limit - (words.limit / 10 > spare ? words.limit / 10 : spare);
	orders->config = config_read(&words.source, &diagnostics);
	if (orders->config == NULL)
		return tell_faults(&diagnostics, nagios);
	return probe_run(orders, words.limit);
}

static const struct option_row options[] = {
	{ "probe", 'p', "PROBE", "smtp (default), starttls, banner, or another plugin",
	    offsetof(struct words, source.probe) },
	{ "set", 's', "KEY=VALUE", "a setting, such as limits.banner=60s", 0 },
	{ "patient", 'P', NULL, "the limits of the attempt that confirms a failure",
	    offsetof(struct words, orders.patient) },
	{ "timeout", 't', "SECONDS", "end by then; with --nagios 50 by default", 0 },
	{ "json", 'j', NULL, "one object a line", 0 },
	{ "nagios", 'n', NULL, "as a Nagios plugin", 0 },
	{ "brief", 'b', NULL, "without the transcript",
	    offsetof(struct words, orders.style.brief) },
	{ "config", 'c', "FILE", "a configuration: TARGET is in it, or has a port",
	    offsetof(struct words, source.path) },
	{ "plugins", 'L', "FOLDER", "where plugins lie",
	    offsetof(struct words, source.plugin_dir) },
	{ .name = NULL },
};

const struct command command_probe = {
	.name = "probe", .arguments = "TARGET…",
	.summary = "look at mail servers once, by hand, with everything that was seen",
	.help = "Talks to each TARGET (host, host:port, [v6]:port) exactly as the daemon would, "
	    "and prints what was seen: the steps with their times and limits, warnings, facts, and "
	    "the transcript. What is waited for is shown on a terminal; Ctrl-C ends it, with what "
	    "was seen until then.\n\n"
	    "Exit status: 0 ok, 1 degraded or blocked, 2 failed, 3 unknown (our side); of several "
	    "targets 2 if any failed, else 3 if any is unknown, else 1, else 0. 64: the command "
	    "line is wrong; 70: our own trouble; 78: faulty configuration. With --nagios 3 stands "
	    "for all three, and standard output says why.",
	.options = options, .run = probe,
};
