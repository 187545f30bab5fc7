/*
 * For the prober: gives the order for the program of a target (a Nagios plugin, say) to the runner,
 * the process that starts programs, and gathers the result. The runner keeps the time limit, too,
 * with some slack, for the case that the prober's own loop does not come to it.
 */
#include "prober/program_run.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "runner/runner.h"

enum { READ_ROOM = 16 * 1024 };

#define RUNNER_SLACK (5 * (int64_t)SECOND)

struct program_run {
	int socket;
	struct buffer result;
};

struct program_run *
program_run_begin(int runner, uint32_t target, int64_t limit)
{
	struct program_run *program = calloc(1, sizeof *program);
	const struct runner_order order = { .index = target, .limit = limit + RUNNER_SLACK };

	if (program == NULL)
		return NULL;
	program->socket = runner_ask(runner, &order);
	if (program->socket < 0) {
		int error = errno;

		free(program);
		errno = error;
		return NULL;
	}
	return program;
}

void
program_run_end(struct program_run **program)
{
	if (*program == NULL)
		return;
	close((*program)->socket);
	buffer_fini(&(*program)->result);
	free(*program);
	*program = NULL;
}

int
program_run_socket(const struct program_run *program)
{
	return program->socket;
}

/* A result that is too long is none, as if the runner had gone without one. */
bool
program_run_read(struct program_run *program, struct pw_exit *exit)
{
	char bytes[READ_ROOM];
	ssize_t got;

	do {
		got = recv(program->socket, bytes, sizeof bytes, MSG_DONTWAIT);
		if (got < 0 && errno == EAGAIN)
			return false;
	} while ((got < 0 && errno == EINTR)
	    || (got > 0
	        && buffer_add(&program->result, bytes, (size_t)got, RUNNER_RESULT_MAX)));
	if (got > 0)
		buffer_clear(&program->result);
	assert(program->result.size <= RUNNER_RESULT_MAX);
	(void)runner_read(buffer_view(&program->result), exit);
	return true;
}

struct pw_exit
program_run_without_result(enum pw_exit_how how, int error)
{
	return (struct pw_exit){ .size = sizeof(struct pw_exit), .how = how, .status = error,
		.output = { "", 0 }, .errors = { "", 0 } };
}
