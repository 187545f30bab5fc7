/*
 * Runs the program of a leg: gives the order to the runner, and reads the result from the runner's
 * socket.
 */
#include "prober/leg_program.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/programs.h"
#include "prober/run.h"
#include "runner/runner.h"

enum { READ_ROOM = 16 * 1024 };

/* The runner keeps a limit as well, for the case that we do not come to it. */
#define RUNNER_SLACK (5 * (int64_t)SECOND)

struct leg_program {
	ev_io io;
	struct buffer result;
};

bool
leg_program_is_run(const struct leg *leg)
{
	return plugin_has_program(run_target(leg->run)->policy->probe);
}

struct slots *
leg_program_slots(const struct leg *leg)
{
	struct prober *prober = leg->run->prober;

	return leg_program_is_run(leg) ? prober->programs : prober->slots;
}

/* Reads what lies there; a result that is too long is none. False: more may come. */
static bool
take_result(struct leg_program *program)
{
	char bytes[READ_ROOM];
	ssize_t got;

	do {
		got = recv(program->io.fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (got < 0 && errno == EAGAIN)
			return false;
	} while ((got < 0 && errno == EINTR)
	    || (got > 0
	        && buffer_add(&program->result, bytes, (size_t)got, RUNNER_RESULT_MAX)));
	if (got > 0)
		buffer_clear(&program->result);
	return true;
}

static void
on_result(EV_P_ ev_io *io, int revents)
{
	struct leg *leg = leg_enter(io->data);
	struct dialogue_step step;
	struct pw_exit exit;

	(void)revents;
	if (leg == NULL)
		ev_io_stop(EV_A_ io);
	if (leg == NULL || !take_result(leg->program))
		return;
	ev_io_stop(EV_A_ io);
	(void)runner_read(buffer_view(&leg->program->result), &exit);
	dialogue_ran(leg->dialogue, leg_now(leg), &exit, &step);
	leg_carry_out(leg, &step);
}

static struct pw_exit
without_output(enum pw_exit_how how, int status)
{
	return (struct pw_exit){ .size = sizeof(struct pw_exit), .how = how, .status = status,
		.output = { "", 0 }, .errors = { "", 0 } };
}

void
leg_program_begin(struct leg *leg)
{
	struct prober *prober = leg->run->prober;
	struct leg_program *program = calloc(1, sizeof *program);
	struct dialogue_step step = { .next = DIALOGUE_WAIT };
	int socket = -1;

	dialogue_running(leg->dialogue, leg->touched);
	const struct runner_order order = { .index = leg->run->order.target,
		.limit = dialogue_deadline(leg->dialogue) - leg->touched + RUNNER_SLACK };
	if (program != NULL)
		socket = runner_ask(prober->runner, &order);
	if (socket < 0) {
		const struct pw_exit exit = without_output(PW_NOT_STARTED, errno);

		free(program);
		dialogue_ran(leg->dialogue, leg->touched, &exit, &step);
	} else {
		leg->program = program;
		ev_io_init(&program->io, on_result, socket, EV_READ);
		program->io.data = leg;
		ev_io_start(prober->loop, &program->io);
	}
	leg_carry_out(leg, &step);
}

/* What has come while we could not look, such as a process that was stopped, is no fault of the
 * program's. */
void
leg_program_expired(struct leg *leg, int64_t now, struct dialogue_step *step)
{
	struct pw_exit exit = without_output(PW_TIMED_OUT, 0);

	if (take_result(leg->program))
		(void)runner_read(buffer_view(&leg->program->result), &exit);
	dialogue_ran(leg->dialogue, now, &exit, step);
}

void
leg_program_end(struct leg *leg)
{
	struct leg_program *program = leg->program;

	if (program == NULL)
		return;
	ev_io_stop(leg->run->prober->loop, &program->io);
	close(program->io.fd);
	buffer_fini(&program->result);
	free(program);
	leg->program = NULL;
}
