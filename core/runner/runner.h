/*
 * The runner: a process beside a prober, or beside the worker of a notifier, that starts the
 * programs of the configuration for it and does nothing else. It is told which target's program to
 * run, never what program; it looks at nothing that a program or a server has written. Each program
 * has a process of its own above it, which sees to its end (runner/program.h).
 *
 * On the socket between the two an order is a packet, with a stream socket for what goes to stdin
 * and for the result. Closing that socket has the program killed.
 */
#pragma once

#include "base/duty.h"
#include "runner/program.h"

struct config;

struct runner_order {
	uint32_t index;      /* of the target; without meaning for a notifier's */
	uint32_t input_size; /* bytes for stdin, which come first on the socket */
	int64_t limit;       /* microseconds */
};

enum { RUNNER_INPUT_MAX = 48 << 20, RUNNER_RESULT_MAX = PW_OUTPUT_MAX + PW_ERRORS_MAX + 64 };

/* The runner's process. Returns its exit status when the process that it serves is gone. */
int runner_main(struct duty *);

/* Starts one for the probes of a process that is no child of the daemon; where root starts it, it
 * becomes the user that the daemon would become. False with a reason; *runner is the socket to it.
 */
bool runner_begin(const struct config *, int *runner, struct reason *why);

/* Gives an order. Returns the socket that the result comes on, until its end; -1 with errno. */
int runner_ask(int runner, const struct runner_order *);

/* Reads a whole result; the bytes of `exit` are views into it. False where it is none: who ran the
 * program is gone, which `exit` then says. */
bool runner_read(struct pw_bytes result, struct pw_exit *exit);

/* Gives an order with `input`, whose size it sets, and waits for the result. */
void runner_run(int runner, struct runner_order *, struct pw_bytes input, struct program_end *);
