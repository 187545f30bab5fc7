/*
 * `postwatch import FROM FILE…`: prints as a configuration of ours what another monitor (Nagios,
 * Icinga 2, Prometheus, Uptime Kuma) watches. What has no counterpart is a comment where it was
 * found, so that nothing is lost unseen.
 */
#include <string.h>

#include "command/command.h"
#include "command/import_sources.h"
#include "command/layout.h"

static const struct {
	const char *word;
	bool (*read)(struct draft *, char *const *paths, int count, struct reason *why);
} sources[] = {
	{ "nagios", import_nagios },
	{ "blackbox", import_blackbox },
	{ "kuma", import_kuma },
	{ "icinga2", import_icinga2 },
};

static int
import_it(const struct command *command, int argc, char **argv)
{
	struct draft *draft;
	struct reason why;
	size_t source = 0;
	int at = command_take_options(command, argc, argv, NULL), status = 0;

	while (source < sizeof sources / sizeof sources[0]
	    && (argc - at < 2 || strcmp(argv[at], sources[source].word) != 0))
		source++;
	if (source == sizeof sources / sizeof sources[0])
		return command_misused(
		    command, "`import` takes the name of a monitor and files of its");
	layout_be_plain();
	draft = draft_create();
	if (sources[source].read(draft, argv + at + 1, argc - at - 1, &why))
		draft_print(draft, argv[at]);
	else
		status = command_fail(EXIT_CONFIG, "%s", why.text);
	draft_destroy(&draft);
	return status;
}

static const struct option_row options[] = { { .name = NULL } };
static const char *const words[] = { "nagios", "icinga2", "blackbox", "kuma", NULL };

const struct command command_import = {
	.name = "import",
	.arguments = "nagios|icinga2|blackbox|kuma FILE…",
	.summary = "what another monitor watches as a configuration",
	.help =
	    "Reads FILEs of another monitor and prints a configuration: targets, and who is told. "
	    "What has no counterpart is a comment, with its file and line. Where a file cannot be "
	    "read nothing is printed.\n\n"
	    "nagios: files of objects (also of Icinga 1, Naemon, Shinken): a target for each host "
	    "and service that check_smtp or check_ssmtp looks at, with its options, intervals and "
	    "groups, and a notifier for each contact that has an address of mail.\n\n"
	    "icinga2: files of its language, and what they include: a target for each host of a "
	    "service whose check_command is smtp or ssmtp, with templates, `apply` and `assign "
	    "where` evaluated as far as that can be without Icinga, and a notifier for each user "
	    "that is told and has an address of mail.\n\n"
	    "blackbox: blackbox.yml of the blackbox_exporter and prometheus.yml: a target for each "
	    "that Prometheus scrapes by a module which speaks SMTP.\n\n"
	    "kuma: a backup of Uptime Kuma (JSON): a target for each monitor of SMTP, and of a "
	    "port of SMTP, and a notifier for each notification that has a counterpart.\n\n"
	    "Exit status: 0; 64 wrong command line; 78 a file cannot be read, or is none of "
	    "that monitor.",
	.options = options,
	.words = words,
	.run = import_it,
	.as_it_is = true,
};
