/*
 * `postwatch probe`: the prober's own engine in the calling process, once for each target, all side by side. What is
 * tried by hand is what the daemon does. Results are printed in the order in which the targets were named.
 */
#include "command/command.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/faults.h"
#include "command/show.h"

enum { SETS_MAX = 64 };

enum form { FORM_TEXT, FORM_JSON, FORM_NAGIOS };

/* A finished run, rendered, until all before it have been printed. */
struct rendered {
	char *bytes;
	size_t size;
	bool done;
};

struct probing {
	const struct config *config;
	struct ev_loop *loop;
	struct rendered *results; /* by target */
	uint32_t printed, finished;
	enum form form;
	struct show_style style;
	bool progress, patient;
	uint32_t of_status[4]; /* how many ended with each status */
};

static void
show_progress(const struct probing *probing)
{
	if (probing->progress && probing->finished < probing->config->target_count)
		fprintf(stderr, "\r\033[K%u of %u done", probing->finished, probing->config->target_count);
	else if (probing->progress)
		fputs("\r\033[K", stderr);
}

static void
print_ready(struct probing *probing)
{
	while (probing->printed < probing->config->target_count && probing->results[probing->printed].done) {
		struct rendered *next = &probing->results[probing->printed++];

		fwrite(next->bytes, 1, next->size, stdout);
		free(next->bytes);
		next->bytes = NULL;
	}
	fflush(stdout);
}

static void
render(const struct probing *probing, const struct run_result *result, struct rendered *into)
{
	FILE *file = open_memstream(&into->bytes, &into->size);

	if (file == NULL) {
		fputs("postwatch: out of memory\n", stderr);
		exit(EXIT_INTERNAL);
	}
	switch (probing->form) {
	case FORM_TEXT:
		show_text(file, probing->config, result, &probing->style);
		break;
	case FORM_JSON:
		show_json(file, probing->config, result);
		break;
	case FORM_NAGIOS:
		show_nagios(file, probing->config, result);
		break;
	}
	fclose(file);
	into->done = true;
}

static void
on_done(void *arg, const struct run_result *result)
{
	struct probing *probing = arg;

	render(probing, result, &probing->results[result->report->target]);
	probing->of_status[show_status((enum pw_verdict)result->report->verdict)]++;
	probing->finished++;
	if (probing->progress)
		fputs("\r\033[K", stderr);
	print_ready(probing);
	show_progress(probing);
	if (probing->finished == probing->config->target_count)
		ev_break(probing->loop, EVBREAK_ALL);
}

/* Of several targets: failed before unknown before degraded. */
static int
status_of_all(const struct probing *probing)
{
	static const int order[] = { 2, 3, 1 };

	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		if (probing->of_status[order[i]] > 0)
			return order[i];
	return 0;
}

static bool
start_all(struct probing *probing, struct prober *prober)
{
	for (uint32_t i = 0; i < probing->config->target_count; i++) {
		struct order order = {
			.run = (uint64_t)i + 1,
			.target = i,
			.flags = (uint8_t)(ORDER_FULL | ORDER_FRESH | ORDER_OFFER_TLS | (probing->patient ? ORDER_PATIENT : 0)),
			.attempt = 1,
			.due = clock_mono(),
		};

		if (!prober_run(prober, &order, on_done, probing))
			return false;
	}
	return true;
}

static int
probe_all(struct probing *probing)
{
	struct zone *zone = zone_open_own();
	struct reason why;
	struct prober *prober;

	probing->loop = ev_loop_new(EVBACKEND_EPOLL);
	probing->style.zone = zone;
	probing->results = calloc(probing->config->target_count, sizeof *probing->results);
	prober = prober_create(probing->loop, probing->config, &why);
	if (prober == NULL) {
		fprintf(stderr, "postwatch: %s\n", why.text);
		return EXIT_INTERNAL;
	}
	if (probing->results == NULL || !start_all(probing, prober)) {
		fputs("postwatch: out of memory\n", stderr);
		return EXIT_INTERNAL;
	}
	show_progress(probing);
	ev_run(probing->loop, 0);
	while (prober_lingers(prober))
		ev_run(probing->loop, EVRUN_ONCE);
	prober_destroy(&prober);
	ev_loop_destroy(probing->loop);
	zone_close(&zone);
	free(probing->results);
	return status_of_all(probing);
}

static bool
take_option(const struct option_row *row, char *argument, struct config_source *source, const char **sets,
    struct probing *probing)
{
	switch (row->letter) {
	case 'c':
		source->path = argument;
		source->select = true;
		break;
	case 'p':
		source->probe = argument;
		break;
	case 's':
		if (source->set_count == SETS_MAX)
			return false;
		sets[source->set_count++] = argument;
		break;
	case 'P':
		probing->patient = true;
		break;
	case 'L':
		source->plugin_dir = argument;
		break;
	case 'j':
		probing->form = FORM_JSON;
		break;
	case 'n':
		probing->form = FORM_NAGIOS;
		break;
	case 'b':
		probing->style.brief = true;
		break;
	}
	return true;
}

/* Nagios knows no status above 3, and reads the first line of standard output. */
static int
nagios_trouble(const char *text)
{
	printf("POSTWATCH UNKNOWN - %s\n", text);
	return 3;
}

static int
probe(const struct command *command, int argc, char **argv)
{
	static struct config_faults faults;
	const char *sets[SETS_MAX];
	struct config_source source = { .sets = sets };
	struct probing probing = { .style = { .colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL } };
	const struct option_row *row;
	char *argument;
	int at = 0;

	while ((row = command_next_option(command, argc, argv, &at, &argument)) != NULL)
		if (!take_option(row, argument, &source, sets, &probing))
			return command_misused(command, "more than %d settings", SETS_MAX);
	source.words = (const char *const *)argv + at;
	source.word_count = (uint32_t)(argc - at);
	if (source.word_count == 0 || (probing.form == FORM_NAGIOS && source.word_count > 1))
		return probing.form == FORM_NAGIOS ? nagios_trouble("needs exactly one target")
		                                   : command_misused(command, "no target is named");
	probing.config = config_read(&source, &faults);
	if (probing.config == NULL) {
		faults_print(stderr, &faults);
		if (probing.form == FORM_NAGIOS)
			return nagios_trouble(faults.items[0].text);
		return faults_are_of_words(&faults) ? EXIT_USAGE : EXIT_CONFIG;
	}
	probing.progress = probing.config->target_count > 1 && isatty(STDERR_FILENO);
	return probe_all(&probing);
}

static const struct option_row options[] = {
	{ "probe", 'p', "PROBE", "the probe to use: smtp (default), starttls, banner, or another plugin" },
	{ "set", 's', "KEY=VALUE", "a setting of the target or its probe: -s limits.banner=60s -s verify=none" },
	{ "patient", 'P', NULL, "the patient limits, as the attempt that confirms a failure has them" },
	{ "json", 'j', NULL, "one object a line" },
	{ "nagios", 'n', NULL, "one line with performance data, exit status as a Nagios plugin" },
	{ "brief", 'b', NULL, "without the transcript" },
	{ "config", 'c', "FILE", "a configuration; a TARGET may then be a name in it" },
	{ "plugins", 'L', "FOLDER", "where plugins lie" },
	{ NULL, 0, NULL, NULL },
};

const struct command command_probe = {
	.name = "probe",
	.arguments = "TARGET…",
	.summary = "look at mail servers once, by hand, with everything that was seen",
	.help = "Talks to each TARGET (host, host:port, [v6]:port) exactly as the daemon would, and prints what was\n"
	        "seen: the steps with their times and limits, warnings, facts, and the transcript.\n\n"
	        "Exit status: 0 ok, 1 degraded or blocked, 2 failed, 3 unknown (our side); of several targets\n"
	        "2 if any failed, else 3 if any is unknown, else 1, else 0. 64: the command line is wrong.",
	.options = options,
	.run = probe,
};
