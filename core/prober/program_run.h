/*
 * For the prober: the program of a probe that runs in place of a connection. It is ordered from the
 * runner, the process that starts programs, and its result is read from the runner's socket. The
 * loop that waits for that socket is the caller's.
 */
#pragma once

#include <stdint.h>
#include <postwatch/probe.h>

struct program_run;

/* Orders the program of a target by the socket to the runner; `limit` in microseconds. NULL if it
 * cannot be started, with the reason in errno. */
struct program_run *program_run_begin(int runner, uint32_t target, int64_t limit);

/* Has a program that still runs killed. Fine where there is none. */
void program_run_end(struct program_run **);

/* The socket that can be read when there is more of the result. */
int program_run_socket(const struct program_run *);

/* Reads all that has come. Returns true at the end of the result, with how the program ended in `exit`:
 * its bytes are views into the program_run. */
bool program_run_read(struct program_run *, struct pw_exit *exit);

/* How a program ended of which there is no result: PW_NOT_STARTED with its errno, PW_TIMED_OUT. */
struct pw_exit program_run_without_result(enum pw_exit_how, int error);
