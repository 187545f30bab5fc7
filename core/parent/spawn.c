/*
 * For the parent: forks and starts child processes. The first and every later generation comes from
 * the same image: configuration, plugins, and a parent that holds no secret. A child keeps stderr
 * for what libraries say when they abort, and its socket; it ignores the signals that a terminal or
 * systemd send to all of us at once: it ends when the parent tells it to.
 */
#include "parent/spawn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/notify.h"
#include "base/sandbox.h"
#include "config/programs.h"
#include "monitor/event_loop.h"
#include "notifier/gate.h"
#include "notifier/worker.h"
#include "runner/runner.h"

enum { CANNOT_BEGIN = 71 };

/*
 * A terminal sends SIGINT to all of its group, systemd SIGTERM to all of the unit: the parent alone
 * acts on them.
 */
static void
reset_signals(void)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2,
		SIGXFSZ };
	sigset_t none;

	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What is forked: a child, or the gate or the runner beside it. */
struct start {
	const struct tree *tree;
	const struct child *child;
	pid_t parent;
	int socket; /* to the parent */
	int pair;   /* to the other of the two; -1: there is none */
	bool is_gate, is_runner;
};

/* A terminal is open for reading as well, and what is typed into it is no child's business: stderr
 * is opened anew, to write; what cannot be (another user's terminal) is done without. A socket has
 * no name to be opened by. */
static bool
only_write_stderr(int null)
{
	int flags = fcntl(STDERR_FILENO, F_GETFL), fd;
	struct stat status;

	if (flags < 0 || fstat(STDERR_FILENO, &status) != 0)
		return false;
	if ((flags & O_ACCMODE) == O_WRONLY || S_ISSOCK(status.st_mode))
		return true;
	fd = open("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC);
	return dup2(fd < 0 ? null : fd, STDERR_FILENO) >= 0;
}

/*
 * Of the parent's descriptors a child keeps those that are its own; its end comes with the
 * parent's, however that ends.
 */
static bool
settle_child(const struct start *start, struct reason *why)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int keep[] = { start->socket, start->pair };

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0
	    || (start->tree->mute && dup2(null, STDERR_FILENO) < 0)
	    || !only_write_stderr(null)) {
		reason_set(why, "/dev/null: %s", strerror(errno));
		return false;
	}
	return sandbox_die_with(start->parent, why)
	    && sandbox_close_others(keep, sizeof keep / sizeof keep[0], why);
}

/*
 * Shows `title` in place of the command line, as much of it as fits. The kernel shows the bytes
 * where the arguments lay at exec, and reads on into the environment behind them where the last
 * byte of the arguments is not NUL (proc(5), cmdline): so the environment moves elsewhere.
 */
static void
show_title(const char *title)
{
	char *start = program_invocation_name, *end = start;
	FILE *file = fopen("/proc/self/cmdline", "re");
	size_t size = strlen(title);

	while (file != NULL && fgetc(file) != EOF)
		end++;
	if (file != NULL)
		fclose(file);
	if (end == start)
		return;
	for (char **variable = environ; *variable != NULL && *variable == end; variable++) {
		char *moved = strdup(*variable);

		if (moved == NULL)
			break;
		end += strlen(*variable) + 1;
		*variable = moved;
	}
	if (size > (size_t)(end - start) - 1)
		size = (size_t)(end - start) - 1;
	memset(start, '\0', (size_t)(end - start));
	memcpy(start, title, size);
}

/* The name that ps shows, and the short one of top. */
static void
show_name(const struct start *start)
{
	const struct child *child = start->child;
	const char *beside = start->is_runner ? ", its runner" : start->is_gate ? ", its gate" : "";
	char title[48], name[16];

	snprintf(title, sizeof title, "postwatch: %s%s", child->name, beside);
	show_title(title);
	if (start->is_gate || start->is_runner)
		snprintf(name, sizeof name, "pw-%s-%u",
		    start->is_gate                      ? "gate"
		        : child->kind == DUTY_NOTIFIER ? "run-n"
		                                       : "run-p", child->index);
	else if (child->kind == DUTY_PROBER || child->kind == DUTY_NOTIFIER)
		snprintf(name, sizeof name, "pw-%s-%u", duty_name(child->kind), child->index);
	else
		snprintf(name, sizeof name, "pw-%s", duty_name(child->kind));
	prctl(PR_SET_NAME, name);
}

static int
run_duty(struct duty *duty)
{
	switch (duty->kind) {
	case DUTY_MONITOR:
		return monitor_main(duty);
	case DUTY_PROBER:
		return prober_main(duty);
	case DUTY_KEEPER:
		return keeper_main(duty);
	case DUTY_NOTIFIER:
		return notifier_main(duty);
	case DUTY_WEB:
		return web_main(duty);
	case DUTY_PARENT:
	case DUTY_KINDS:
		break;
	}
	abort();
}

/* For the monitor to read; nobody else is to know it. */
static bool
keep_processes(struct duty *duty, struct own_processes *processes, struct reason *why)
{
	if (duty->kind != DUTY_MONITOR) {
		own_processes_leave(&processes);
		return true;
	}
	duty->processes = processes;
	if (own_processes_seal(processes))
		return true;
	reason_set(why, "cannot hold which processes are ours: %s", strerror(errno));
	return false;
}

static _Noreturn void
run_child(const struct start *start)
{
	const struct child *child = start->child;
	static struct duty duty;
	struct own_processes *processes = start->tree->processes;
	struct reason why;

	assert(child < start->tree->children + start->tree->count);
	duty = (struct duty){ .kind = child->kind, .index = child->index, .parent = start->socket,
		.config = start->tree->config, .page = child->page, .gate = start->pair };
	own_processes_join(processes,
	    2 * (uint32_t)(child - start->tree->children) + (start->is_gate || start->is_runner));
	reset_signals();
	limits_hear(duty_limit, &duty);
	notify_forget();
	show_name(start);
	if (!settle_child(start, &why) || !keep_processes(&duty, processes, &why)) {
		duty_log(&duty, LOG_ERR, 0, "cannot begin: %s", why.text);
		_exit(CANNOT_BEGIN);
	}
	/* _exit: what the parent registered to be done at exit is not ours. */
	_exit(start->is_gate         ? gate_main(&duty)
	        : start->is_runner ? runner_main(&duty)
	                           : run_duty(&duty));
}

/* A prober is given its own page, and nobody else's. */
static void
share_page(const struct child *child, bool share)
{
	if (child->page != NULL)
		(void)madvise(
		    child->page, sizeof *child->page, share ? MADV_DOFORK : MADV_DONTFORK);
}

/*
 * stdio is flushed before, or the child would write what waits in it once more. Returns 0 with a
 * reason if there can be no process.
 */
static pid_t
fork_one(const struct start *start, struct reason *why)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		run_child(start);
	if (pid < 0)
		reason_set(why, "cannot fork: %s", strerror(errno));
	return pid < 0 ? 0 : pid;
}

/*
 * The gate or the runner first: the other waits for it, or gives it orders. One that is left of the last pair, and still takes leave
 * of its peer, has had its time.
 */
static bool
fork_both(struct tree *tree, struct child *child, int socket, struct reason *why)
{
	struct start start = {
		.tree = tree, .child = child, .parent = getpid(), .socket = socket, .pair = -1
	};
	int pair[2] = { -1, -1 };
	bool gated = child->kind == DUTY_NOTIFIER
	    && plugin_gate(tree->config->notifiers[child->index].plugin) != NULL;
	bool runs = programs_are_run_for(tree->config, child->kind, child->index);

	if (child->gate > 0)
		kill(child->gate, SIGKILL);
	child->gate = 0;
	if (gated || runs) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
			reason_set(why, "no sockets: %s", strerror(errno));
			return false;
		}
		start.is_gate = gated;
		start.is_runner = runs;
		start.pair = pair[1];
		child->gate = fork_one(&start, why);
		close(pair[1]);
		start.is_gate = start.is_runner = false;
		start.pair = pair[0];
	}
	child->pid = pair[0] < 0 || child->gate > 0 ? fork_one(&start, why) : 0;
	if (pair[0] >= 0)
		close(pair[0]);
	/* One that is alone sees that nobody has the other end, and ends. */
	return child->pid > 0;
}

/*
 * The parent's end of the socket is known to the parent alone: a child that is forked later closes
 * what it inherits.
 */
bool
spawn_child(struct tree *tree, struct child *child, struct reason *why)
{
	bool started;
	int ends[2];

	if (!child_socket_pair(ends, why))
		return false;
	if (child->page != NULL)
		*child->page = (struct duty_page){ 0 };
	share_page(child, true);
	started = fork_both(tree, child, ends[1], why);
	share_page(child, false);
	close(ends[1]);
	if (started)
		child->socket = ends[0];
	else
		close(ends[0]);
	return started;
}
