/*
 * Limits the resources of a process (setrlimit(2)): memory, descriptors, files, processor time; and
 * tells when one is reached, and at which one a process has ended.
 */
#include "base/limits.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/sanitized.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

/* Memory is used up where less than this share of its limit is left: the last request, which was
 * refused, may have been a large one. Descriptors are where fewer than the least are left. */
enum { MEMORY_SHARE = 32, HALF = 2, DESCRIPTORS_LEAST = 4, FAULT_STACK = 65536 };

/* Far above what any of them needs; a prober has a socket for each connection, and takes as many as
 * there are descriptors (max_runs). */
static const struct limits table[DUTY_KINDS] = {
	[DUTY_KEEPER] = { .descriptors = 4096, .address_space = 8 * GIB },
	[DUTY_MONITOR] = { .descriptors = 4096, .address_space = 8 * GIB },
	[DUTY_PROBER] = { .descriptors = 0, .address_space = 16 * GIB },
	[DUTY_WEB] = { .descriptors = 4096, .address_space = 8 * GIB },
	[DUTY_NOTIFIER] = { .descriptors = 256, .address_space = 2 * GIB, .file_size = 8 * GIB,
	    .work_seconds = 30 },
};

/* Of a program that is run for a probe or a notifier: interpreters map a lot that they never use. The
 * processes of the user are few but for those of programs; how many each may have is counted
 * (runner/program.c). */
static const struct limits of_program
    = { .descriptors = 256, .address_space = 8 * GIB, .file_size = GIB, .work_seconds = 120,
	    .processes = 4096 };

static const char *const names[LIMIT_KINDS] = {
	[LIMIT_DESCRIPTORS] = "descriptors",
	[LIMIT_MEMORY] = "memory",
	[LIMIT_LEAK] = "memory",
	[LIMIT_FILE_SIZE] = "file size",
	[LIMIT_PROCESSOR] = "processor time for one delivery",
};

/* The one context of the signals' handlers. */
static struct {
	limits_tell *tell;
	void *arg;
	unsigned seconds;
	volatile sig_atomic_t write_refused, is_half_used; /* of its memory, when it was last looked at */
	bool without_told;
} handler;

const struct limits *
limits_of(enum duty_kind kind)
{
	assert(kind < DUTY_KINDS);
	return &table[kind];
}

static bool
enter(__rlimit_resource_t which, uint64_t value, const char *step, struct reason *why)
{
	struct rlimit limit;

	if (getrlimit(which, &limit) == 0) {
		limit.rlim_max = limit.rlim_max < value ? limit.rlim_max : value;
		limit.rlim_cur = limit.rlim_cur < value ? limit.rlim_cur : value;
		if (setrlimit(which, &limit) == 0)
			return true;
	}
	return reason_set(why, "%s: %s", step, strerror(errno));
}

bool
limits_enter(const struct limits *limits, struct reason *why)
{
	if (limits->descriptors > 0
	    && !enter(RLIMIT_NOFILE, limits->descriptors, "cannot limit descriptors", why))
		return false;
	return SANITIZED || limits->address_space == 0
	    || enter(RLIMIT_AS, limits->address_space, "cannot limit memory", why);
}

bool
limits_enter_program(struct reason *why)
{
	return limits_enter(&of_program, why)
	    && enter(RLIMIT_FSIZE, of_program.file_size, "cannot limit files", why)
	    && enter(RLIMIT_CPU, of_program.work_seconds, "cannot limit processor time", why)
	    && enter(RLIMIT_NPROC, of_program.processes, "cannot limit processes", why)
	    && enter(RLIMIT_CORE, 0, "cannot forbid core dumps", why);
}

void
limits_add(struct text *text, enum limit_kind kind, uint64_t value)
{
	bool bytes = kind == LIMIT_MEMORY || kind == LIMIT_LEAK || kind == LIMIT_FILE_SIZE;

	assert(kind < LIMIT_KINDS);
	text_format(text, "%llu %s%s", (unsigned long long)(bytes ? value / MIB : value),
	    bytes ? "MiB of " : kind == LIMIT_PROCESSOR ? "s of " : "", names[kind]);
}

const char *
limits_of_status(int exit_status)
{
	int kind = exit_status - LIMIT_STATUS;

	return kind >= 0 && kind < LIMIT_KINDS ? names[kind] : NULL;
}

static _Noreturn void
end(enum limit_kind kind, uint64_t value)
{
	handler.tell(handler.arg, kind, value, true);
	_exit(LIMIT_STATUS + (int)kind);
}

/* The limit that is in force; RLIM_INFINITY: none. */
static rlim_t
in_force(__rlimit_resource_t which)
{
	struct rlimit limit;

	return getrlimit(which, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

/* Whether less is left than the limit divided by that. */
static bool
is_memory_short(rlim_t limit, int part)
{
	size_t share = (size_t)(limit / (rlim_t)part);
	void *memory = limit == RLIM_INFINITY || share == 0
	    ? NULL
	    : mmap(NULL, share, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory != NULL && memory != MAP_FAILED)
		munmap(memory, share);
	return memory == MAP_FAILED && errno == ENOMEM;
}

static void
end_without_memory(rlim_t limit)
{
	if (is_memory_short(limit, MEMORY_SHARE))
		end(handler.is_half_used ? LIMIT_LEAK : LIMIT_MEMORY, limit);
}

/* Of one that leaks a few come back with each connection that ends. */
static bool
are_descriptors_used_up(void)
{
	int taken[DESCRIPTORS_LEAST], count = 0;
	bool without;

	while (count < DESCRIPTORS_LEAST && (taken[count] = eventfd(0, EFD_CLOEXEC)) >= 0)
		count++;
	without = count < DESCRIPTORS_LEAST && errno == EMFILE;
	while (count > 0)
		close(taken[--count]);
	return without;
}

static void
on_used_up(int signal)
{
	(void)signal;
	end(LIMIT_PROCESSOR, handler.seconds);
}

/* Whoever sent the signal, it ends the process: its default action is in force again. */
static void
on_fault(int signal)
{
	end_without_memory(in_force(RLIMIT_AS));
	(void)raise(signal);
}

static void
on_write_refused(int signal)
{
	(void)signal;
	handler.write_refused = 1;
}

void
limits_hear(limits_tell *tell, void *arg)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGABRT };
	static char bytes[FAULT_STACK]; /* the other one may be what overflows */
	const stack_t stack = { .ss_sp = bytes, .ss_size = sizeof bytes };
	const struct sigaction used_up = { .sa_handler = on_used_up },
	                       refused = { .sa_handler = on_write_refused, .sa_flags = SA_RESTART },
	                       fault = { .sa_handler = on_fault,
		                       .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND) };

	assert(tell != NULL);
	handler.tell = tell;
	handler.arg = arg;
	(void)sigaction(SIGXCPU, &used_up, NULL);
	(void)sigaction(SIGXFSZ, &refused, NULL);
	if (SANITIZED) /* a sanitizer tells of faults itself, and has no limit of memory */
		return;
	(void)sigaltstack(&stack, NULL);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		(void)sigaction(faults[i], &fault, NULL);
}

void
limits_look(bool ends_without)
{
	if (handler.tell == NULL)
		return;
	rlim_t memory = in_force(RLIMIT_AS);
	end_without_memory(memory);
	handler.is_half_used = is_memory_short(memory, HALF);
	bool without = are_descriptors_used_up();
	if (without && ends_without)
		end(LIMIT_DESCRIPTORS, in_force(RLIMIT_NOFILE));
	if (without && !handler.without_told)
		handler.tell(handler.arg, LIMIT_DESCRIPTORS, in_force(RLIMIT_NOFILE), false);
	handler.without_told = without;
	if (handler.write_refused) {
		handler.write_refused = 0;
		handler.tell(handler.arg, LIMIT_FILE_SIZE, in_force(RLIMIT_FSIZE), false);
	}
}

/* The soft limit alone is moved: a hard one could not be raised again for the next piece of work.
 */
void
limits_of_work(unsigned seconds)
{
	struct timespec used;
	struct rlimit limit;

	handler.seconds = seconds;
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0
	    || getrlimit(RLIMIT_CPU, &limit) != 0)
		return;
	rlim_t until = seconds == 0 ? RLIM_INFINITY : (rlim_t)used.tv_sec + seconds + 1;
	limit.rlim_cur = until < limit.rlim_max ? until : limit.rlim_max;
	(void)setrlimit(RLIMIT_CPU, &limit);
}
