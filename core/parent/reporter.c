/*
 * For the parent: starts a process for each report of availability that a notifier sends
 * (reporter.h), and passes its text on. The process reads the store, and the configuration in
 * force, of which the state folder has a copy.
 */
#include "parent/reporter.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <syslog.h>
#include <unistd.h>

#include "base/messages_outbox.h"
#include "base/sandbox.h"

enum { CANNOT_EXECUTE = 127, NICE = 10 };
#define COLUMNS_OF_MAIL "76"

/* The image that runs, and not what stands at its path by now: it knows the store's form. */
static _Noreturn void
run(const struct config *config, const struct message_report *order, pid_t parent, int out)
{
	const struct config_report *report = &config->reports[order->report];
	const char *zone = config->notifiers[report->notifier].timezone;
	const char *last = strchr(order->period, '/');
	char first[OUTCOME_NAME_MAX];
	const char *words[] = { "postwatch", "report", "--parts", "--state", config->state, "--from",
		first, "--to", last == NULL ? order->period : last + 1,
		report->tag[0] == '\0' ? NULL : "--tag", report->tag, NULL };
	const struct sandbox_path all = { "/", SANDBOX_EXECUTE, false };
	const struct sandbox sandbox = { .network = SANDBOX_NO_TCP, .paths = &all, .path_count = 1 };
	sigset_t none;
	struct reason why;
	int landlock;

	snprintf(first, sizeof first, "%.*s", (int)strcspn(order->period, "/"), order->period);
	zone = zone == NULL ? config->timezone : zone;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setpriority(PRIO_PROCESS, 0, NICE);
	if ((zone == NULL || setenv("TZ", zone, 1) == 0)
	    && setenv("COLUMNS", COLUMNS_OF_MAIL, 1) == 0 && dup2(out, STDOUT_FILENO) >= 0
	    && sandbox_die_with(parent, &why)
	    && sandbox_close_others(NULL, 0, &why)
	    && limits_enter_program(&why) && sandbox_enter(&sandbox, &landlock, &why))
		execv("/proc/self/exe", (char *const *)(uintptr_t)words);
	_exit(CANNOT_EXECUTE);
}

bool
reporter_begin(struct tree *tree, struct child *notifier, struct wire_in *in, int out)
{
	const struct config *config = tree->config;
	struct message_report order;
	pid_t parent = getpid();

	if (notifier->kind != DUTY_NOTIFIER || out < 0
	    || !message_get_report(in, &order, config->report_count)
	    || config->reports[order.report].notifier != notifier->index)
		return false;
	/* Nobody waits for that one any more. Whoever asks is told that it failed, and asks again. */
	if (notifier->reporter > 0) {
		(void)kill(notifier->reporter, SIGKILL);
		return true;
	}
	fflush(NULL);
	notifier->reporter = fork();
	if (notifier->reporter == 0)
		run(config, &order, parent, out);
	if (notifier->reporter < 0)
		log_say(tree->log, LOG_ERR, "%s: no process to make a report", notifier->name);
	return true;
}
