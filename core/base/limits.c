#include "base/limits.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/sanitized.h"

#define GIB (UINT64_C(1) << 30)

/* Far above what any of them needs; a prober has a socket for each connection, and takes as many as
 * there are descriptors (max_runs). */
static const struct limits table[DUTY_KINDS] = {
	[DUTY_KEEPER] = { .descriptors = 4096, .address_space = 8 * GIB },
	[DUTY_MONITOR] = { .descriptors = 4096, .address_space = 8 * GIB },
	[DUTY_PROBER] = { .descriptors = 0, .address_space = 16 * GIB },
	[DUTY_WEB] = { .descriptors = 4096, .address_space = 8 * GIB },
	[DUTY_NOTIFIER] = { .descriptors = 256, .address_space = 2 * GIB, .work_seconds = 30 },
};

/* The one context of the signal's handler. */
static struct {
	limits_tell *tell;
	void *arg;
	unsigned seconds;
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
	reason_set(why, "%s: %s", step, strerror(errno));
	return false;
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

static void
on_used_up(int signal)
{
	(void)signal;
	if (handler.tell != NULL)
		handler.tell(handler.arg, handler.seconds);
	_exit(LIMIT_STATUS);
}

/* The soft limit alone is moved: a hard one could not be raised again for the next piece of work. */
void
limits_of_work(unsigned seconds, limits_tell *tell, void *arg)
{
	const struct sigaction action = { .sa_handler = on_used_up };
	struct timespec used;
	struct rlimit limit;

	handler.tell = tell;
	handler.arg = arg;
	handler.seconds = seconds;
	if (sigaction(SIGXCPU, &action, NULL) != 0
	    || clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0
	    || getrlimit(RLIMIT_CPU, &limit) != 0)
		return;
	rlim_t until = seconds == 0 ? RLIM_INFINITY : (rlim_t)used.tv_sec + seconds + 1;
	limit.rlim_cur = until < limit.rlim_max ? until : limit.rlim_max;
	(void)setrlimit(RLIMIT_CPU, &limit);
}
