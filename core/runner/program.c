/*
 * For the runner: in a process of its own, starts one program and waits for its end. The end is
 * that of the process, told by a pidfd, and not that of its pipes: a grandchild that keeps them
 * open holds up nobody. What it has left running becomes a child of this process (a subreaper) and
 * is killed.
 */
#include "runner/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/landlock.h"
#include "base/limits.h"
#include "base/sandbox.h"
#include "runner/descendants.h"

enum { INPUT, OUTPUT, ERRORS, STARTED, PIPES, READ_END = 0, WRITE_END = 1 };
enum { PROCESSES_MAX = 256, TURN = 100 /* ms from one count of them to the next */ };

/* What is looked at. */
enum { ENDED, UNTIL, FEED, OUT, ERR, START, POLLED };

/* A process that was killed may sleep where no signal wakes it, as in a file system whose server is
 * gone: nobody waits for it. */
#define PATIENCE (1 * (int64_t)SECOND)

/* A program that is under way. Descriptors are -1 where they are closed. */
struct running {
	const struct program *program;
	struct program_end *end;
	int pipes[PIPES][2];
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

/* The end of a pipe that is ours; the other is the program's. */
static int
own_end(int pipe)
{
	return pipe == INPUT ? WRITE_END : READ_END;
}

static bool
open_pipes(struct running *running)
{
	for (int i = 0; i < PIPES; i++)
		running->pipes[i][0] = running->pipes[i][1] = -1;
	for (int i = 0; i < PIPES; i++)
		if (pipe2(running->pipes[i], O_CLOEXEC) != 0
		    || fcntl(running->pipes[i][own_end(i)], F_SETFL, O_NONBLOCK) != 0)
			return false;
	return true;
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

/* In the child: becomes the program, or says why it cannot and ends. */
static _Noreturn void
become(const struct running *running, pid_t parent)
{
	static const int standard[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
	const int ends[] = { running->pipes[INPUT][READ_END], running->pipes[OUTPUT][WRITE_END],
		running->pipes[ERRORS][WRITE_END] };
	const struct program *program = running->program;
	struct reason why;
	bool kept, done = sandbox_die_with(parent, &why) && setsid() > 0 && chdir("/") == 0;

	umask(S_IRWXG | S_IRWXO);
	for (size_t i = 0; done && i < sizeof ends / sizeof *ends; i++)
		done = dup2(ends[i], standard[i]) >= 0;
	done = done && sandbox_close_others(&running->pipes[STARTED][WRITE_END], 1, &why)
	    && limits_enter_program(&why)
	    && (program->confine != NULL ? program->confine(program->confine_arg, &why)
	                                 : landlock_keep_signals(&kept));
	if (done)
		reset_signals(); /* some cannot be, which sets errno */
	if (done)
		execve(program->path, program->arguments, program->environment);
	const int error = errno != 0 ? errno : EPERM;
	(void)!write(running->pipes[STARTED][WRITE_END], &error, sizeof error);
	_exit(EXIT_FAILURE);
}

static bool
not_started(struct program_end *end, int error)
{
	end->exit.how = PW_NOT_STARTED;
	end->exit.status = error;
	return false;
}

/* False: there is no process, which the end then says. */
static bool
start(struct running *running)
{
	pid_t own = getpid();

	if (!open_pipes(running))
		return not_started(running->end, errno);
	fflush(NULL);
	running->pid = fork();
	if (running->pid == 0)
		become(running, own);
	if (running->pid < 0)
		return not_started(running->end, errno);
	for (int i = 0; i < PIPES; i++)
		close_end(running, i, !own_end(i));
	running->exit = (int)syscall(SYS_pidfd_open, running->pid, 0);
	return running->exit >= 0 || not_started(running->end, errno);
}

/* The pipe is closed by the execve(2) that succeeds, which may take its time. False: none will. */
static bool
hear_of_start(struct running *running)
{
	int error;
	ssize_t size = read(running->pipes[STARTED][READ_END], &error, sizeof error);

	if (size == 0)
		close_end(running, STARTED, READ_END);
	return size != sizeof error || not_started(running->end, error);
}

/* Reads what lies in a pipe; what has no room is dropped. */
static void
take(struct running *running, int pipe, char *bytes, size_t room, struct pw_bytes *taken)
{
	int fd = running->pipes[pipe][READ_END];
	char dropped[16384];

	for (;;) {
		bool keeps = taken->size < room;
		ssize_t got = keeps ? read(fd, bytes + taken->size, room - taken->size)
		    : read(fd, dropped, sizeof dropped);

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

/* False: it has not. */
static bool
has_ended(const struct running *running, siginfo_t *info)
{
	*info = (siginfo_t){ .si_pid = 0 };
	return waitid(P_PID, (id_t)running->pid, info, WEXITED | WNOWAIT | WNOHANG) == 0
	    && info->si_pid != 0;
}

/* What has ended and is our child counts no more; the program itself is left to bury(). */
static bool
is_too_many(const struct running *running)
{
	siginfo_t info = { .si_pid = 0 };

	while (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_pid != 0) {
		if (info.si_pid == running->pid)
			return false; /* it is over */
		(void)waitpid(info.si_pid, NULL, 0);
		info.si_pid = 0;
	}
	return descendants_count() > PROCESSES_MAX;
}

/* Until it has ended, its limit is over, it has made too many processes, or nobody waits any more:
 * the end then says which, but for the first. */
static void
attend(struct running *running)
{
	const int64_t by = clock_mono() + running->program->limit;
	int64_t now, count_at = 0;
	siginfo_t info;

	for (;; take_all(running)) {
		if ((now = clock_mono()) >= by) {
			if (!has_ended(running, &info)) /* it may have while we could not look */
				running->end->exit.how = PW_TIMED_OUT;
			return;
		}
		if (count_at != 0 && now >= count_at && is_too_many(running)) {
			running->end->exit.how = PW_SIGNALLED;
			running->end->exit.status = SIGKILL;
			return;
		}
		if (now >= count_at)
			count_at = now + TURN * (int64_t)MILLISECOND;
		/* poll(2) passes over descriptors below 0 */
		struct pollfd polled[POLLED] = { [ENDED] = { running->exit, POLLIN, 0 },
			[UNTIL] = { running->program->until, POLLRDHUP, 0 },
			[FEED] = { running->pipes[INPUT][WRITE_END], POLLOUT, 0 },
			[OUT] = { running->pipes[OUTPUT][READ_END], POLLIN, 0 },
			[ERR] = { running->pipes[ERRORS][READ_END], POLLIN, 0 },
			[START] = { running->pipes[STARTED][READ_END], POLLIN, 0 } };
		int64_t left = (by < count_at ? by : count_at) - now;
		if (poll(polled, POLLED, (int)(left / MILLISECOND) + 1) <= 0)
			continue;
		if (polled[UNTIL].revents != 0) {
			running->end->exit.how = PW_LOST;
			return;
		}
		if (polled[START].revents != 0 && !hear_of_start(running))
			return;
		if (polled[FEED].revents != 0)
			feed(running);
		if (polled[ENDED].revents != 0)
			return;
	}
}

/*
 * What is alone kills all that it has started at once: a signal to everybody goes to nobody outside
 * (landlock_keep_signals), and no process is made while the kernel sends it. Whom it may signal
 * is looked at each time, by the process above us.
 */
static void
kill_all(const struct program *program)
{
	if (program->alone && kill(getppid(), 0) != 0 && errno == EPERM)
		(void)kill(-1, SIGKILL);
	else
		descendants_kill(NULL);
}

bool
program_left_nothing(const struct program *program)
{
	pid_t reaped;

	kill_all(program);
	while ((reaped = waitpid(-1, NULL, WNOHANG)) > 0)
		continue;
	return reaped < 0 && errno == ECHILD;
}

/* Until it has ended it is not waited for, so that its number is nobody else's. */
static void
bury(struct running *running)
{
	const int64_t by = clock_mono() + PATIENCE;
	struct pw_exit *end = &running->end->exit;
	siginfo_t info;

	if (end->how != 0)
		(void)kill(running->pid, SIGKILL);
	while (!has_ended(running, &info) && clock_mono() < by)
		(void)poll(&(struct pollfd){ running->exit, POLLIN, 0 }, 1, TURN);
	(void)kill(-running->pid, SIGKILL);
	if (end->how == 0) {
		end->how = info.si_code == CLD_EXITED ? PW_EXITED : PW_SIGNALLED;
		end->status = info.si_status;
	}
	while (!program_left_nothing(running->program) && clock_mono() < by)
		(void)poll(NULL, 0, 1);
	take_all(running);
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
