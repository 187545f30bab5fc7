/*
 * For `postwatch status --watch`: runs another command of `postwatch` (show, history, ack ...) in a
 * child process, and gathers its output. The command has no terminal: what it prints is laid out by
 * $COLUMNS, and without colours.
 */
#include "command/watch_job.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/command.h"

enum { SAID_MAX = 4 * 1024 * 1024, PIECE = 64 * 1024 };

/* Our environment with that width; the caller frees it. */
static char **
make_environment(char columns[32], int width)
{
	size_t count = 0, at = 0;
	char **all;

	while (environ[count] != NULL)
		count++;
	all = must(calloc(count + 2, sizeof *all));
	snprintf(columns, 32, "COLUMNS=%d", width);
	all[at++] = columns;
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], "COLUMNS=", 8) != 0)
			all[at++] = environ[i];
	return all;
}

/* Its signals are as they were before we took ours otherwise. */
static int
spawn(struct watch_job *job, char *const *argv, int out, int width)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char columns[32], **environment = make_environment(columns, width);
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(
	    &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	error = posix_spawn(&job->pid, "/proc/self/exe", &actions, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(environment);
	return error;
}

bool
watch_job_begin(struct watch_job *job, const char *const *words, int columns)
{
	char *argv[WATCH_JOB_WORDS + 2] = { (char[]){ "postwatch" } };
	int ends[2], error;

	watch_job_end(job);
	for (size_t i = 0; words[i] != NULL; i++) {
		assert(i < WATCH_JOB_WORDS);
		/* posix_spawn(3) changes none of them. */
		argv[i + 1] = (char *)(uintptr_t)words[i];
	}
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	error = spawn(job, argv, ends[1], columns);
	close(ends[1]);
	if (error != 0) {
		close(ends[0]);
		job->pid = 0;
		errno = error;
		return false;
	}
	job->fd = ends[0];
	fcntl(job->fd, F_SETFL, O_NONBLOCK);
	return true;
}

static void
reap(struct watch_job *job)
{
	int status = 0;

	close(job->fd);
	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	job->pid = 0;
	job->status = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_INTERNAL;
}

bool
watch_job_read(struct watch_job *job)
{
	char piece[PIECE];
	ssize_t size;

	assert(job->pid > 0);
	while ((size = read(job->fd, piece, sizeof piece)) > 0)
		must_be(job->said.size + (size_t)size >= SAID_MAX
		    || buffer_add(&job->said, piece, (size_t)size, SAID_MAX));
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	*(char *)must(buffer_reserve(&job->said, 1, SAID_MAX + 1)) = '\0';
	reap(job);
	return true;
}

void
watch_job_end(struct watch_job *job)
{
	if (job->pid > 0) {
		kill(job->pid, SIGKILL);
		reap(job);
	}
	buffer_fini(&job->said);
}
