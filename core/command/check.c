/*
 * `postwatch check`: the same reading as at the start of the daemon, without starting; what may be meant otherwise (names
 * of one label); and what only a look outside can tell: whether the EHLO name leads to this machine and back.
 */
#include "command/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/faults.h"
#include "command/layout.h"
#include "command/self.h"
#include "command/ways.h"
#include "config/resolvers.h"
#include "prober/hosts.h"

/* A name of one label, which the C library looks for in the domains of its search list, and we do not. */
static bool
is_single_label(const struct hosts *hosts, const char *host)
{
	struct address address;

	return strchr(host, '.') == NULL && !address_parse(host, 0, &address)
	    && (hosts == NULL || hosts_find(hosts, host, &address, 1) == 0);
}

/* How many pieces of advice were given. */
static uint32_t
advise_of_label(const char *host, const char *search)
{
	printf("advice: " LAYOUT_HANG "%s is a name of one label, asked for as \"%s.\": no search list is applied to it; ", host, host);
	if (*search != '\0')
		printf("other programs here may find %s.%.*s (search %s in " RESOLV_CONF "): write the full name\n", host,
		    (int)strcspn(search, " "), search, search);
	else
		puts("write the full name");
	return 1;
}

static uint32_t
advise_of_labels(const struct config *config)
{
	struct hosts *hosts = hosts_open("/etc/hosts", NULL);
	uint32_t count = 0;
	char search[1024] = "";
	struct text text = TEXT_OVER(search);

	resolvers_add_search(RESOLV_CONF, &text);
	for (uint32_t i = 0; i < config->target_count; i++)
		if (is_single_label(hosts, config->targets[i].host))
			count += advise_of_label(config->targets[i].host, search);
	for (uint32_t i = 0; i < config->reference_count; i++)
		if (is_single_label(hosts, config->references[i].host))
			count += advise_of_label(config->references[i].host, search);
	hosts_close(&hosts);
	return count;
}

static uint32_t
advise(const struct config *config)
{
	char bytes[512];
	struct text text = TEXT_OVER(bytes);
	uint32_t count = config->reference_count == 0;

	if (config->reference_count == 0)
		puts("advice: " LAYOUT_HANG "name two or more `references` (\"HOST:PORT\" that nearly always answer): without them "
		     "nothing tells an outage of ours from one of theirs where few targets are watched");
	count += advise_of_labels(config);
	if (!self_check_helo(config, &text)) {
		printf("advice: " LAYOUT_HANG "%s\n", bytes);
		count++;
	}
	return count;
}

/* Whether we may read all that its settings name; what we may not read is no fault of its content. */
static bool
may_read_files(const struct config_notifier *notifier)
{
	const struct pw_setting *rows = notifier->plugin->descriptor->settings;

	for (uint32_t i = 0; i < notifier->values->count; i++)
		if ((rows[i].type == PW_PATH || rows[i].type == PW_SECRET) && notifier->values->items[i].string != NULL
		    && access(notifier->values->items[i].string, R_OK) != 0)
			return false;
	return true;
}

/* The files of a notifier with a gate, as the gate reads them when it begins. Returns how many cannot be used. */
static uint32_t
try_gates(const struct config *config)
{
	uint32_t warnings = 0;

	for (uint32_t i = 0; i < config->notifier_count; i++) {
		const struct config_notifier *notifier = &config->notifiers[i];
		const struct pw_gate_ops *gate = notifier->plugin == NULL ? NULL : plugin_gate(notifier->plugin);
		void *memory = gate != NULL && may_read_files(notifier) ? calloc(1, gate->memory_size + 1) : NULL;
		char why[256] = "";

		if (memory == NULL)
			continue;
		if (gate->open(memory, notifier->values, why, sizeof why)) {
			gate->close(memory);
		} else {
			printf("%s: warning: notifier %s cannot work: %.255s\n", config->path, notifier->name, why);
			warnings++;
		}
		free(memory);
	}
	return warnings;
}

/* "good" is what tells somebody, and has nothing that is warned of. */
static void
tell_verdict(const struct config *config, const char *path, uint32_t warnings, uint32_t untold)
{
	uint32_t notifiers = config->notifier_count - (config->heartbeat_interval != 0 ? 1 : 0);

	for (uint32_t i = 0; i < config->target_count; i++)
		untold += !target_is_told(config, &config->targets[i]);
	printf("%s: %s: %u target%s, %u notifier%s", path, untold + warnings == 0 ? "good" : "no fault", config->target_count,
	    config->target_count == 1 ? "" : "s", notifiers, notifiers == 1 ? "" : "s");
	if (config->heartbeat_interval != 0)
		fputs(" and the heartbeat", stdout);
	if (untold > 0)
		printf("; but nobody would be told if %u of them went down", untold);
	putchar('\n');
}

static int
check(const struct command *command, int argc, char **argv)
{
	static struct config_faults faults;
	struct config_source source = { .path = PW_SYSCONF_DIR "/postwatch.conf", .advise = true };
	const struct option_row *row;
	const struct config *config;
	char *argument;
	bool strict = false;
	struct ways ways;
	uint32_t advice, warnings;
	int at = 0;

	while ((row = command_next_option(command, argc, argv, &at, &argument)) != NULL) {
		if (row->letter == 'c')
			source.path = argument;
		else if (row->letter == 0)
			strict = true;
		else
			source.plugin_dir = argument;
	}
	if (at != argc)
		return command_misused(command, "%s: `check` takes no target", argv[at]);
	config = config_read(&source, &faults);
	faults_print(stdout, &faults);
	if (config == NULL)
		return EXIT_CONFIG;
	ways_check(config, &ways);
	warnings = faults.warnings + ways.warnings + try_gates(config);
	tell_verdict(config, source.path, warnings, ways.untold);
	/* How notices will go out, as their plugins understood it. */
	for (uint32_t i = 0; i < config->notifier_count; i++)
		if (config->notifiers[i].way != NULL)
			printf("%s: %s\n", config->notifiers[i].name, config->notifiers[i].way);
	advice = warnings + advise(config) + ways_advise(config);
	if (!strict || advice == 0)
		return 0;
	printf("%s: %u warning%s or advice, taken for faults by --strict\n", source.path, advice, advice == 1 ? "" : "s");
	return EXIT_CONFIG;
}

static const struct option_row options[] = {
	{ "config", 'c', "FILE", "the configuration; default " PW_SYSCONF_DIR "/postwatch.conf" },
	{ "plugins", 'L', "FOLDER", "where plugins lie" },
	{ "strict", 0, NULL, "take warnings and advice for faults: exit 78" },
	{ NULL, 0, NULL, NULL },
};

const struct command command_check = {
	.name = "check",
	.arguments = "",
	.summary = "read a configuration and tell all its faults",
	.help = "Reads the configuration whole, loads its plugins, and prints every fault as FILE:LINE:COLUMN: what,\n"
	        "and what would be right. Warns of targets that nobody would be told of, of tags that no target has,\n"
	        "of notifiers that no target leads to, of relays that lie where a target does, of a fallback that goes the same\n"
	        "way, of an outage that would be told hours later, and of files that are missing or that the service\n"
	        "could not read; advises to test notifiers that have never delivered anything. Names the hosts of one label, for no search list is applied to\n"
	        "them, and asks the configured resolvers whether the EHLO name leads to this machine and back. Starts\n"
	        "nothing.\n\n"
	        "Exit status: 0 no faults (warnings or not), 78 faults, or with --strict warnings or advice, 64 the command\n"
	        "line is wrong.",
	.options = options,
	.run = check,
};
