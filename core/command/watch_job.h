/*
 * For `postwatch status --watch`: another command of `postwatch` that runs in a child process
 * beside the page, with its output: to show what `show`, `history` and others print, and to ask the
 * daemon, without waiting for either.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buffer.h"

enum { WATCH_JOB_WORDS = 12 };

/* Starts as zeroes. */
struct watch_job {
	pid_t pid;          /* 0: none runs */
	int fd;             /* to be polled while one runs */
	struct buffer said; /* on standard output and error, with a NUL behind it; what is too much
	                     * is left out */
	int status;         /* its exit status, behind its end */
};

/* Begins this program with those words (ended by NULL), for a page so wide. One that runs is ended
 * before. Returns false where it cannot be begun; errno says why. */
bool watch_job_begin(struct watch_job *, const char *const *words, int columns);
/* Takes what it said. Returns true once it has ended. */
bool watch_job_read(struct watch_job *);
/* Ends one that runs; what it said goes. */
void watch_job_end(struct watch_job *);
