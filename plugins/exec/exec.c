/*
 * The probe `exec`: runs a Nagios plugin, and takes its exit status for the verdict, its first line
 * for the text and its performance data for facts.
 */
#include <postwatch/probe.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "perfdata.h"

enum { PROGRAM, ARGUMENTS, WRITES, USER }; /* rows of the settings */
enum { OK, WARNING, CRITICAL, UNKNOWN, TEXT_MAX = 400, FACTS_MAX = 32 };

static const struct pw_setting settings[] = {
	[PROGRAM] = { .key = "program", .type = PW_STRING, .flags = PW_REQUIRED,
	    .help = "path of the Nagios plugin, \"/usr/lib/nagios/plugins/check_smtp\"" },
	[ARGUMENTS] = { .key = "arguments", .type = PW_LIST, .max = 64,
	    .help = "what follows it, [ \"-H\", \"$HOST\" ]; $HOST, $PORT, $TARGET, and $$ for a \"$\"" },
	[WRITES] = { .key = "writes", .type = PW_LIST, .max = 16,
	    .help = "paths that it writes to besides /tmp, /var/tmp and /dev/shm, [ \"/var/lib/nagios\" ]" },
	[USER] = { .key = "user", .type = PW_STRING,
	    .help = "refused: a program runs as the daemon's user, which can become no other" },
	{ .key = NULL },
};

static const struct pw_phase phases[] = {
	{ .name = "run", .limit = 60000000, .patient = 60000000 },
	{ .name = NULL },
};

static const struct pw_outcome outcomes[] = {
	{ .name = "program_warning", .severity = PW_DEGRADED, .text = "the program says WARNING",
	    .hint = "The target is alive; what the program says is too slow, too full or the like.",
	    .phase = "run" },
	{ .name = "program_critical", .severity = PW_FAILED, .text = "the program says CRITICAL",
	    .hint = "Look at what the program says; by hand: `postwatch probe`." },
	{ .name = "program_unknown", .severity = PW_UNKNOWN, .text = "the program says UNKNOWN",
	    .hint = "Are its arguments right? The program could not look at the target." },
	{ .name = "program_status", .severity = PW_UNKNOWN,
	    .text = "the program ended with a status that no Nagios plugin has",
	    .hint = "Is it a Nagios plugin? Their exit status is 0, 1, 2 or 3." },
	{ .name = "program_signal", .severity = PW_UNKNOWN, .text = "the program was killed by a signal",
	    .hint = "It has a fault, or met a limit of memory, processor time, processes or size of files." },
	{ .name = "program_not_started", .severity = PW_UNKNOWN, .text = "the program could not be run",
	    .hint = "Is it there, and executable for the daemon's user? `postwatch check` looks." },
	{ .name = "program_overdue", .severity = PW_UNKNOWN, .text = "the program did not end within the limit",
	    .hint = "Give it a time-out of its own that is shorter than limits.run, such as -t 30." },
	{ .name = "program_lost", .severity = PW_UNKNOWN, .text = "nobody knows how the program ended",
	    .hint = "The process that ran it is gone: look at the log." },
	{ .name = NULL },
};

static const struct pw_fact_kind facts[] = {
	{ "perf_", PW_FAMILY, "performance data by label, as perf_time: LABEL=VALUE;WARN;CRIT;MIN;MAX" },
	{ .name = NULL },
};

static void
program(const struct pw_values *values, struct pw_program *made)
{
	made->path = values->items[PROGRAM].string;
	made->arguments = values->items[ARGUMENTS].list;
	made->writes = values->items[WRITES].list;
	made->user = values->items[USER].string;
}

/* Takes a line off the front. */
static struct pw_bytes
take_line(struct pw_bytes *rest)
{
	const char *end = rest->size > 0 ? memchr(rest->data, '\n', rest->size) : NULL;
	struct pw_bytes line = { rest->data, end != NULL ? (size_t)(end - rest->data) : rest->size };
	size_t taken = line.size + (end != NULL);

	rest->data += taken;
	rest->size -= taken;
	return line;
}

/* Up to "|", without blanks around it; NUL would end it. */
static void
make_text(struct pw_bytes line, char text[TEXT_MAX])
{
	const char *bar = line.size > 0 ? memchr(line.data, '|', line.size) : NULL;
	size_t size = bar != NULL ? (size_t)(bar - line.data) : line.size;

	while (size > 0 && (line.data[size - 1] == ' ' || line.data[size - 1] == '\r'))
		size--;
	if (size > TEXT_MAX - 1)
		size = TEXT_MAX - 1;
	for (size_t i = 0; i < size; i++)
		text[i] = line.data[i] == '\0' ? '?' : line.data[i];
	text[size] = '\0';
}

struct taken {
	char names[FACTS_MAX][PERFDATA_NAME_MAX];
	unsigned count, left_out;
};

static bool
is_taken(const struct taken *taken, const char *name)
{
	for (unsigned i = 0; i < taken->count; i++)
		if (strcmp(taken->names[i], name) == 0)
			return true;
	return false;
}

/* What has no room is counted: a leg has room for so many facts. So is a label whose name another
 * one has, such as "/a" and "-a": the host keeps one fact of a name. */
static void
add_facts(struct pw_turn *turn, struct pw_bytes data, struct taken *taken)
{
	struct perfdatum datum;
	enum perfdata kind;

	while ((kind = perfdata_next(&data, &datum)) != PERFDATA_END) {
		if (kind == PERFDATA_BAD || taken->count == FACTS_MAX || is_taken(taken, datum.name)) {
			taken->left_out++;
			continue;
		}
		memcpy(taken->names[taken->count++], datum.name, sizeof datum.name);
		pw_fact(turn, datum.name, (struct pw_bytes){ datum.value, datum.size });
	}
}

/* Behind the "|" of the first line; behind the next one, in whatever line, all is data. */
static void
read_perfdata(struct pw_turn *turn, struct pw_bytes output)
{
	struct pw_bytes line = take_line(&output);
	struct taken taken = { .count = 0 };

	for (int i = 0; i < 2; i++) {
		const char *bar = line.size > 0 ? memchr(line.data, '|', line.size) : NULL;

		if (bar != NULL)
			add_facts(turn, (struct pw_bytes){ bar + 1,
			    (size_t)(line.data + line.size - (bar + 1)) }, &taken);
		line = output;
	}
	if (taken.left_out > 0)
		pw_note(turn,
		    "performance data: %u left out, beyond %d, too long, of a name that is "
		    "taken or not LABEL=VALUE",
		    taken.left_out, FACTS_MAX);
}

static void
judge_status(struct pw_turn *turn, int status, char text[TEXT_MAX])
{
	if (text[0] == '\0' && status <= UNKNOWN)
		snprintf(text, TEXT_MAX, "exit status %d, without a word", status);
	switch (status) {
	case OK:
		pw_done(turn, "ok", "%s", text);
		return;
	case WARNING:
		pw_warn(turn, "program_warning", "%s", text);
		pw_done(turn, "ok", "%s", "");
		return;
	case CRITICAL:
		pw_done(turn, "program_critical", "%s", text);
		return;
	case UNKNOWN:
		pw_done(turn, "program_unknown", "%s", text);
		return;
	default:
		pw_done(turn, "program_status", "exit status %d, and a Nagios plugin has 0 to 3%s%s",
		    status, text[0] != '\0' ? ": " : "", text);
		return;
	}
}

static void
on_exit_of(void *session, struct pw_turn *turn, const struct pw_exit *end)
{
	const char *path = turn->values->items[PROGRAM].string, *signal_name;
	struct pw_bytes output = end->output;
	char text[TEXT_MAX];

	(void)session;
	make_text(take_line(&output), text);
	read_perfdata(turn, end->output);
	switch (end->how) {
	case PW_EXITED:
		judge_status(turn, end->status, text);
		return;
	case PW_SIGNALLED:
		signal_name = sigabbrev_np(end->status);
		pw_done(turn, "program_signal", "killed by SIG%s: %s",
		    signal_name != NULL ? signal_name : "?", path);
		return;
	case PW_NOT_STARTED:
		pw_done(turn, "program_not_started", "%s cannot be run: %s", path,
		    strerror(end->status));
		return;
	case PW_TIMED_OUT:
		pw_done(turn, "program_overdue", "%s did not end within the limit, and was killed",
		    path);
		return;
	default:
		pw_done(turn, "program_lost", "%s", "");
		return;
	}
}

static const struct pw_probe_ops ops = {
	.size = sizeof ops,
	.default_port = 25,
	.framing = PW_LINES,
	.phases = phases,
	.outcomes = outcomes,
	.facts = facts,
	.program = program,
	.on_exit = on_exit_of,
};

PW_PLUGIN_PROBE("exec", "1.0", "runs a Nagios plugin: its exit status, text and performance data", 0,
    settings, &ops);
