/* What the programs of the bench share: numbers from the command line, clocks, CPU time, a way to give up. */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { REPLY_ROOM = 4096 };

__attribute__((noreturn)) static inline void
bench_die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static inline int
bench_number(const char *word, int least, int most)
{
	char *end;
	long number = strtol(word, &end, 10);

	if (*word == '\0' || *end != '\0' || number < least || number > most) {
		fprintf(stderr, "bench: %s is not a number from %d to %d\n", word, least, most);
		exit(64);
	}
	return (int)number;
}

static inline int64_t
bench_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct bench_cpu {
	int64_t user_us, system_us;
};

static inline struct bench_cpu
bench_cpu_used(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (struct bench_cpu){
		.user_us = used.ru_utime.tv_sec * 1000000 + used.ru_utime.tv_usec,
		.system_us = used.ru_stime.tv_sec * 1000000 + used.ru_stime.tv_usec,
	};
}

/* The soft limit of descriptors becomes the hard one, which is returned. */
static inline size_t
bench_raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		bench_die("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		bench_die("setrlimit");
	return (size_t)limit.rlim_max;
}

/* Whether the last line of what was read ends a reply (RFC 5321, section 4.2) with this code. The sink sends each reply
 * in one piece, so no client of the bench has to join pieces. */
static inline int
bench_reply_ends(const char *bytes, size_t size, const char *code)
{
	const char *line;

	if (size < 6 || bytes[size - 1] != '\n')
		return 0;
	line = memrchr(bytes, '\n', size - 1);
	line = line != NULL ? line + 1 : bytes;
	return bytes + size - line >= 6 && memcmp(line, code, 3) == 0 && line[3] == ' ';
}

/* One line that the runner reads; `median_us` of one probe from begin to end, 0 where nobody kept it. */
static inline void
bench_print(int done, int failed, int64_t began_us, struct bench_cpu before, int64_t median_us)
{
	struct bench_cpu after = bench_cpu_used();

	printf("{\"probes\": %d, \"failed\": %d, \"seconds\": %.6f, \"user_us\": %lld, \"system_us\": %lld, "
	       "\"median_us\": %lld}\n",
	    done, failed, (double)(bench_now_us() - began_us) / 1e6, (long long)(after.user_us - before.user_us),
	    (long long)(after.system_us - before.system_us), (long long)median_us);
}

#endif
