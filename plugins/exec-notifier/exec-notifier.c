/*
 * The notifier `exec`: runs a program, which has the notice as JSON on its standard input.
 */
#include <postwatch/notifier.h>

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { PROGRAM, ARGUMENTS, WRITES, USER }; /* rows of the settings */

static const int64_t second = 1000000;

static const struct pw_setting settings[] = {
	[PROGRAM] = { .key = "program", .type = PW_STRING, .flags = PW_REQUIRED,
	    .help = "path of the program, \"/opt/tell-sms\"; the notice is JSON on its stdin" },
	[ARGUMENTS] = { .key = "arguments", .type = PW_LIST, .max = 64,
	    .help = "what follows it, as it is; everybody on this host can read them" },
	[WRITES] = { .key = "writes", .type = PW_LIST, .max = 16,
	    .help = "paths that it writes to besides /tmp, /var/tmp and /dev/shm, [ \"/var/lib/nagios\" ]" },
	[USER] = { .key = "user", .type = PW_STRING,
	    .help = "refused: a program runs as the daemon's user, which can become no other" },
	{ .key = NULL },
};

static void
program(const struct pw_values *values, struct pw_program *made)
{
	made->path = values->items[PROGRAM].string;
	made->arguments = values->items[ARGUMENTS].list;
	made->writes = values->items[WRITES].list;
	made->user = values->items[USER].string;
}

static bool
open_session(void *session, const struct pw_values *values, char *why, size_t why_size)
{
	const char **path = session;

	(void)why, (void)why_size;
	*path = values->items[PROGRAM].string;
	return true;
}

static void
close_session(void *session)
{
	(void)session;
}

/* The first line with anything in it; NUL would end it. Returns false where there is none. */
static bool
add_line(struct pw_result *result, struct pw_bytes bytes)
{
	size_t size = 0;

	for (size_t i = 0; i < bytes.size && size < sizeof result->receipt - 1; i++) {
		if (bytes.data[i] == '\n' && size > 0)
			break;
		if (bytes.data[i] != '\n')
			result->receipt[size++] = bytes.data[i] == '\0' ? '?' : bytes.data[i];
	}
	result->receipt[size] = '\0';
	return size > 0;
}

/* One that was killed may have told it before. */
static void
judge(const struct pw_exit *end, const char *path, struct pw_result *result)
{
	char *receipt = result->receipt;
	const size_t room = sizeof result->receipt;
	const char *name;

	result->fate = PW_AGAIN;
	result->channel = true;
	switch (end->how) {
	case PW_EXITED:
		if (end->status == EX_OK)
			result->fate = PW_SENT;
		else if (end->status == EX_UNAVAILABLE)
			result->fate = PW_NEVER;
		result->channel = result->fate == PW_AGAIN;
		if (!add_line(result, end->status == EX_OK ? end->output : end->errors))
			snprintf(receipt, room, "exit status %d", end->status);
		return;
	case PW_SIGNALLED:
		name = sigabbrev_np(end->status);
		snprintf(receipt, room, "killed by SIG%s: %s", name != NULL ? name : "?", path);
		result->doubtful = true;
		return;
	case PW_NOT_STARTED:
		snprintf(receipt, room, "%s cannot be run: %s", path, strerror(end->status));
		return;
	case PW_TIMED_OUT:
		snprintf(receipt, room, "%s did not end within the deadline, and was killed", path);
		result->doubtful = true;
		return;
	default:
		snprintf(receipt, room, "nobody knows how %s ended", path);
		result->doubtful = true;
		return;
	}
}

/* It ends before the host would end all of us. */
static void
deliver(void *session, const struct pw_notice *notice, const struct pw_recipients *recipients,
    struct pw_result *results)
{
	const char *const *path = session;
	const struct pw_bytes json = { notice->json, strlen(notice->json) };
	const int64_t deadline = notice->deadline > 0 ? notice->deadline : 60 * second;
	struct pw_exit end;

	notice->run(notice->run_to, json, deadline > 4 * second ? deadline - 2 * second : deadline / 2,
	    &end);
	for (uint32_t i = 0; i < recipients->count; i++)
		judge(&end, *path, &results[i]);
}

static uint32_t
receiver(const struct pw_values *values)
{
	(void)values;
	return PW_REPORTS;
}

static const struct pw_notifier_ops ops = {
	.size = sizeof ops,
	.session_size = sizeof(const char *),
	.open = open_session,
	.deliver = deliver,
	.close = close_session,
	.receiver = receiver,
	.program = program,
};

PW_PLUGIN_NOTIFIER("exec", "1.0", "runs a program, with the notice as JSON on its standard input",
    settings, &ops);
