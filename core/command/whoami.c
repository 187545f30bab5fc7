/* `postwatch whoami`: what to tell others to allow. */
#include "command/command.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/sandbox.h"
#include "base/units.h"
#include "command/faults.h"
#include "command/layout.h"
#include "command/self.h"
#include "prober/port.h"

enum { SECONDS_A_DAY = 86400 };

static void
print_address(const char *family, int number)
{
	char bytes[ADDRESS_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);
	struct address own;

	if (self_address(number, &own)) {
		address_add(&text, &own);
		printf("  %-14s " LAYOUT_HANG "%s%s\n", family, bytes,
		    address_class(&own) == ADDRESS_PUBLIC ? "" : "  (not a public address: others see your router's)");
	} else
		printf("  %-14s " LAYOUT_HANG "none: no route\n", family);
}

/* The sources that targets bind to, each once. */
static void
print_sources(const struct config *config)
{
	const struct policy *last = NULL;

	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct policy *policy = config->targets[i].policy;
		char bytes[2 * ADDRESS_TEXT_MAX];
		struct text text = TEXT_OVER(bytes);

		if (policy == last || (!policy->has_source4 && !policy->has_source6))
			continue;
		last = policy;
		if (policy->has_source4)
			address_add(&text, &policy->source4);
		if (policy->has_source4 && policy->has_source6)
			text_add(&text, ", ");
		if (policy->has_source6)
			address_add(&text, &policy->source6);
		printf("  %-14s " LAYOUT_HANG "%s (from %s on)\n", "source", bytes, config->targets[i].name);
	}
}

static void
print_pace(const struct config *config)
{
	double a_day = 0;
	int64_t shortest = INT64_MAX;
	char bytes[64];
	struct text text = TEXT_OVER(bytes);

	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct policy *policy = config->targets[i].policy;

		a_day += (double)SECONDS_A_DAY * SECOND / (double)policy->interval;
		if (policy->interval < shortest)
			shortest = policy->interval;
	}
	if (config->target_count == 0)
		return;
	units_add_duration(&text, shortest);
	printf("  %-14s " LAYOUT_HANG "%u, each address at most every %s while all is well\n", "targets", config->target_count, bytes);
	printf("  %-14s " LAYOUT_HANG "about %.0f a day in all, for targets with one address each\n", "connections", a_day);
	printf("  %-14s " LAYOUT_HANG "at most %u at once to one address\n", "at once", config->per_address);
}

static int
whoami(const struct command *command, int argc, char **argv)
{
	static struct config_faults faults;
	struct config_source source = { .path = NULL, .own_name = true };
	const struct option_row *row;
	const struct config *config;
	char bytes[512];
	struct text text = TEXT_OVER(bytes);
	char *argument;
	int at = 0;

	while ((row = command_next_option(command, argc, argv, &at, &argument)) != NULL)
		source.path = argument;
	if (at != argc)
		return command_misused(command, "%s: `whoami` takes no words", argv[at]);
	config = config_read(&source, &faults);
	if (config == NULL) {
		faults_print(stderr, &faults);
		return EXIT_CONFIG;
	}
	puts("To be let in by others, tell them:\n");
	print_address("IPv4", AF_INET);
	print_address("IPv6", AF_INET6);
	print_sources(config);
	printf("  %-14s " LAYOUT_HANG "%s\n", "EHLO name", config->helo != NULL ? config->helo : "[our address]");
	self_check_helo(config, &text);
	printf("  %-14s " LAYOUT_HANG "%s\n", "", bytes);
	print_pace(config);
	text = TEXT_OVER(bytes);
	if (port_check(config, &text))
		printf("  %-14s " LAYOUT_HANG "%s\n", "port 25", bytes);
	text = TEXT_OVER(bytes);
	if (sandbox_lacks(&text))
		printf("  %-14s " LAYOUT_HANG "this system has %s\n", "confinement", bytes);
	puts("\nWe greet, say EHLO, perhaps STARTTLS, and QUIT. We send no mail, name no recipient, and never log in.");
	return 0;
}

static const struct option_row options[] = {
	{ "config", 'c', "FILE", "a configuration, for its EHLO name, sources, intervals and targets" },
	{ NULL, 0, NULL, NULL },
};

const struct command command_whoami = {
	.name = "whoami",
	.arguments = "",
	.summary = "what to tell others to allow: our addresses, EHLO name, pace",
	.help = "Prints by which addresses and under which EHLO name we appear at the servers we watch, whether that\n"
	        "name leads to us and back, and how often we come: what a postmaster wants to know before he lets us in.\n"
	        "With targets on port 25 it connects to a few of them, and says whether the port is open for us.",
	.options = options,
	.run = whoami,
};
