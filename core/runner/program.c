/*
 * Starts a program and waits for its end.
 *
 * The end is that of the process, told by a pidfd, and not that of its pipes: a grandchild that
 * keeps them open holds up nobody. What it has left running becomes a child of this process (a
 * subreaper) and is killed.
 */
#include "runner/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/landlock.h"
#include "base/limits.h"
#include "base/sandbox.h"

enum { INPUT, OUTPUT, ERRORS, STARTED, PIPES, READ_END = 0, WRITE_END = 1, ORPHAN_TURNS = 1000 };

/* A program that is under way. */
struct running {
	const struct program *program;
	struct program_end *end;
	int pipes[PIPES][2]; /* -1: closed */
	int exit;            /* the pidfd */
	pid_t pid;
	size_t fed;          /* bytes of the input */
};

static void
close_end(struct running *running, int pipe, int end)
{
	if (running->pipes[pipe][end] >= 0)
		close(running->pipes[pipe][end]);
	running->pipes[pipe][end] = -1;
}

static bool
open_pipes(struct running *running)
{
	for (int i = 0; i < PIPES; i++)
		running->pipes[i][0] = running->pipes[i][1] = -1;
	for (int i = 0; i < PIPES; i++)
		if (pipe2(running->pipes[i], O_CLOEXEC) != 0)
			return false;
	return fcntl(running->pipes[INPUT][WRITE_END], F_SETFL, O_NONBLOCK) == 0
	    && fcntl(running->pipes[OUTPUT][READ_END], F_SETFL, O_NONBLOCK) == 0
	    && fcntl(running->pipes[ERRORS][READ_END], F_SETFL, O_NONBLOCK) == 0;
}

/* Signals that are ignored stay so over an execve(2). */
static void
reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child: becomes the program, or says why it cannot (errno) and ends. */
static _Noreturn void
become(const struct running *running, pid_t parent)
{
	static const int standard[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
	const int ends[] = { running->pipes[INPUT][READ_END], running->pipes[OUTPUT][WRITE_END],
		running->pipes[ERRORS][WRITE_END] };
	int keep[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO,
		running->pipes[STARTED][WRITE_END] };
	struct reason why;
	bool done = sandbox_die_with(parent, &why) && setsid() > 0 && chdir("/") == 0;

	umask(S_IRWXG | S_IRWXO);
	for (size_t i = 0; done && i < sizeof ends / sizeof *ends; i++)
		done = dup2(ends[i], standard[i]) >= 0;
	done = done && sandbox_close_others(keep, sizeof keep / sizeof *keep, &why)
	    && limits_enter_program(&why) && landlock_keep_signals();
	if (done)
		reset_signals(); /* some cannot be, which sets errno */
	if (done)
		execve(running->program->path, running->program->arguments,
		    running->program->environment);
	const int error = errno;
	(void)!write(running->pipes[STARTED][WRITE_END], &error, sizeof error);
	_exit(EXIT_FAILURE);
}

static void
not_started(struct program_end *end, int error)
{
	end->exit.how = PW_NOT_STARTED;
	end->exit.status = error;
}

/* False: it did not come to be, which the end then says. The pipe of STARTED is closed by the
 * execve(2) that succeeds. */
static bool
start(struct running *running)
{
	pid_t own = getpid();
	int error = 0;

	if (!open_pipes(running)) {
		not_started(running->end, errno);
		return false;
	}
	fflush(NULL);
	running->pid = fork();
	if (running->pid == 0)
		become(running, own);
	if (running->pid < 0) {
		not_started(running->end, errno);
		return false;
	}
	close_end(running, INPUT, READ_END);
	close_end(running, OUTPUT, WRITE_END);
	close_end(running, ERRORS, WRITE_END);
	close_end(running, STARTED, WRITE_END);
	running->exit = (int)syscall(SYS_pidfd_open, running->pid, 0);
	if (running->exit < 0)
		error = errno;
	else if (read(running->pipes[STARTED][READ_END], &error, sizeof error) < 0)
		error = errno;
	if (error == 0)
		return true;
	not_started(running->end, error);
	return false;
}

/* Reads what lies in a pipe; what has no room is dropped. */
static void
take(struct running *running, int pipe, char *bytes, size_t room, struct pw_bytes *taken)
{
	char dropped[16384];

	for (;;) {
		bool keeps = taken->size < room;
		ssize_t got = read(running->pipes[pipe][READ_END],
		    keeps ? bytes + taken->size : dropped,
		    keeps ? room - taken->size : sizeof dropped);

		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			close_end(running, pipe, READ_END);
		if (got <= 0)
			return;
		if (keeps)
			taken->size += (size_t)got;
		else if (pipe == OUTPUT)
			running->end->exit.cut = true;
		if (!keeps)
			return; /* one that never ends is not read for ever in one turn */
	}
}

static void
take_all(struct running *running)
{
	struct program_end *end = running->end;

	if (running->pipes[OUTPUT][READ_END] >= 0)
		take(running, OUTPUT, end->output, sizeof end->output, &end->exit.output);
	if (running->pipes[ERRORS][READ_END] >= 0)
		take(running, ERRORS, end->errors, sizeof end->errors, &end->exit.errors);
}

/* A program need not read what it is given. */
static void
feed(struct running *running)
{
	const struct pw_bytes *input = &running->program->input;
	ssize_t put = 0;

	if (running->fed < input->size)
		put = write(running->pipes[INPUT][WRITE_END], input->data + running->fed,
		    input->size - running->fed);
	if (put > 0)
		running->fed += (size_t)put;
	if (running->fed == input->size || (put < 0 && errno != EAGAIN && errno != EINTR))
		close_end(running, INPUT, WRITE_END);
}

/* Until it has ended, its limit is over, or nobody waits any more. poll(2) passes over descriptors
 * below 0. */
static void
attend(struct running *running)
{
	const int64_t by = clock_mono() + running->program->limit;
	struct pollfd polled[] = { { .events = POLLIN }, { .events = POLLRDHUP }, { .events = POLLOUT },
		{ .events = POLLIN }, { .events = POLLIN } };

	for (;;) {
		int64_t left = by - clock_mono();

		if (left <= 0) {
			running->end->exit.how = PW_TIMED_OUT;
			return;
		}
		polled[0].fd = running->exit;
		polled[1].fd = running->program->until;
		polled[2].fd = running->pipes[INPUT][WRITE_END];
		polled[3].fd = running->pipes[OUTPUT][READ_END];
		polled[4].fd = running->pipes[ERRORS][READ_END];
		left = left / MILLISECOND + 1;
		if (poll(polled, 5, left < 1000 ? (int)left : 1000) <= 0)
			continue;
		if (polled[1].revents != 0) {
			running->end->exit.how = PW_LOST;
			return;
		}
		if (polled[2].revents != 0)
			feed(running);
		take_all(running);
		if (polled[0].revents != 0)
			return;
	}
}

/* What has left the group of the program, and is our child since its parent ended. A process that
 * goes on forking is killed again and again, and not for ever. */
static void
kill_orphans(void)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	for (int turn = 0; turn < ORPHAN_TURNS; turn++) {
		FILE *file = fopen(path, "re");
		bool any = false;
		int pid;

		while (file != NULL && fscanf(file, "%d", &pid) == 1) {
			any = true;
			(void)kill(pid, SIGKILL);
		}
		if (file != NULL)
			fclose(file);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		if (!any)
			return;
		(void)poll(NULL, 0, 1);
	}
}

/* The process is a zombie until it is waited for, so that its number is nobody else's. */
static void
bury(struct running *running)
{
	struct pw_exit *end = &running->end->exit;
	siginfo_t info = { .si_pid = 0 };

	if (end->how != 0)
		(void)kill(running->pid, SIGKILL);
	while (waitid(P_PID, (id_t)running->pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
		continue;
	(void)kill(-running->pid, SIGKILL);
	while (waitpid(running->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	take_all(running);
	kill_orphans();
	if (end->how != 0)
		return;
	end->how = info.si_code == CLD_EXITED ? PW_EXITED : PW_SIGNALLED;
	end->status = info.si_status;
}

void
program_run(const struct program *program, struct program_end *end)
{
	struct running running = { .program = program, .end = end, .exit = -1 };

	end->exit = (struct pw_exit){ .size = sizeof end->exit, .output.data = end->output,
		.errors.data = end->errors };
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (start(&running))
		attend(&running);
	if (running.pid > 0)
		bury(&running);
	for (int i = 0; i < PIPES; i++) {
		close_end(&running, i, READ_END);
		close_end(&running, i, WRITE_END);
	}
	if (running.exit >= 0)
		close(running.exit);
}
