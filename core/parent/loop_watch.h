/*
 * For the parent: finds a prober that still gives signs of life but whose event loop only turns and
 * does no work, so that it can be replaced.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct loop_watch {
	int64_t since; /* microseconds, CLOCK_MONOTONIC: when this look began; 0: never */
	int64_t cpu;   /* its processor time at that moment, microseconds */
	uint64_t done; /* what it had done */
};

/* The processor time of a process of ours so far, microseconds; -1: not known. */
int64_t loop_watch_cpu(pid_t);

/* Returns whether it has used `limit` microseconds of processor time, in ten times that at most,
 * and got nothing done in them. Of a busy host a loop gets a part only. */
bool loop_watch_look(struct loop_watch *, uint64_t done, int64_t cpu, int64_t now, int64_t limit);
